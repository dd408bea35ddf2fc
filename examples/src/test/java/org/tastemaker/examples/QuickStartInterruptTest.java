package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.testing.ChildProgram;

/**
 * The quick start as its own process, and a signal that ends it. Ctrl-C's own signal is one that
 * processes in the background ignore, and their children too; the one here is handled alike.
 */
class QuickStartInterruptTest {
  private static final int TERMINATED = 128 + 15;

  /** So that a process that does not end fails the test and does not hold it up for ever. */
  private static final int PATIENCE = 5;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path folder;

  @Test
  void aSignalEndsTheRunWithWhatItHas() throws Exception {
    Path run = folder.resolve("run");
    Process process =
        ChildProgram.of(
                QuickStart.class,
                "--run",
                run.toString(),
                "--prompt",
                "green heart",
                "--images",
                "2",
                "--rounds",
                "1000",
                "--no-measure")
            .start();
    try (BufferedReader printed = process.inputReader()) {
      boolean begun = printed.lines().anyMatch(line -> line.startsWith("round "));
      assertThat(begun).isTrue();

      assertThat(process.supportsNormalTermination()).isTrue();
      assertThat(process.toHandle().destroy()).isTrue(); // process.destroy() closes its output

      assertThat(process.waitFor(PATIENCE, TimeUnit.MINUTES)).isTrue();
      String rest = printed.lines().collect(Collectors.joining("\n"));
      assertThat(process.exitValue()).as(rest).isEqualTo(TERMINATED);
      assertThat(rest).contains("This run was stopped.");
    } finally {
      process.destroyForcibly();
    }
    assertThat(run.resolve("emoji-lora.safetensors")).exists();
    assertThat(run.resolve("report.html")).content().contains("of 1000 rounds");
  }
}
