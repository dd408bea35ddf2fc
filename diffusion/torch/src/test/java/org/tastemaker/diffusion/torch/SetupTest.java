package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.engine.Placement;

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
  void theEngineIsNotPutWhereItCannotCompute() {
    TorchEngine engine = new TorchEngine();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> engine.on(Placement.of("cuda:1", "bfloat16")))
        .withMessageContaining("cannot compute on cuda:1")
        .withMessageContaining("-gpu</classifier>");
    assertThat(engine.on(Placement.of("auto", "bfloat16")).whyNot()).isEmpty();
  }

  @Test
  void thereIsOneOpenMpRuntime() {
    assertThat(Setup.advise()).noneMatch(advice -> advice.contains("OpenMP"));
  }
}
