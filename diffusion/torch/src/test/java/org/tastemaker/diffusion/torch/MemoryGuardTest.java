package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryGuardTest {
  private final MemoryGuard guard = new MemoryGuard(() -> {}, rows -> {});

  private void fail(String message) {
    guard.run(
        () -> {
          throw new IllegalStateException(message);
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB",
        "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory:"
            + " you tried to allocate 99999999999 bytes. Error code 12 (Cannot allocate memory)",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
      })
  void aLackOfMemoryIsKnownByLibTorchsWords(String message) {
    assertThatThrownBy(() -> fail(message)).isInstanceOf(MemoryGuard.OutOfMemory.class);
  }

  @Test
  void otherFailuresGoThrough() {
    assertThatThrownBy(() -> fail("mat1 and mat2 shapes cannot be multiplied"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("mat1 and mat2 shapes cannot be multiplied");
  }
}
