package org.tastemaker.examples.people;

import java.io.PrintStream;

/**
 * A page on which people confirm or overrule ChatGPT's verdicts, and what comes of it: a corrected
 * dataset, votes, and how often the judge is right.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.people.CorrectJudge -Dexec.args="--open"
 * </pre>
 *
 * <p>prints the address of the page. Without a dataset, images of the bundled model are judged by a
 * server on this machine that plays ChatGPT, with some noise that you can find. For real, name what
 * an annotation job has written with {@code saveImages}:
 *
 * <pre>
 * -Dexec.args="--dataset likes.jsonl --images images --people ann,bob --order least_certain"
 * -Dexec.args="--dataset likes.jsonl --images images --export"
 * -Dexec.args="--help"
 * </pre>
 *
 * <p>Every click is on the disk before it is answered. Ctrl-C ends the page and writes what comes
 * of it; the same command resumes, and with {@code --export} it only writes.
 */
public final class CorrectJudge {
  private CorrectJudge() {}

  /**
   * Serves the page until it is interrupted.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    PageProgram.main(args, CorrectCommand::of);
  }

  static int run(String[] args, PrintStream out, PrintStream err, Serving serving) {
    return PageProgram.run(args, out, err, serving, CorrectCommand::of);
  }
}
