package org.tastemaker.diffusion.cuda;

/**
 * The functions of the CUDA driver that this package calls, by their names there. Handles and
 * addresses are longs; results come in the first element of an array. Every function returns a
 * CUresult, 0 for success.
 */
@SuppressWarnings("MethodName") // the driver's
interface CudaApi {
  int cuInit(int flags);

  int cuDriverGetVersion(int[] version);

  int cuDeviceGetCount(int[] count);

  int cuDeviceGet(int[] device, int ordinal);

  int cuDeviceGetName(byte[] name, int length, int device);

  int cuDeviceTotalMem_v2(long[] bytes, int device);

  int cuDeviceGetAttribute(int[] value, int attribute, int device);

  int cuDevicePrimaryCtxRetain(long[] context, int device);

  int cuDevicePrimaryCtxRelease_v2(int device);

  int cuCtxSetCurrent(long context);

  int cuModuleLoadData(long[] module, long image);

  int cuModuleUnload(long module);

  int cuModuleGetFunction(long[] function, long module, byte[] name);

  int cuMemAlloc_v2(long[] address, long bytes);

  int cuMemFree_v2(long address);

  int cuMemHostAlloc(long[] address, long bytes, int flags);

  int cuMemFreeHost(long address);

  int cuMemcpyHtoDAsync_v2(long to, long from, long bytes, long stream);

  int cuMemcpyDtoHAsync_v2(long to, long from, long bytes, long stream);

  int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long stream);

  int cuMemsetD8Async(long address, byte value, long bytes, long stream);

  int cuStreamCreate(long[] stream, int flags);

  int cuStreamDestroy_v2(long stream);

  int cuStreamSynchronize(long stream);

  int cuStreamBeginCapture_v2(long stream, int mode);

  int cuStreamEndCapture(long stream, long[] graph);

  int cuGraphInstantiateWithFlags(long[] executable, long graph, long flags);

  int cuGraphLaunch(long executable, long stream);

  int cuGraphExecDestroy(long executable);

  int cuGraphDestroy(long graph);

  int cuEventCreate(long[] event, int flags);

  int cuEventDestroy_v2(long event);

  int cuEventRecord(long event, long stream);

  int cuEventSynchronize(long event);

  int cuEventElapsedTime(float[] milliseconds, long start, long end);

  int cuLaunchKernel(
      long function,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int blockY,
      int blockZ,
      int sharedBytes,
      long stream,
      long parameters,
      long extra);

  int cuGetErrorName(int error, long[] text);

  int cuGetErrorString(int error, long[] text);
}
