package org.tastemaker.examples.console;

import java.io.Console;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import org.jspecify.annotations.Nullable;

/** Whether a person sits in front of this process, and how much fits on a line. */
public final class Terminal {
  private Terminal() {}

  /**
   * The console, if input and output are a terminal.
   *
   * @return empty in scripts, pipes and build servers
   */
  @SuppressWarnings("SystemConsoleNull") // Since 22 there always is a console: it says itself
  public static Optional<Console> console() {
    Console console = System.console();
    if (console == null) {
      return Optional.empty();
    }
    try {
      boolean terminal = (boolean) Console.class.getMethod("isTerminal").invoke(console);
      return terminal ? Optional.of(console) : Optional.empty();
    } catch (NoSuchMethodException e) {
      return Optional.of(console); // before 22 there is only one for a terminal
    } catch (ReflectiveOperationException e) {
      return Optional.empty();
    }
  }

  /**
   * How wide the terminal is.
   *
   * @param given the environment's COLUMNS, which goes before what the terminal says; null or no
   *     number where it is not set, as most shells leave it
   * @return at least 40
   */
  static int columns(@Nullable String given) {
    try {
      if (given != null) {
        return Math.max(40, Integer.parseInt(given.strip()));
      }
    } catch (NumberFormatException e) {
      // as if it were not set
    }
    // The progress bar's library asks the terminal, and keeps one column free.
    return Math.max(40, new ConsoleProgressBarConsumer(System.out).getMaxRenderedLength() + 1);
  }
}
