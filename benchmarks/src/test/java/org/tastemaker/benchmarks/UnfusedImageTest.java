package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class UnfusedImageTest {
  @Test
  void theCompiledCodeIsThatOfTheSources() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update(
        Files.readAllBytes(Path.of("..", "diffusion", "src", "main", "cuda", "denoising_step.h")));
    digest.update(Files.readAllBytes(Path.of("src", "main", "cuda", "unfused_steps.cu")));
    digest.update(
        Files.readAllBytes(Path.of("..", "diffusion", "src", "main", "cuda", "build.sh")));
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .as("the sources have changed: run diffusion/src/main/cuda/build.sh and commit the result")
        .isEqualTo(properties().getProperty("sources.sha256"));
  }

  private static Properties properties() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = UnfusedSteps.class.getResourceAsStream("unfused_steps.properties")) {
      properties.load(Objects.requireNonNull(in));
    }
    return properties;
  }
}
