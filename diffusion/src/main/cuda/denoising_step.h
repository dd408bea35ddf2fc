// The arithmetic of one denoising step in float32, for nvcc and for the host's compiler.
//
// What a GPU thread computes stands here once. denoising_step.cu puts threads and reductions around
// it; a host build walks over the same threads one after the other. Both give the same bits: every
// operation is a correctly rounded +, -, *, fmaf or sqrtf (build with -fmad=false or
// -ffp-contract=off), and logarithm, sine and cosine are the polynomials below.
//
// The step is the affine map of StepCoefficients (Java), folded by the caller in double precision
// into one map for elements whose predicted x0 is inside the clip range and one for the others:
//
//   o     = u + g (c - u)                                    guidance; without it g = 1, u = 0
//   mean  = A x + B o           where |x0| <= clip           x0 = x0FromSample x + x0FromOutput o
//         = A' x + B' o + k     where not, k = +-clip meanFromX0
//   prev  = mean + sigma z                                   z of Philox4x32-10 and Box-Muller
//   log p = -sum (prev - mean)^2 / (2 sigma^2) - size (log sigma + log sqrt(2 pi))
//   d log p / d o = (prev - mean) / sigma^2 * (B or B')      with prev as it is stored
//
// prev - mean is never taken of a rounded mean: fma(-A, x, prev) rounds where the result is already
// as small as sigma, so the log-probability keeps its digits where sigma is small.

#ifndef TASTEMAKER_DENOISING_STEP_H
#define TASTEMAKER_DENOISING_STEP_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#include <cuda_fp16.h>
#define TM_INLINE __host__ __device__ __forceinline__
#define TM_UNROLL _Pragma("unroll")
#else
#define TM_INLINE inline
#define TM_UNROLL
#endif

namespace tastemaker {

// How the work is cut: a block of threads for each tile of an image, whatever the batch, so that an
// image's result depends on nothing but the image.
constexpr uint32_t THREADS = 256;
constexpr uint32_t WARP = 32;
constexpr uint32_t TILE = 4096;  // elements

// What a kernel is told. Java fills it in by these offsets (StepArguments).
struct StepArguments {
  const void* conditional;       // c, or the only output, [N, size]
  const void* unconditional;     // u, [N, size]; null: no guidance
  const void* sample;            // x, [N, size]
  void* previous;                // prev, [N, size]: written by SAMPLE, read by the others
  void* conditionalGradient;     // [N, size], GRADIENT alone
  void* unconditionalGradient;   // [N, size], GRADIENT with guidance alone
  const uint64_t* keys;          // of each image's seed, [N], SAMPLE with sigma above 0 alone
  const double* weights;         // of each image's log-probability, [N], GRADIENT alone
  double* logProbabilities;      // [N, 2]: mean and sum; null: not wanted
  double* partialSums;           // [N, tiles]; not read where tiles is 1
  uint32_t* arrivals;            // [N], zeros before the launch and after it; likewise
  double squaresScale;           // 1 / (2 sigma^2)
  double logConstant;            // log sigma + log sqrt(2 pi)
  double gradientScale;          // 1 / sigma^2, over size for the mean
  uint32_t size;                 // elements of an image
  uint32_t tiles;                // of an image: size / TILE, rounded up
  uint32_t images;               // N
  uint32_t stream;               // of the noise
  float guidance;                // g
  float guidanceRest;            // 1 - g = d o / d u
  float x0FromSample;
  float x0FromOutput;
  float clip;                    // infinite: not clipped
  float sampleWeight;            // A, and what float32 leaves of it
  float sampleWeightLow;
  float outputWeight;            // B, which is d mean / d o too
  float clippedSampleWeight;     // A', and what float32 leaves of it
  float clippedSampleWeightLow;
  float clippedOutputWeight;     // B'
  float clippedConstant;         // k where x0 is above 0
  float sigma;
  uint32_t reserved;
};

static_assert(sizeof(StepArguments) == 184, "Java's StepArguments knows this layout");
static_assert(offsetof(StepArguments, squaresScale) == 88, "as above");
static_assert(offsetof(StepArguments, size) == 112, "as above");
static_assert(offsetof(StepArguments, guidance) == 128, "as above");

enum Form { SAMPLE, REPLAY, GRADIENT };

// ---------------------------------------------------------------------------------------------
// Storage: float32, half and bfloat16, 16 bytes at a time.

struct Float32 {
  typedef float Bits;
  static TM_INLINE float widen(Bits bits) { return bits; }
  static TM_INLINE Bits narrow(float value) { return value; }
};

TM_INLINE uint32_t bitsOf(float value) {
#ifdef __CUDA_ARCH__
  return __float_as_uint(value);
#else
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
#endif
}

TM_INLINE float floatOf(uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  float value;
  memcpy(&value, &bits, 4);
  return value;
#endif
}

struct Float16 {
  typedef uint16_t Bits;

