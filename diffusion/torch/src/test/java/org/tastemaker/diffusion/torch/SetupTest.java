package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.engine.Placement;

/** On this machine, whatever natives it has. */
class SetupTest {
  /** More than any machine has. */
  private static final Device BEYOND = Device.cuda(99);

  @Test
  void theCpuCanBeUsed() {
    assertThat(Setup.whyNot(Device.CPU)).isEmpty();
    assertThat(Setup.devices()).contains(Device.CPU);
  }

  @Test
  void autoIsTheFirstDevice() {
    assertThat(Setup.resolve(Device.AUTO)).isEqualTo(Setup.devices().get(0));
    assertThat(Setup.resolve(Device.CPU)).isEqualTo(Device.CPU);
  }

  @Test
  void aGpuThatIsNotThereCannotBeUsed() {
    assertThat(Setup.whyNot(BEYOND)).isPresent();
    assertThat(Setup.devices()).doesNotContain(BEYOND);
  }

  @Test
  void theEngineIsNotPutWhereItCannotCompute() {
    TorchEngine engine = new TorchEngine();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> engine.on(Placement.of("cuda:99", "bfloat16")))
        .withMessageContaining("cannot compute on cuda:99")
        .withMessageContaining(Setup.whyNot(BEYOND).orElseThrow());
    assertThat(engine.on(Placement.of("auto", "bfloat16")).whyNot()).isEmpty();
  }

  @Test
  void thereIsOneOpenMpRuntime() {
    assertThat(Setup.advise()).noneMatch(advice -> advice.contains("OpenMP runtimes"));
  }
}
