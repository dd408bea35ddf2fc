package org.tastemaker.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class FailuresTest {
  @TempDir Path folder;

  @Command(name = "failing")
  private record Failing(RuntimeException failure) implements Callable<Integer> {
    @Override
    public Integer call() {
      throw failure;
    }
  }

  private String run(int code, RuntimeException failure) {
    StringWriter said = new StringWriter();
    CommandLine command =
        new CommandLine(new Failing(failure))
            .setErr(new PrintWriter(said, true))
            .setExecutionExceptionHandler(Failures.in(() -> folder));
    assertThat(command.execute()).isEqualTo(code);
    return said.toString();
  }

  @Test
  void aFullDiskIsNamedWithTheWayOut() {
    IOException full = new IOException("No space left on device");

    assertThat(run(1, new IllegalStateException("checkpoint", new UncheckedIOException(full))))
        .contains("no space is left in " + folder)
        .contains("the same command resumes");
  }

  @Test
  void wrongArgumentsAndOtherFailuresHaveTheirOwnCodes() {
    assertThat(run(2, new IllegalArgumentException("rounds must be at least 1")))
        .contains("rounds");
    assertThat(run(1, new UncheckedIOException("cannot read a", new IOException("gone"))))
        .isEqualTo("cannot read a" + System.lineSeparator());
  }

  @Test
  void aFailureWithoutAMessageIsNamed() {
    assertThat(run(1, new IllegalStateException())).contains("IllegalStateException");
  }
}
