// The denoising step as a sequence of kernels, each one operation on whole tensors: what a tensor
// library would launch. For comparison with the fused kernel, float32 only; sizes are multiples of
// 4. diffusion/src/main/cuda/build.sh compiles it.

#include "denoising_step.h"

struct Operands {
  const float* a;
  const float* b;
  const float* c;
  float* out;
  const uint64_t* keys;     // noise
  double* logProbabilities; // density: [N, 2]
  uint32_t count;           // elements of the batch
  uint32_t size;            // of an image
  uint32_t stream;
  float weightA;
  float weightB;
  float weightC;
  float limit;
  uint32_t reserved;
};

static_assert(sizeof(Operands) == 80, "Java's UnfusedSteps knows this layout");

__device__ __forceinline__ uint32_t quads(const Operands& p) { return p.count / 4; }
__device__ __forceinline__ uint32_t begin() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ __forceinline__ uint32_t stride() { return gridDim.x * blockDim.x; }

// out = a weightA + b weightB: guidance, x0, noise added to the mean
extern "C" __global__ void combine2(const __grid_constant__ Operands p) {
  for (uint32_t i = begin(); i < quads(p); i += stride()) {
    float4 a = ((const float4*)p.a)[i], b = ((const float4*)p.b)[i];
    ((float4*)p.out)[i] = make_float4(
        fmaf(p.weightA, a.x, p.weightB * b.x), fmaf(p.weightA, a.y, p.weightB * b.y),
        fmaf(p.weightA, a.z, p.weightB * b.z), fmaf(p.weightA, a.w, p.weightB * b.w));
  }
}

// out = a weightA + b weightB + c weightC: the mean
extern "C" __global__ void combine3(const __grid_constant__ Operands p) {
  for (uint32_t i = begin(); i < quads(p); i += stride()) {
    float4 a = ((const float4*)p.a)[i], b = ((const float4*)p.b)[i], c = ((const float4*)p.c)[i];
    ((float4*)p.out)[i] =
        make_float4(fmaf(p.weightA, a.x, fmaf(p.weightB, b.x, p.weightC * c.x)),
                    fmaf(p.weightA, a.y, fmaf(p.weightB, b.y, p.weightC * c.y)),
                    fmaf(p.weightA, a.z, fmaf(p.weightB, b.z, p.weightC * c.z)),
                    fmaf(p.weightA, a.w, fmaf(p.weightB, b.w, p.weightC * c.w)));
  }
}

// out = a between -limit and limit
extern "C" __global__ void clamp(const __grid_constant__ Operands p) {
  for (uint32_t i = begin(); i < quads(p); i += stride()) {
    float4 a = ((const float4*)p.a)[i];
    ((float4*)p.out)[i] = make_float4(
        fminf(fmaxf(a.x, -p.limit), p.limit), fminf(fmaxf(a.y, -p.limit), p.limit),
        fminf(fmaxf(a.z, -p.limit), p.limit), fminf(fmaxf(a.w, -p.limit), p.limit));
  }
}

// out = standard normal deviates of each image's seed
extern "C" __global__ void noise(const __grid_constant__ Operands p) {
  for (uint32_t i = begin(); i < quads(p); i += stride()) {
    uint32_t image = i / (p.size / 4);
    float z[4];
    tastemaker::gaussians(p.keys[image], i - image * (p.size / 4), p.stream, z);
    ((float4*)p.out)[i] = make_float4(z[0], z[1], z[2], z[3]);
  }
}

// out = (a - b)^2
extern "C" __global__ void squared_difference(const __grid_constant__ Operands p) {
  for (uint32_t i = begin(); i < quads(p); i += stride()) {
    float4 a = ((const float4*)p.a)[i], b = ((const float4*)p.b)[i];
    float x = a.x - b.x, y = a.y - b.y, z = a.z - b.z, w = a.w - b.w;
    ((float4*)p.out)[i] = make_float4(x * x, y * y, z * z, w * w);
  }
}

// logProbabilities = mean and sum of a weightA + weightB over each image, one block an image
extern "C" __global__ void density(const __grid_constant__ Operands p) {
  __shared__ float warps[32];
  const float4* a = (const float4*)p.a + (size_t)blockIdx.x * (p.size / 4);
  float sum = 0.0f;
  for (uint32_t i = threadIdx.x; i < p.size / 4; i += blockDim.x) {
    float4 v = a[i];
    sum += v.x + v.y + v.z + v.w;
  }
  for (int distance = 16; distance > 0; distance /= 2) {
    sum += __shfl_xor_sync(0xFFFFFFFFu, sum, distance);
  }
  if (threadIdx.x % 32 == 0) {
    warps[threadIdx.x / 32] = sum;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    double total = 0.0;
    for (uint32_t w = 0; w < blockDim.x / 32; w++) {
      total += warps[w];
    }
    double logProbability = total * p.weightA + (double)p.size * p.weightB;
    p.logProbabilities[2 * blockIdx.x] = logProbability / p.size;
    p.logProbabilities[2 * blockIdx.x + 1] = logProbability;
  }
}
