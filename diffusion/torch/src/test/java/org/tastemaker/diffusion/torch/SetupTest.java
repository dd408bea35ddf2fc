package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.Device;

/** On this machine, with natives for the CPU. */
class SetupTest {
  @Test
  void theCpuCanBeUsed() {
    assertThat(Setup.whyNot(Device.CPU)).isEmpty();
    assertThat(Setup.devices()).containsExactly(Device.CPU);
    assertThat(Setup.resolve(Device.AUTO)).isEqualTo(Device.CPU);
  }

  @Test
  void aGpuNeedsOtherNatives() {
    assertThat(Setup.whyNot(Device.cuda(0)))
        .hasValueSatisfying(why -> assertThat(why).contains("-gpu</classifier>"));
  }

  @Test
  void thereIsOneOpenMpRuntime() {
    assertThat(Setup.advise()).noneMatch(advice -> advice.contains("OpenMP"));
  }
}
