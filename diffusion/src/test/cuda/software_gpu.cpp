// A CUDA driver whose GPU is this computer's processor, for the tests: the driver's functions that
// the library calls, on the host's memory, and the kernels of denoising_step.h, thread after thread
// and with the sums in the order of denoising_step.cu.
//
//   g++ -std=c++17 -O2 -ffp-contract=off -shared -fPIC -I src/main/cuda -o libcuda-software.so ...

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "denoising_step.h"

using namespace tastemaker;

namespace {

std::map<void*, size_t> memory;  // what is allocated
int contexts, modules, streams, events;

// The same tree as reduce() in denoising_step.cu.
template <typename T, Form form>
void run(const StepArguments& a) {
  for (uint32_t image = 0; image < a.images; image++) {
    double total = 0.0;
    for (uint32_t tile = 0; tile < a.tiles; tile++) {
      float lanes[THREADS];
      for (uint32_t thread = 0; thread < THREADS; thread++) {
        lanes[thread] = threadOfTile<T, form>(a, image, tile, thread);
      }
      double sum = 0.0;
      for (uint32_t warp = 0; warp < THREADS; warp += WARP) {
        for (uint32_t distance = WARP / 2; distance > 0; distance /= 2) {
          float before[WARP];
          memcpy(before, lanes + warp, sizeof before);
          for (uint32_t lane = 0; lane < WARP; lane++) {
            lanes[warp + lane] = before[lane] + before[lane ^ distance];
          }
        }
        sum += lanes[warp];
      }
      total += sum;
    }
    if (form != GRADIENT && a.logProbabilities != nullptr) {
      finishImage(a, image, total);
    }
  }
}

struct Kernel {
  const char* name;
  void (*run)(const StepArguments&);
};

const Kernel KERNELS[] = {
    {"sample_float32", run<Float32, SAMPLE>},     {"sample_float16", run<Float16, SAMPLE>},
    {"sample_bfloat16", run<BFloat16, SAMPLE>},   {"replay_float32", run<Float32, REPLAY>},
    {"replay_float16", run<Float16, REPLAY>},     {"replay_bfloat16", run<BFloat16, REPLAY>},
    {"gradient_float32", run<Float32, GRADIENT>}, {"gradient_float16", run<Float16, GRADIENT>},
    {"gradient_bfloat16", run<BFloat16, GRADIENT>},
};

enum {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  INVALID_IMAGE = 200,
  NOT_FOUND = 500,
  MISALIGNED = 716
};

const uint64_t LARGEST = 1ull << 34;

int take(uint64_t* address, size_t bytes) {
  void* block = bytes <= LARGEST ? aligned_alloc(256, (bytes + 255) / 256 * 256) : nullptr;
  if (block == nullptr) {
    return OUT_OF_MEMORY;
  }
  memset(block, 0xA5, bytes);  // like a GPU's: what was there before
  memory[block] = bytes;
  *address = (uint64_t)block;
  return SUCCESS;
}

int give(uint64_t address) {
  if (memory.erase((void*)address) == 0) {
    return INVALID_VALUE;
  }
  free((void*)address);
  return SUCCESS;
}

int make(int* live, uint64_t* handle) {
  *handle = (uint64_t)++*live;
  return SUCCESS;
}

int end(int* live) { return (*live)-- > 0 ? SUCCESS : INVALID_VALUE; }

}  // namespace

extern "C" {

int cuInit(unsigned) { return SUCCESS; }

int cuDriverGetVersion(int* version) {
  const char* wanted = getenv("SOFTWARE_GPU_VERSION");
  *version = wanted != nullptr ? atoi(wanted) : 13000;
  return SUCCESS;
}

int cuDeviceGetCount(int* count) {
  *count = 1;
  return SUCCESS;
}

int cuDeviceGet(int* device, int) {
  *device = 0;
  return SUCCESS;
}

int cuDeviceGetName(char* name, int length, int) {
  snprintf(name, (size_t)length, "software GPU");
  return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = LARGEST;
  return SUCCESS;
}

int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1;
  return SUCCESS;
}

int cuDevicePrimaryCtxRetain(uint64_t* context, int) { return make(&contexts, context); }
int cuDevicePrimaryCtxRelease_v2(int) { return end(&contexts); }
int cuCtxSetCurrent(uint64_t) { return SUCCESS; }

int cuModuleLoadData(uint64_t* module, const uint32_t* image) {
  return *image == 0xBA55ED50u ? make(&modules, module) : INVALID_IMAGE;  // a fat binary
}

int cuModuleUnload(uint64_t) { return end(&modules); }

int cuModuleGetFunction(const Kernel** function, uint64_t, const char* name) {
  for (const Kernel& kernel : KERNELS) {
    if (std::string(kernel.name) == name) {
      *function = &kernel;
      return SUCCESS;
    }
  }
  return NOT_FOUND;
}

int cuMemAlloc_v2(uint64_t* address, size_t bytes) { return take(address, bytes); }
int cuMemFree_v2(uint64_t address) { return give(address); }
int cuMemHostAlloc(uint64_t* address, size_t bytes, unsigned) { return take(address, bytes); }
int cuMemFreeHost(uint64_t address) { return give(address); }

int cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, uint64_t) {
  memcpy(to, from, bytes);
  return SUCCESS;
}

int cuMemcpyDtoHAsync_v2(void* to, const void* from, size_t bytes, uint64_t) {
  memcpy(to, from, bytes);
  return SUCCESS;
}

int cuMemcpyDtoDAsync_v2(void* to, const void* from, size_t bytes, uint64_t) {
  memcpy(to, from, bytes);
  return SUCCESS;
}

int cuMemsetD8Async(void* to, unsigned char value, size_t bytes, uint64_t) {
  memset(to, value, bytes);
  return SUCCESS;
}

int cuStreamCreate(uint64_t* stream, unsigned) { return make(&streams, stream); }
int cuStreamDestroy_v2(uint64_t) { return end(&streams); }
int cuStreamSynchronize(uint64_t) { return SUCCESS; }

// Graphs: none here.
int cuStreamBeginCapture_v2(uint64_t, int) { return 801; }
int cuStreamEndCapture(uint64_t, uint64_t*) { return 801; }
int cuGraphInstantiateWithFlags(uint64_t*, uint64_t, uint64_t) { return 801; }
int cuGraphLaunch(uint64_t, uint64_t) { return 801; }
int cuGraphExecDestroy(uint64_t) { return 801; }
int cuGraphDestroy(uint64_t) { return 801; }

int cuEventCreate(uint64_t* event, unsigned) { return make(&events, event); }
int cuEventDestroy_v2(uint64_t) { return end(&events); }
int cuEventRecord(uint64_t, uint64_t) { return SUCCESS; }
int cuEventSynchronize(uint64_t) { return SUCCESS; }

int cuEventElapsedTime(float* milliseconds, uint64_t, uint64_t) {
  *milliseconds = 1.0f;
  return SUCCESS;
}

int cuLaunchKernel(const Kernel* function, unsigned gridX, unsigned gridY, unsigned gridZ,
                   unsigned blockX, unsigned blockY, unsigned blockZ, unsigned, uint64_t,
                   void** parameters, void**) {
  const StepArguments& a = *(const StepArguments*)parameters[0];
  bool fits = gridX == a.images * a.tiles && gridY == 1 && gridZ == 1 && blockX == THREADS &&
              blockY == 1 && blockZ == 1 && a.tiles == (a.size + TILE - 1) / TILE;
  if (!fits) {
    return INVALID_VALUE;
  }
  for (uint32_t image = 0; image < a.images && a.tiles > 1; image++) {
    if (a.arrivals[image] != 0) {
      return INVALID_VALUE;
    }
  }
  misalignedAccesses = 0;
  function->run(a);
  return misalignedAccesses == 0 ? SUCCESS : MISALIGNED;
}

int cuGetErrorName(int error, const char** text) {
  *text = error == INVALID_VALUE   ? "CUDA_ERROR_INVALID_VALUE"
          : error == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == INVALID_IMAGE ? "CUDA_ERROR_INVALID_IMAGE"
          : error == MISALIGNED    ? "CUDA_ERROR_MISALIGNED_ADDRESS"
                                   : "CUDA_ERROR_NOT_FOUND";
  return SUCCESS;
}

int cuGetErrorString(int error, const char** text) {
  *text = error == OUT_OF_MEMORY ? "out of memory" : "what the driver says";
  return SUCCESS;
}

// How many things are open.
int softwareGpuLive() {
  return (int)memory.size() + contexts + modules + streams + events;
}

// 16-byte accesses since the last call.
int64_t softwareGpuAccesses() {
  int64_t count = (int64_t)accesses;
  accesses = 0;
  return count;
}

// The largest relative error of -ln u and the largest absolute errors of cosine and sine, over all
// arguments that there are.
void softwareGpuNormalErrors(double* errors) {
  errors[0] = errors[1] = errors[2] = 0.0;
  for (uint32_t k = 0; k < 1u << 24; k++) {
    double exact = std::log((2.0 * k + 1.0) * 0x1p-25);
    errors[0] = std::fmax(errors[0], std::fabs(logUniform(k) / exact - 1.0));
    float cosine, sine;
    turn(k, &cosine, &sine);
    double angle = 2.0 * M_PI * (k * 0x1p-24);
    errors[1] = std::fmax(errors[1], std::fabs(cosine - std::cos(angle)));
    errors[2] = std::fmax(errors[2], std::fabs(sine - std::sin(angle)));
  }
}

// Every way that a half or bfloat16 is read, and a float written as one.
void softwareGpuConvert(int bfloat16, uint32_t count, const uint16_t* bits, float* widened,
                        const float* values, uint16_t* narrowed) {
  for (uint32_t i = 0; i < count; i++) {
    widened[i] = bfloat16 ? BFloat16::widen(bits[i]) : Float16::widen(bits[i]);
    narrowed[i] = bfloat16 ? BFloat16::narrow(values[i]) : Float16::narrow(values[i]);
  }
}

// The layout that Java knows.
int softwareGpuArgumentBytes() { return (int)sizeof(StepArguments); }

}  // extern "C"
