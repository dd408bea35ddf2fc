package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The quick start as a process of its own, and a signal that ends it. Ctrl-C's own signal is one
 * that processes in the background ignore, and their children too; the one here is handled alike.
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
    Path printed = folder.resolve("printed.txt");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")),
                    QuickStart.class.getName(),
                    "--run",
                    run.toString(),
                    "--prompt",
                    "green heart",
                    "--images",
                    "2",
                    "--rounds",
                    "1000",
                    "--no-measure"))
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    try {
      waitForCheckpoint(run, process, printed);
      assertThat(process.supportsNormalTermination()).isTrue();
      process.destroy();

      assertThat(process.waitFor(PATIENCE, TimeUnit.MINUTES))
          .as(Files.readString(printed))
          .isTrue();
      assertThat(process.exitValue()).as(Files.readString(printed)).isEqualTo(TERMINATED);
    } finally {
      process.destroyForcibly();
    }
    assertThat(printed).content().contains("This run was stopped.");
    assertThat(run.resolve("emoji-lora.safetensors")).exists();
    assertThat(run.resolve("report.html")).content().contains("of 1000 rounds");
  }

  private static void waitForCheckpoint(Path run, Process process, Path printed)
      throws IOException, InterruptedException {
    while (!hasCheckpoint(run.resolve("checkpoints"))) {
      assertThat(process.isAlive()).as(Files.readString(printed)).isTrue();
      Thread.sleep(50); // the process is watched, not timed
    }
  }

  private static boolean hasCheckpoint(Path checkpoints) {
    String[] names = checkpoints.toFile().list((parent, name) -> name.matches("\\d+"));
    return names != null && names.length > 0;
  }
}
