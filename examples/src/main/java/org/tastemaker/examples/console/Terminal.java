package org.tastemaker.examples.console;

import java.io.Console;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import org.jspecify.annotations.Nullable;

/** Whether this process has a terminal, and how much fits on a line. */
public final class Terminal {
  private Terminal() {}

  /**
   * The console, if input and output are a terminal.
   *
   * @return empty in scripts, pipes and build servers
   */
  @SuppressWarnings("SystemConsoleNull") // since Java 22 there always is one: it says what it is
  public static Optional<Console> console() {
    Console console = System.console();
    if (console == null) {
      return Optional.empty();
    }
    try {
      boolean terminal = (boolean) Console.class.getMethod("isTerminal").invoke(console);
      return terminal ? Optional.of(console) : Optional.empty();
    } catch (NoSuchMethodException e) {
      return Optional.of(console); // before Java 22 only a terminal has one
    } catch (ReflectiveOperationException e) {
      return Optional.empty();
    }
  }

  /**
   * How wide the terminal is.
   *
   * @param given the environment variable COLUMNS, which overrides what the terminal says; null or
   *     not a number if it is not set, as in most shells
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
