package org.tastemaker.examples.console;

import java.io.Console;
import java.util.Optional;

/** Whether a person sits in front of this process. */
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
}
