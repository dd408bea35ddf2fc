package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.testing.ChildProgram;

class QuietProgramTest {
  @TempDir Path folder;

  /** No native library's words, no logging, no progress where there is no terminal. */
  @Test
  void aCommandInItsOwnProcessSaysOneLineAndNothingElse() throws IOException, InterruptedException {
    Path out = folder.resolve("out");

    String printed =
        ChildProgram.of(Tastemaker.class, "sample", "frog", "--steps", "1", "--out", out.toString())
            .output();

    assertThat(printed.lines().filter(line -> !line.startsWith("WARNING:")))
        .containsExactly("1 image is in " + out + ", all together in " + out.resolve("grid.png"));
  }
}
