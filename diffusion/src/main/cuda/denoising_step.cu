// The kernels: one block for each tile of each image, block b being tile b % tiles of image
// b / tiles. build.sh compiles them into the jar's resources.

#include "denoising_step.h"

namespace tastemaker {

// Adds up the threads' sums, always in the same order: lanes by halving distance, then warps, then,
// in whichever block of the image comes last, tiles.
__device__ __forceinline__ void reduce(const StepArguments& a, uint32_t image, uint32_t tile,
                                       float squares) {
  __shared__ float warps[THREADS / WARP];
#pragma unroll
  for (uint32_t distance = WARP / 2; distance > 0; distance /= 2) {
    squares += __shfl_xor_sync(0xFFFFFFFFu, squares, distance);
  }
  if (threadIdx.x % WARP == 0) {
    warps[threadIdx.x / WARP] = squares;
  }
  __syncthreads();
  if (threadIdx.x != 0) {
    return;
  }
  double sum = 0.0;
#pragma unroll
  for (uint32_t w = 0; w < THREADS / WARP; w++) {
    sum += warps[w];
  }
  if (a.tiles > 1) {
    double* sums = a.partialSums + (size_t)image * a.tiles;
    __stcg(sums + tile, sum);
    __threadfence();
    if (atomicAdd(a.arrivals + image, 1u) != a.tiles - 1) {
      return;
    }
    __threadfence();
    sum = 0.0;
#pragma unroll 4
    for (uint32_t t = 0; t < a.tiles; t++) {
      sum += __ldcg(sums + t);
    }
    a.arrivals[image] = 0;  // ready for the next launch
  }
  finishImage(a, image, sum);
}

template <typename T, Form form>
__device__ __forceinline__ void step(const StepArguments& a) {
  uint32_t image = blockIdx.x / a.tiles;
  uint32_t tile = blockIdx.x % a.tiles;
  float squares = threadOfTile<T, form>(a, image, tile, threadIdx.x);
  if (form != GRADIENT && a.logProbabilities != nullptr) {
    reduce(a, image, tile, squares);
  }
}

}  // namespace tastemaker

// Blocks that share a multiprocessor: 4 leave 64 registers to a thread, 3 leave 80. A kernel has as
// many as it runs with without spilling, on the architectures that it is compiled for.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
#define SAMPLE_BLOCKS 3
#else
#define SAMPLE_BLOCKS 4
#endif

#define KERNEL(name, T, form, blocks)                                                           \
  extern "C" __global__ void __launch_bounds__(tastemaker::THREADS, blocks)                     \
      name(const __grid_constant__ tastemaker::StepArguments arguments) {                       \
    tastemaker::step<tastemaker::T, tastemaker::form>(arguments);                               \
  }

KERNEL(sample_float32, Float32, SAMPLE, SAMPLE_BLOCKS)
KERNEL(sample_float16, Float16, SAMPLE, 4)
KERNEL(sample_bfloat16, BFloat16, SAMPLE, 4)
KERNEL(replay_float32, Float32, REPLAY, 4)
KERNEL(replay_float16, Float16, REPLAY, 4)
KERNEL(replay_bfloat16, BFloat16, REPLAY, 4)
KERNEL(gradient_float32, Float32, GRADIENT, 4)
KERNEL(gradient_float16, Float16, GRADIENT, 3)
KERNEL(gradient_bfloat16, BFloat16, GRADIENT, 4)