  static TM_INLINE float widen(Bits bits) {
#ifdef __CUDA_ARCH__
    return __half2float(__ushort_as_half(bits));
#else
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t magnitude = bits & 0x7FFF;
    if (magnitude >= 0x7C00) {  // infinity and NaN
      return floatOf(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
    }
    // A half as the float of the same bit pattern is 2^-112 of its value, subnormals too.
    float value = floatOf(magnitude << 13) * 0x1p112f;
    return floatOf(sign | bitsOf(value));
#endif
  }

  static TM_INLINE Bits narrow(float value) {
#ifdef __CUDA_ARCH__
    return __half_as_ushort(__float2half_rn(value));
#else
    uint32_t bits = bitsOf(value);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) {
      return 0x7FFF;
    }
    if (magnitude >= 0x477FF000) {  // 65,520 and more
      return (Bits)(sign | 0x7C00);
    }
    if (magnitude < 0x38800000) {  // below 2^-14: a multiple of 2^-24
      return (Bits)(sign | (bitsOf(floatOf(magnitude) + 0.5f) - 0x3F000000));
    }
    uint32_t odd = magnitude >> 13 & 1;
    return (Bits)(sign | (magnitude - 0x38000000 + 0xFFF + odd) >> 13);
#endif
  }
};

struct BFloat16 {
  typedef uint16_t Bits;

  static TM_INLINE float widen(Bits bits) { return floatOf((uint32_t)bits << 16); }

  static TM_INLINE Bits narrow(float value) {
    uint32_t bits = bitsOf(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) {
      return 0x7FFF;
    }
    return (Bits)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
};

#ifndef __CUDACC__
// For the tests: 16-byte accesses, and those that a GPU would refuse.
inline uint64_t accesses, misalignedAccesses;

inline void countAccess(const void* address) {
  accesses++;
  misalignedAccesses += (uintptr_t)address % 16 != 0;
}
#endif

// The elements of one 16-byte access, as they are stored: 4 floats or 8 halves.
template <typename T>
struct Vector {
  static constexpr uint32_t SIZE = 16 / sizeof(typename T::Bits);

#ifdef __CUDACC__
  union {
    uint4 words;
    typename T::Bits bits[SIZE];
  };
#else
  typename T::Bits bits[SIZE];
#endif

  TM_INLINE float operator[](uint32_t k) const { return T::widen(bits[k]); }

  TM_INLINE void set(uint32_t k, float value) { bits[k] = T::narrow(value); }

  // whole: all elements are there, and at a multiple of 16 bytes. Otherwise the first count are.
  TM_INLINE void load(const void* from, size_t first, uint32_t count, bool whole) {
    const typename T::Bits* elements = (const typename T::Bits*)from + first;
    if (whole) {
#ifdef __CUDACC__
      words = *(const uint4*)elements;
#else
      countAccess(elements);
      memcpy(bits, elements, 16);
#endif
    } else {
      TM_UNROLL
      for (uint32_t k = 0; k < SIZE; k++) {
        bits[k] = k < count ? elements[k] : 0;
      }
    }
  }

