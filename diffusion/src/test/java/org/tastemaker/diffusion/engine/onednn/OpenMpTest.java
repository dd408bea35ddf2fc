package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class OpenMpTest {
  private static final boolean LINUX =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");

  @Test
  void theNumberOfThreadsReachesOneDnnOnLinux() {
    // Elsewhere the libraries may bring a runtime each, and then a batch stays whole.
    assertThat(OpenMp.reachesOneDnn() || !LINUX).isTrue();
  }

  @Test
  void askingLeavesTheNumberAsItIs() {
    int before = OpenMp.threads();
    boolean unused = OpenMp.reachesOneDnn();
    assertThat(OpenMp.threads()).isEqualTo(before);
  }

  @Test
  void aNumberIsThatOfTheThreadThatSetsIt() throws InterruptedException {
    int before = OpenMp.threads();
    Thread other = new Thread(() -> OpenMp.use(before + 3));
    other.start();
    other.join();
    assertThat(OpenMp.threads()).isEqualTo(before);
  }
}
