/** The engine {@code torch}: graphs on LibTorch, on the CPU and on NVIDIA GPUs. */
@NullMarked
package org.tastemaker.diffusion.torch;

import org.jspecify.annotations.NullMarked;
