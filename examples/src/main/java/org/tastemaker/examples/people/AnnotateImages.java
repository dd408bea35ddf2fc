package org.tastemaker.examples.people;

import java.io.PrintStream;

/**
 * A page on which people judge images into a dataset of preferences.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.people.AnnotateImages -Dexec.args="--open"
 * </pre>
 *
 * <p>prints the address of the page; the images are the bundled model's. For real:
 *
 * <pre>
 * -Dexec.args="--folder prompts --people ann,bob --redundancy 2 --checks 10"
 * -Dexec.args="--model stable-diffusion-v1-5 --prompt 'a lighthouse' --prompt 'a red barn' --count 4"
 * -Dexec.args="--dataset likes.jsonl --images images --reference likes.jsonl --protocol pairs"
 * -Dexec.args="--help"
 * </pre>
 *
 * <p>A folder has a folder for each prompt ({@link
 * org.tastemaker.feedback.annotate.PromptFolders}); {@code --dataset} asks people about the groups
 * of a dataset, and {@code --reference} compares them with a judge meanwhile. Every click is on the
 * disk before it is answered. Ctrl-C ends the page; the same command resumes it.
 */
public final class AnnotateImages {
  private AnnotateImages() {}

  /**
   * Serves the page until everything is judged, or it is interrupted.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    PageProgram.main(args, AnnotateCommand::of);
  }

  static int run(String[] args, PrintStream out, PrintStream err, Serving serving) {
    return PageProgram.run(args, out, err, serving, AnnotateCommand::of);
  }
}
