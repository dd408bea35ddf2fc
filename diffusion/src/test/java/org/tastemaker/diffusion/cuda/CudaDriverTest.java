package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CudaDriverTest {
  /** Every function of the driver that something here calls, but for those that name errors. */
  static List<String> functions() {
    return Arrays.stream(CudaApi.class.getDeclaredMethods())
        .map(Method::getName)
        .filter(name -> !name.startsWith("cuGetError"))
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @MethodSource("functions")
  void noFailureGoesUnnoticed(String function) {
    FakeApi fake = new FakeApi().fail(function, 700);
    assertThatThrownBy(() -> useEverything(fake))
        .hasMessageContaining(function)
        .hasMessageContaining("CUDA_ERROR_700 (700), number 700");
    assertThat(fake.calls).contains(function);
  }

  @Test
  void whatIsOpenedIsClosed() {
    FakeApi fake = new FakeApi();
    useEverything(fake);
    assertThat(fake.calls)
        .endsWith(
            "cuModuleUnload",
            "cuEventDestroy_v2",
            "cuMemFreeHost",
            "cuMemFree_v2",
            "cuStreamDestroy_v2",
            "cuDevicePrimaryCtxRelease_v2");
  }

  private static void useEverything(FakeApi fake) {
    CudaDriver driver = fake.driver();
    assertThat(driver.version()).isEqualTo(13000);
    CudaDevice device = driver.devices().get(0);
    assertThat(device.memoryBytes()).isPositive();
    assertThat(device.toString()).isEqualTo("GPU 0,  (compute capability 9.9)");
    try (CudaContext context = device.open();
        CudaStream stream = context.stream();
        DeviceMemory memory = context.allocate(16);
        PinnedMemory pinned = context.allocatePinned(16);
        CudaEvent event = context.event();
        CudaModule module = context.module(new byte[] {1, 2, 3})) {
      try (CudaGraph graph = CudaGraph.record(context, stream.handle(), () -> {})) {
        graph.launch(stream.handle());
      }
      memory.copyFrom(pinned, 16, stream);
      memory.copyTo(pinned, 16, stream);
      memory.copyTo(memory, 8, 8, stream);
      memory.copyWithin(0, 8, 8, stream);
      memory.fill((byte) 1, stream);
      event.record(stream);
      assertThat(event.millisecondsSince(event)).isZero();
      module.function("kernel").launch(1, 1, stream, new StepArguments().parameters());
      stream.synchronize();
    }
  }

  @Test
  void aFailureOnTheWayOutIsReportedBehindTheFirst() {
    CudaDevice device =
        new FakeApi()
            .fail("cuCtxSetCurrent", 201)
            .fail("cuDevicePrimaryCtxRelease_v2", 700)
            .driver()
            .devices()
            .get(0);
    assertThatThrownBy(device::open)
        .hasMessageContaining("cuCtxSetCurrent")
        .satisfies(
            e ->
                assertThat(e.getSuppressed())
                    .singleElement()
                    .asString()
                    .contains("cuDevicePrimaryCtxRelease_v2"));
  }

  @Test
  void theKernelsAreNotGivenToADriverThatIsTooOld() {
    FakeApi fake = new FakeApi().result("cuDriverGetVersion", 12080);
    try (CudaContext context = fake.driver().devices().get(0).open();
        CudaStream stream = context.stream()) {
      assertThatThrownBy(() -> DenoisingKernels.load(context, stream))
          .isInstanceOf(CudaUnavailableException.class)
          .hasMessageContaining("too old: it supports CUDA 12.8, and the kernels need 13.0");
    }
    assertThat(fake.calls).doesNotContain("cuModuleLoadData");
  }

  @Test
  void anErrorThatTheDriverCannotNameIsStillOne() {
    FakeApi fake =
        new FakeApi()
            .fail("cuMemAlloc_v2", 12345)
            .fail("cuGetErrorName", 1)
            .fail("cuGetErrorString", 1);
    try (CudaContext context = fake.driver().devices().get(0).open()) {
      assertThatThrownBy(() -> context.allocate(1))
          .isInstanceOfSatisfying(CudaException.class, e -> assertThat(e.code()).isEqualTo(12345))
          .hasMessage(
              "cuMemAlloc_v2 failed: an unknown error (12345), of which the driver says nothing");
    }
  }

  @Test
  void memoryIsNotUsedPastItsEndOrItsLife() {
    try (CudaContext context = new FakeApi().driver().devices().get(0).open();
        CudaStream stream = context.stream();
        PinnedMemory pinned = context.allocatePinned(8)) {
      DeviceMemory memory = context.allocate(16);
      assertThatThrownBy(() -> memory.copyFrom(pinned, 9, stream))
          .hasMessage("length must be in [0, 8], the smaller of the two memories, but was 9");
      assertThatThrownBy(() -> memory.copyWithin(8, 4, 9, stream))
          .hasMessage("9 bytes from 8 on are not within a memory of 16");
      memory.close();
      memory.close(); // again is no harm
      assertThatThrownBy(memory::address).hasMessage("this memory of the GPU was given back");
      assertThatThrownBy(() -> context.allocate(0))
          .hasMessage("bytes must be at least 1, but were 0");
    }
  }

  @Test
  void aMissingLibraryIsNamedWithTheWayOut() {
    String before = System.getProperty(LibCuda.LIBRARY_PROPERTY);
    System.setProperty(LibCuda.LIBRARY_PROPERTY, "/nowhere/libcuda.so");
    try {
      assertThatThrownBy(CudaDriver::load)
          .isInstanceOf(CudaUnavailableException.class)
          .hasMessageStartingWith(
              "no NVIDIA driver: the library libcuda.so.1 (on Windows nvcuda.dll) cannot be loaded;"
                  + " install NVIDIA's driver, or name the library's path with"
                  + " -Dtastemaker.cuda.library");
    } finally {
      if (before == null) {
        System.clearProperty(LibCuda.LIBRARY_PROPERTY);
      } else {
        System.setProperty(LibCuda.LIBRARY_PROPERTY, before);
      }
    }
  }
}