  TM_INLINE void store(void* to, size_t first, uint32_t count, bool whole) const {
    typename T::Bits* elements = (typename T::Bits*)to + first;
    if (whole) {
#ifdef __CUDACC__
      *(uint4*)elements = words;
#else
      countAccess(elements);
      memcpy(elements, bits, 16);
#endif
    } else {
      TM_UNROLL
      for (uint32_t k = 0; k < SIZE; k++) {
        if (k < count) {
          elements[k] = bits[k];
        }
      }
    }
  }
};

// ---------------------------------------------------------------------------------------------
// Noise: org.tastemaker.core.Seed.

// Philox4x32-10 (Salmon et al., 2011): four words of a key and a counter.
TM_INLINE void philox(uint64_t key, uint32_t block, uint32_t stream, uint32_t words[4]) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  uint32_t c0 = block, c1 = stream, c2 = 0, c3 = 0;
  TM_UNROLL
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)c0 * 0xD2511F53u;
    uint64_t p1 = (uint64_t)c2 * 0xCD9E8D57u;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

// A whole number below 2^22 in magnitude, exactly.
TM_INLINE float exactFloat(int32_t value) {
  return floatOf(0x4B400000u + (uint32_t)value) - 12582912.0f;
}

// ln((2 k + 1) 2^-25) for k below 2^24. Near 1 the argument has 25 digits; there f = u - 1 is taken
// of the integers, without rounding.
TM_INLINE float logUniform(uint32_t k) {
  int32_t n = (int32_t)(2 * k + 1);
  bool nearOne = n > 22369621;  // two thirds of 2^25
  float value = (float)(nearOne ? n - 33554432 : n);
  // value = m 2^e with m in [2/3, 4/3)
  int32_t bits = (int32_t)bitsOf(value);
  int32_t exponent = (int32_t)((uint32_t)(bits - 0x3F2AAAAB) & 0xFF800000u);
  float m = floatOf((uint32_t)(bits - exponent));
  float f = nearOne ? value * 0x1p-25f : m - 1.0f;
  float e = nearOne ? 0.0f : exactFloat((exponent >> 23) - 25);
  // ln(1 + f) = f + f^2 q(f) on [-1/3, 1/3], minimax, relative error 5e-9
  float q = -0.12948854267597198f;
  q = fmaf(q, f, 0.1400478333234787f);
  q = fmaf(q, f, -0.12167181074619293f);
  q = fmaf(q, f, 0.14001154899597168f);
  q = fmaf(q, f, -0.16682302951812744f);
  q = fmaf(q, f, 0.20010748505592346f);
  q = fmaf(q, f, -0.24999716877937317f);
  q = fmaf(q, f, 0.3333320915699005f);
  q = fmaf(q, f, -0.5f);
  return fmaf(e, 0.693147182464599609375f, fmaf(f * f, q, f));
}

// cos and sin of 2 pi j 2^-24 for j below 2^24: quadrant and rest are taken of the integers.
TM_INLINE void turn(uint32_t j, float* cosine, float* sine) {
  uint32_t quadrant = (j + 0x200000) >> 22;
  float s = exactFloat((int32_t)(j - (quadrant << 22))) * 0x1p-22f;  // quarter turns, |s| <= 1/2
  float t = s * s;
  // sin(pi s / 2) = s p(s^2), cos(pi s / 2) = 1 + s^2 q(s^2), minimax, relative error 4e-9
  float p = -0x1.2d9302p-8f;
  p = fmaf(p, t, 0x1.465e92p-4f);
  p = fmaf(p, t, -0x1.4abbbap-1f);
  p = fmaf(p, t, 0x1.921fb6p+0f);
  p = p * s;
  float q = 0x1.d9d57cp-11f;
  q = fmaf(q, t, -0x1.55c5e0p-6f);
  q = fmaf(q, t, 0x1.03c1dep-2f);
  q = fmaf(q, t, -0x1.3bd3ccp+0f);
  q = fmaf(q, t, 1.0f);
  bool swapped = quadrant & 1;
  *cosine = floatOf(bitsOf(swapped ? p : q) ^ ((quadrant + 1) << 30 & 0x80000000u));
  *sine = floatOf(bitsOf(swapped ? q : p) ^ (quadrant << 30 & 0x80000000u));
}

// Elements 4 block to 4 block + 3 of a seed's stream of standard normal deviates.
TM_INLINE void gaussians(uint64_t key, uint32_t block, uint32_t stream, float z[4]) {
  uint32_t words[4];
  philox(key, block, stream, words);
  TM_UNROLL
  for (int half = 0; half < 2; half++) {
    float radius = sqrtf(-2.0f * logUniform(words[2 * half] >> 8));
    float cosine, sine;
    turn(words[2 * half + 1] >> 8, &cosine, &sine);
    z[2 * half] = radius * cosine;
    z[2 * half + 1] = radius * sine;
  }
}

// ---------------------------------------------------------------------------------------------
// The step.

// One element's map from x and o. CLIPS: it depends on which side of the clip range x0 is.
template <bool CLIPS>
struct Map {
  float sampleWeight, sampleWeightLow, outputWeight, constant;

