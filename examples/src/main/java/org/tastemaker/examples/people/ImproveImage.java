package org.tastemaker.examples.people;

import java.io.PrintStream;

/**
 * A page on which you improve one image while you look: you choose the best of a few, and the next
 * ones are nearer to what you like.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.people.ImproveImage -Dexec.args="--open"
 * </pre>
 *
 * <p>prints the address of the page. ZO-RankSGD searches the initial noise of the bundled model's
 * robot. For real:
 *
 * <pre>
 * -Dexec.args="--model stable-diffusion-v1-5 --prompt 'a lighthouse at dusk' --run runs/lighthouse"
 * -Dexec.args="--over gains --prompt 'penguin'"
 * -Dexec.args="--help"
 * </pre>
 *
 * <p>Every click is on the disk before it is answered. A tab may be closed, and the command ended
 * at any moment: the same command resumes where you were. {@code --remake FILE} makes the image of
 * the settings again that the page lets you download.
 */
public final class ImproveImage {
  private ImproveImage() {}

  /**
   * Serves the page until it is interrupted.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    PageProgram.main(args, ImproveCommand::of);
  }

  static int run(String[] args, PrintStream out, PrintStream err, Serving serving) {
    return PageProgram.run(args, out, err, serving, ImproveCommand::of);
  }
}
