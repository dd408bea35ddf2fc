package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.StepKernel;

class StepExecutionTest {
  /** What may be missing, and what is said of it. */
  static Stream<Arguments> missing() {
    return Stream.of(
        Arguments.of(
            new FakeApi().fail("cuInit", 100),
            "NVIDIA's driver finds no GPU: cuInit failed: CUDA_ERROR_100 (100), number 100"),
        Arguments.of(
            new FakeApi().result("cuDeviceGetCount", 0),
            "NVIDIA's driver finds no GPU: look at nvidia-smi and CUDA_VISIBLE_DEVICES"),
        Arguments.of(
            new FakeApi().result("cuDriverGetVersion", 12080),
            "NVIDIA's driver is too old: it supports CUDA 12.8, and the kernels need 13.0 (driver 580 or newer)"),
        Arguments.of(
            new FakeApi().result("cuDeviceGetAttribute", 6),
            "the kernels need a compute capability of at least 7.5, but there is [GPU 0,  (compute capability 6.6)]"),
        Arguments.of(
            new FakeApi().fail("cuModuleLoadData", 200),
            "cuModuleLoadData failed: CUDA_ERROR_200 (200), number 200"));
  }

  @ParameterizedTest
  @MethodSource("missing")
  void cudaSaysWhatIsMissing(FakeApi fake, String message) {
    assertThatThrownBy(() -> StepExecution.CUDA.open(fake::driver)).hasMessage(message);
  }

  @ParameterizedTest
  @MethodSource("missing")
  void autoFallsBackToTheCpu(FakeApi fake, String message) {
    try (StepKernel kernel = StepExecution.AUTO.open(fake::driver)) {
      assertThat(kernel).isInstanceOf(CpuStepKernel.class);
    }
  }

  @Test
  void whatWasOpenedBeforeAFailureIsClosed() {
    FakeApi fake = new FakeApi().fail("cuModuleGetFunction", 500);
    assertThatThrownBy(() -> StepExecution.CUDA.open(fake::driver))
        .hasMessageContaining("cuModuleGetFunction(sample_float32)");
    assertThat(fake.calls)
        .endsWith("cuModuleUnload", "cuStreamDestroy_v2", "cuDevicePrimaryCtxRelease_v2");
  }

  @Test
  void cudaAndAutoTakeTheGpuThatIsThere() {
    for (StepExecution execution : new StepExecution[] {StepExecution.CUDA, StepExecution.AUTO}) {
      FakeApi fake = new FakeApi();
      try (StepKernel kernel = execution.open(fake::driver)) {
        assertThat(kernel).isInstanceOf(CudaStepKernel.class);
      }
      assertThat(fake.calls).endsWith("cuDevicePrimaryCtxRelease_v2");
    }
  }

  @Test
  void cpuAsksForNoDriver() {
    try (StepKernel kernel =
        StepExecution.CPU.open(
            () -> {
              throw new AssertionError("asked for a driver");
            })) {
      assertThat(kernel).isInstanceOf(CpuStepKernel.class);
    }
  }

  @Test
  void namesAreThoseOfAConfiguration() {
    assertThat(StepExecution.of("auto")).isEqualTo(StepExecution.AUTO);
    assertThat(StepExecution.of("CUDA")).isEqualTo(StepExecution.CUDA);
    assertThatThrownBy(() -> StepExecution.of("gpu"))
        .hasMessage("a step's execution must be one of auto, cpu, cuda, but was \"gpu\"");
  }
}