  TM_INLINE Map(const StepArguments& a, float x, float o)
      : sampleWeight(a.sampleWeight),
        sampleWeightLow(a.sampleWeightLow),
        outputWeight(a.outputWeight),
        constant(0.0f) {
    if constexpr (CLIPS) {
      float x0 = fmaf(a.x0FromOutput, o, a.x0FromSample * x);
      if (fabsf(x0) > a.clip) {
        sampleWeight = a.clippedSampleWeight;
        sampleWeightLow = a.clippedSampleWeightLow;
        outputWeight = a.clippedOutputWeight;
        constant = x0 < 0.0f ? -a.clippedConstant : a.clippedConstant;
      }
    }
  }

  TM_INLINE float mean(float x, float o) const {
    float m = fmaf(outputWeight, o, sampleWeight * x);
    return CLIPS ? m + constant : m;
  }

  // previous - mean
  TM_INLINE float difference(float previous, float x, float o) const {
    float d = fmaf(-sampleWeight, x, previous);
    d = CLIPS ? d - constant : d;
    return fmaf(-outputWeight, o, fmaf(-sampleWeightLow, x, d));
  }
};

// Which elements a thread has in hand, and what it has read of them.
template <typename T, Form form, bool CLIPS>
struct Share {
  size_t at;        // in the batch
  uint32_t first;   // in the image
  uint32_t count;   // Vector<T>::SIZE or, at an image's end, fewer
  bool whole;       // Vector<T>::SIZE, at a multiple of 16 bytes in every tensor
  Vector<T> c, u, x, previous;

  TM_INLINE void load(const StepArguments& a) {
    c.load(a.conditional, at, count, whole);
    if (a.unconditional != nullptr) {
      u.load(a.unconditional, at, count, whole);
    } else {
      TM_UNROLL
      for (uint32_t k = 0; k < Vector<T>::SIZE; k++) {
        u.bits[k] = 0;
      }
    }
    x.load(a.sample, at, count, whole);
    if (form != SAMPLE) {
      previous.load(a.previous, at, count, whole);
    }
  }

  // Without guidance, 0 + 1 (c - 0). With it, c and u are often close, and c - u then exact.
  TM_INLINE float output(const StepArguments& a, uint32_t k) const {
    return fmaf(a.guidance, c[k] - u[k], u[k]);
  }

  // Draws prev, writes it, and gives the sum of (prev - mean)^2 with what is there already.
  TM_INLINE float draw(const StepArguments& a, uint64_t key, float squares) {
    TM_UNROLL
    for (uint32_t quad = 0; quad < Vector<T>::SIZE; quad += 4) {
      float z[4] = {0.0f, 0.0f, 0.0f, 0.0f};
      if (a.sigma != 0.0f) {
        gaussians(key, (first + quad) / 4, a.stream, z);
      }
      TM_UNROLL
      for (uint32_t i = 0; i < 4; i++) {
        uint32_t k = quad + i;
        float o = output(a, k);
        Map<CLIPS> map(a, x[k], o);
        previous.set(k, fmaf(a.sigma, z[i], map.mean(x[k], o)));
        float d = map.difference(previous[k], x[k], o);
        squares = k < count ? fmaf(d, d, squares) : squares;
      }
    }
    previous.store(a.previous, at, count, whole);
    return squares;
  }

  TM_INLINE float replay(const StepArguments& a, float squares) const {
    TM_UNROLL
    for (uint32_t k = 0; k < Vector<T>::SIZE; k++) {
      float o = output(a, k);
      float d = Map<CLIPS>(a, x[k], o).difference(previous[k], x[k], o);
      squares = k < count ? fmaf(d, d, squares) : squares;
    }
    return squares;
  }

