package org.tastemaker.diffusion.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.OpenMpThreads;

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
    int before = OpenMpThreads.number();
    boolean unused = OpenMp.reachesOneDnn();
    assertThat(OpenMpThreads.number()).isEqualTo(before);
  }
}
