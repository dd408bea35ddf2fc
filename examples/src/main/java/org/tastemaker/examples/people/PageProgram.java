package org.tastemaker.examples.people;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.tastemaker.core.Cancellation;
import org.tastemaker.examples.console.CtrlC;
import org.tastemaker.examples.console.Failures;
import picocli.CommandLine;

/** A command that serves a page until Ctrl-C. */
final class PageProgram {
  /** Makes the command. */
  interface Command {
    CommandLine of(PrintWriter out, Serving serving);
  }

  private PageProgram() {}

  /** Serves until Ctrl-C, lets the command write its results, and ends the process. */
  @SuppressWarnings("try") // the Ctrl-C handler is only closed
  static void main(String[] args, Command command) {
    Cancellation stop = new Cancellation();
    int code;
    try (CtrlC ctrlC = new CtrlC(stop)) {
      code = run(args, System.out, System.err, server -> stop.await(), command);
    }
    Failures.exit(code);
  }

  /** Serves as long as {@code serving} says. */
  static int run(
      String[] args, PrintStream out, PrintStream err, Serving serving, Command command) {
    Charset charset = Charset.defaultCharset();
    PrintWriter words = new PrintWriter(out, true, charset);
    return command
        .of(words, serving)
        .setOut(words)
        .setErr(new PrintWriter(err, true, charset))
        .execute(args);
  }
}
