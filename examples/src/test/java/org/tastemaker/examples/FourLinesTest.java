package org.tastemaker.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;

class FourLinesTest {
  @Test
  void theLoopMakesTheWallGreener(@TempDir Path folder) throws IOException {
    FourLines.Result result =
        FourLines.run(folder, new PrintStream(OutputStream.nullOutputStream(), true, UTF_8));

    // The run is seeded, so the gain repeats: from about 0.0 to 0.9.
    assertThat(result.after()).isGreaterThan(result.before() + 0.3);
    assertThat(Image.fromBytes(Files.readAllBytes(folder.resolve("after.png"))).width())
        .isPositive();
  }
}
