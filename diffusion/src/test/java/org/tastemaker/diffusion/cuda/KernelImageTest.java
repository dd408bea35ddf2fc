package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The compiled code that the jar carries. */
class KernelImageTest {
  private final KernelImage image = KernelImage.read();

  @Test
  void itWasMadeOfTheSourcesAsTheyAre() throws IOException {
    Path cuda = Path.of("src", "main", "cuda");
    assertThat(
            sha256(
                Files.readAllBytes(cuda.resolve("denoising_step.h")),
                Files.readAllBytes(cuda.resolve("denoising_step.cu")),
                Files.readAllBytes(cuda.resolve("build.sh"))))
        .as("the sources have changed: run diffusion/src/main/cuda/build.sh and commit the result")
        .isEqualTo(image.properties().getProperty("sources.sha256"));
  }

  @Test
  void itIsWhatTheBuildWrote() {
    assertThat(sha256(image.code())).isEqualTo(image.properties().getProperty("image.sha256"));
  }

  @Test
  void itIsSmall() {
    assertThat(image.code().length).isBetween(100_000, 2_000_000);
  }

  @Test
  void itSaysWhatItNeeds() {
    assertThat(image.cudaVersion()).isGreaterThanOrEqualTo(13000);
    assertThat(image.lowestCapability()).isEqualTo(75);
  }

  static String sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
