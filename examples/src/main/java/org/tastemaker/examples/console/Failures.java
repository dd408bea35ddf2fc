package org.tastemaker.examples.console;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.FeedbackException;
import picocli.CommandLine.IExecutionExceptionHandler;

/**
 * Ends a command that fails with a message that names the way out, and no stack trace. The exit
 * code is 2 for wrong arguments, with a hint at the usage, 3 where a budget or a quota is used up,
 * 130 where it was stopped, and 1 otherwise.
 */
public final class Failures {
  private static final long LITTLE = 1 << 20;

  private Failures() {}

  /**
   * Ends the process with a command's exit code, unless that is 0.
   *
   * @param code of the command
   */
  public static void exit(int code) {
    if (code != 0) {
      System.exit(code);
    }
  }

  /**
   * For picocli.
   *
   * @param folder what the command writes to
   * @return prints to the command's error stream
   */
  public static IExecutionExceptionHandler in(Supplier<Path> folder) {
    return (failure, command, parsed) -> {
      int code = report(failure, folder.get(), command.getErr());
      if (code == 2) {
        command
            .getErr()
            .printf(
                Locale.ROOT,
                "Usage: %s [OPTIONS]; --help lists them%n",
                command.getCommandSpec().qualifiedName());
      }
      return code;
    };
  }

  /**
   * Prints what went wrong.
   *
   * @param failure what was thrown
   * @param folder what the command writes to
   * @param err the error stream
   * @return the exit code
   */
  public static int report(Throwable failure, Path folder, PrintWriter err) {
    err.println(words(failure, folder));
    err.flush();
    return code(failure);
  }

  private static int code(Throwable failure) {
    if (failure instanceof IllegalArgumentException) {
      return 2;
    }
    if (failure instanceof FeedbackException.BudgetExhausted
        || failure instanceof FeedbackException.QuotaExhausted) {
      return 3;
    }
    return failure instanceof CancellationException ? 130 : 1;
  }

  /**
   * The message for a failure.
   *
   * @param failure what was thrown
   * @param folder what the command writes to
   * @return what went wrong, and the way out
   */
  public static String words(Throwable failure, Path folder) {
    IOException io = ioException(failure);
    if (io != null && isFull(io, folder)) {
      return "no space is left in "
          + folder
          + ": free some, and the same command resumes from the last checkpoint ("
          + io.getMessage()
          + ")";
    }
    if (failure instanceof InvalidPathException name) {
      return FileNames.refusal(name, System.getProperty("sun.jnu.encoding"));
    }
    String message = failure.getMessage();
    return message == null ? failure.toString() : message;
  }

  private static @Nullable IOException ioException(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException io) {
        return io;
      }
      if (cause instanceof UncheckedIOException unchecked) {
        return unchecked.getCause();
      }
    }
    return null;
  }

  /** Recognised by the system's message if it is known, and otherwise by the space that is left. */
  private static boolean isFull(IOException failure, Path folder) {
    String words = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    if (words.contains("no space left") || words.contains("not enough space")) {
      return true;
    }
    try {
      return Files.isDirectory(folder) && Files.getFileStore(folder).getUsableSpace() < LITTLE;
    } catch (IOException e) {
      return false;
    }
  }
}
