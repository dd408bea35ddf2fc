package org.tastemaker.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

class InspectFilesTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... args) {
    return InspectFiles.run(
        List.of(args), new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
  }

  @Test
  void eachPathHasAReportAndOneThatDoesNotLoadIsToldByTheExitCode() throws IOException {
    Path word = folder.resolve("toy.safetensors");
    new SafetensorsWriter().add("<toy>", new float[8], DType.F16, 2, 4).write(word);
    Path pointer = folder.resolve("pointer.safetensors");
    Files.writeString(pointer, "version https://git-lfs.github.com/spec/v1\n");

    assertThat(run(word.toString())).isZero();
    assertThat(run(word.toString(), pointer.toString())).isEqualTo(1);

    assertThat(out.toString(UTF_8))
        .contains("toy.safetensors: an embedding of textual inversion")
        .contains("  loads: model.with(TextualInversion.read(file))")
        .contains("  toy.safetensors: 0.0 MB, 1 tensors: 1 F16")
        .contains("  does not load: ", "git lfs pull");
  }

  @Test
  void noPathIsAUsageError() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString(UTF_8)).startsWith("usage: InspectFiles PATH");
  }
}