  TM_INLINE void differentiate(const StepArguments& a, float factor) {
    TM_UNROLL
    for (uint32_t k = 0; k < Vector<T>::SIZE; k++) {
      float o = output(a, k);
      Map<CLIPS> map(a, x[k], o);
      float g = factor * map.difference(previous[k], x[k], o) * map.outputWeight;
      c.set(k, a.guidance * g);
      u.set(k, a.guidanceRest * g);
    }
    c.store(a.conditionalGradient, at, count, whole);
    if (a.unconditional != nullptr) {
      u.store(a.unconditionalGradient, at, count, whole);
    }
  }
};

// Whether an image begins at a multiple of 16 bytes in every tensor: its vectors then do so too.
template <typename T, Form form>
TM_INLINE bool alignedImage(const StepArguments& a, uint32_t image) {
  uintptr_t all = (uintptr_t)a.conditional | (uintptr_t)a.unconditional | (uintptr_t)a.sample |
                  (uintptr_t)a.previous | (size_t)image * a.size * sizeof(typename T::Bits);
  if (form == GRADIENT) {
    all |= (uintptr_t)a.conditionalGradient | (uintptr_t)a.unconditionalGradient;
  }
  return all % 16 == 0;
}

// All that one thread does for one tile. Reads come before writes, and each element is read by the
// thread that writes it, so an output may be an input. WHOLE: the tile is within an aligned image.
template <typename T, Form form, bool WHOLE, bool CLIPS>
TM_INLINE float threadOfTile(const StepArguments& a, uint32_t image, uint32_t tile, uint32_t thread,
                             bool aligned) {
  constexpr uint32_t V = Vector<T>::SIZE;
  constexpr uint32_t AT_ONCE = WHOLE && V == 4 ? 2 : 1;  // 8 elements of each tensor in flight
  const size_t base = (size_t)image * a.size;
  const uint64_t key = form == SAMPLE && a.sigma != 0.0f ? a.keys[image] : 0;
  const float factor = form == GRADIENT ? (float)(a.weights[image] * a.gradientScale) : 0.0f;
  float squares = 0.0f;
#ifdef __CUDACC__
#pragma unroll 1
#endif
  for (uint32_t round = 0; round < TILE / (THREADS * V * AT_ONCE); round++) {
    Share<T, form, CLIPS> shares[AT_ONCE];
    TM_UNROLL
    for (uint32_t i = 0; i < AT_ONCE; i++) {
      Share<T, form, CLIPS>& share = shares[i];
      // No overflow: an image has fewer than 2^31 elements.
      share.first = tile * TILE + ((round * AT_ONCE + i) * THREADS + thread) * V;
      if (!WHOLE && share.first >= a.size) {
        return squares;
      }
      share.count = WHOLE || a.size - share.first >= V ? V : a.size - share.first;
      share.whole = WHOLE || (aligned && share.count == V);
      share.at = base + share.first;
      share.load(a);
    }
    TM_UNROLL
    for (uint32_t i = 0; i < AT_ONCE; i++) {
      if (form == SAMPLE) {
        squares = shares[i].draw(a, key, squares);
      } else if (form == REPLAY) {
        squares = shares[i].replay(a, squares);
      } else {
        shares[i].differentiate(a, factor);
      }
    }
  }
  return squares;
}

// The same in the quickest of three ways. Returns the thread's sum of (prev - mean)^2; which way was
// taken changes no bit of it.
template <typename T, Form form>
TM_INLINE float threadOfTile(const StepArguments& a, uint32_t image, uint32_t tile,
                             uint32_t thread) {
  bool aligned = alignedImage<T, form>(a, image);
  if (!aligned || a.size - tile * TILE < TILE) {
    return threadOfTile<T, form, false, true>(a, image, tile, thread, aligned);
  }
  return a.clip < INFINITY ? threadOfTile<T, form, true, true>(a, image, tile, thread, true)
                           : threadOfTile<T, form, true, false>(a, image, tile, thread, true);
}

// An image's log-probability: mean and sum.
TM_INLINE void finishImage(const StepArguments& a, uint32_t image, double squares) {
  double sum = -squares * a.squaresScale - a.size * a.logConstant;
  a.logProbabilities[2 * (size_t)image] = sum / a.size;
  a.logProbabilities[2 * (size_t)image + 1] = sum;
}

}  // namespace tastemaker

#endif  // TASTEMAKER_DENOISING_STEP_H
