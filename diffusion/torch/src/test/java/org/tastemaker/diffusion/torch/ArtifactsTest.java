package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ArtifactsTest {
  /** The published description says with which libraries of CUDA LibTorch was built. */
  @Test
  void theVersionOfCudaIsTheOneThatLibTorchWasBuiltWith() throws IOException {
    String pom;
    try (InputStream in =
        torch.class.getResourceAsStream("/META-INF/maven/org.bytedeco/pytorch/pom.xml")) {
      pom = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
    String expected =
        Artifacts.CUDA_VERSION.replace(
            Loader.getVersion("org.bytedeco", "javacpp"), "${project.parent.version}");
    assertThat(pom)
        .containsPattern("<artifactId>cuda</artifactId>\\s*<version>\\Q" + expected + "\\E<");
  }

  @Test
  void theNativesHaveTheVersionsOfTheClasses() throws IOException {
    assertThat(Artifacts.TORCH_VERSION).isEqualTo(Loader.getVersion("org.bytedeco", "pytorch"));
    assertThat(Artifacts.OPENBLAS_VERSION).isEqualTo(Loader.getVersion("org.bytedeco", "openblas"));
  }
}
