package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;

/**
 * For which GPUs LibTorch's natives have machine code. They have no PTX, so nothing else runs them.
 *
 * <p>Read from the section {@code .nv_fatbin} of libtorch_cuda.so of the jar 2.10.0-1.5.13 for
 * Linux: 456 fat binaries, all with these five (and a few kernels for 10.3 and 12.1 alone). {@code
 * scripts/gpu-architectures} prints them for another file.
 */
final class Architectures {
  /** Ten times the major version of the compute capability plus the minor one. */
  static final ImmutableList<Integer> ALL = ImmutableList.of(75, 80, 90, 100, 120);

  private Architectures() {}

  /** Machine code runs on GPUs of its own major version, from its minor version up. */
  static boolean run(int computeCapability) {
    return ALL.stream().anyMatch(a -> a / 10 == computeCapability / 10 && a <= computeCapability);
  }

  /** As NVIDIA writes it, such as 8.6. */
  static String text(int computeCapability) {
    return computeCapability / 10 + "." + computeCapability % 10;
  }
}
