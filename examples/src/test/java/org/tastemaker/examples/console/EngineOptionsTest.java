package org.tastemaker.examples.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.Engines;
import picocli.CommandLine;

class EngineOptionsTest {
  private static EngineOptions options(String... args) {
    return CommandLine.populateCommand(new EngineOptions(), args);
  }

  @Test
  void withoutOptionsItIsTheDefault() {
    assertThat(options().engine()).isEqualTo(Engines.auto());
    assertThat(options().settings()).isEmpty();
  }

  @Test
  void anEngineIsTakenByItsName() {
    assertThat(options("--engine", "replay").engine()).isEqualTo(Engines.named("replay"));
  }

  @Test
  void whatWasGivenIsKeptWithTheRun() {
    assertThat(
            options("--engine", "torch", "--precision", "bfloat16", "--checkpointing").settings())
        .containsOnly(entry("engine", "torch"), entry("precision", "bfloat16"));
  }

  @Test
  void theProcessorInFloat32IsWhatEveryEngineKnows() {
    assertThat(options("--engine", "replay", "--device", "cpu", "--precision", "float32").engine())
        .isEqualTo(Engines.named("replay"));
  }

  @Test
  void aGpuWithoutTheEngineForItSaysWhatToAdd() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("--device", "cuda").engine())
        .withMessageContaining("tastemaker-torch");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("--engine", "replay", "--precision", "bfloat16").engine())
        .withMessageContaining("\"replay\" computes on the processor in float32");
  }

  @Test
  void anEngineThatComputesInTheHostsMemoryUpdatesThere() {
    assertThat(options("--engine", "replay", "--updates", "host").engine())
        .isEqualTo(Engines.named("replay"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("--engine", "replay", "--updates", "device").engine())
        .withMessageContaining("updates=device");
  }

  @Test
  void denoisingStepsFollowTheNetworksToTheFirstGpu() {
    assertThat(options("--device", "cuda").step()).isEqualTo("auto");
    assertThat(options("--device", "cuda:1").step()).isEqualTo("cpu");
    assertThat(options().step()).isEqualTo("cpu");
  }

  @Test
  void wordsThatMeanNothingAreErrors() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("--engine", "warp").engine())
        .withMessageContaining("there is no engine \"warp\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("--device", "gpu").engine())
        .withMessage("a device must be auto, cpu, cuda or cuda:n, but was \"gpu\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("--precision", "half").engine())
        .withMessage("a precision must be float32, tf32, bfloat16, but was \"half\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("--updates", "gpu").engine())
        .withMessage("updates must be made on auto, host or device, but the place was \"gpu\"");
  }
}
