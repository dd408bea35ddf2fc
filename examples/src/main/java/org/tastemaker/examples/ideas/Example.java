package org.tastemaker.examples.ideas;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.examples.console.Failures;

/** How an example ends, and where it writes files that must not be overwritten. */
final class Example {
  private Example() {}

  /** What an example does. */
  @FunctionalInterface
  interface Body {
    void run() throws IOException;
  }

  /**
   * Runs an example. One that fails says why, without a stack trace.
   *
   * @return the exit code: 2 for wrong arguments, 1 for other failures
   */
  static int run(Path folder, PrintStream err, Body body) {
    try {
      body.run();
      return 0;
    } catch (IOException | RuntimeException e) {
      return Failures.report(e, folder, new PrintWriter(err, true, Charset.defaultCharset()));
    }
  }

  /** An unused name in a folder: with a number if the plain one is taken. */
  static Path unused(Path folder, String name, String ending) {
    Path path = folder.resolve(name + ending);
    for (int number = 2; Files.exists(path); number++) {
      path = folder.resolve(name + "-" + number + ending);
    }
    return path;
  }
}
