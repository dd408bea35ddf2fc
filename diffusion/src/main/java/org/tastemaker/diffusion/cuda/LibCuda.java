package org.tastemaker.diffusion.cuda;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/** The driver's library, by JNA's direct mapping: a call costs what a JNI call costs. */
@SuppressWarnings("MethodName") // the driver's
final class LibCuda implements CudaApi {
  /** Where the driver is, if the loader does not find it; read at each load. */
  static final String LIBRARY_PROPERTY = "tastemaker.cuda.library";

  private LibCuda() {}

  /**
   * Loads the library that the property names, or else the system's.
   *
   * @throws UnsatisfiedLinkError if there is none, or it lacks a function
   */
  static LibCuda load() {
    String standard = Platform.isWindows() ? "nvcuda" : "libcuda.so.1";
    return load(System.getProperty(LIBRARY_PROPERTY, standard));
  }

  static LibCuda load(String library) {
    Native.register(LibCuda.class, NativeLibrary.getInstance(library));
    return new LibCuda();
  }

  @Override
  public native int cuInit(int flags);

  @Override
  public native int cuDriverGetVersion(int[] version);

  @Override
  public native int cuDeviceGetCount(int[] count);

  @Override
  public native int cuDeviceGet(int[] device, int ordinal);

  @Override
  public native int cuDeviceGetName(byte[] name, int length, int device);

  @Override
  public native int cuDeviceTotalMem_v2(long[] bytes, int device);

  @Override
  public native int cuDeviceGetAttribute(int[] value, int attribute, int device);

  @Override
  public native int cuDevicePrimaryCtxRetain(long[] context, int device);

  @Override
  public native int cuDevicePrimaryCtxRelease_v2(int device);

  @Override
  public native int cuCtxSetCurrent(long context);

  @Override
  public native int cuModuleLoadData(long[] module, long image);

  @Override
  public native int cuModuleUnload(long module);

  @Override
  public native int cuModuleGetFunction(long[] function, long module, byte[] name);

  @Override
  public native int cuMemAlloc_v2(long[] address, long bytes);

  @Override
  public native int cuMemFree_v2(long address);

  @Override
  public native int cuMemHostAlloc(long[] address, long bytes, int flags);

  @Override
  public native int cuMemFreeHost(long address);

  @Override
  public native int cuMemcpyHtoDAsync_v2(long to, long from, long bytes, long stream);

  @Override
  public native int cuMemcpyDtoHAsync_v2(long to, long from, long bytes, long stream);

  @Override
  public native int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long stream);

  @Override
  public native int cuMemsetD8Async(long address, byte value, long bytes, long stream);

  @Override
  public native int cuStreamCreate(long[] stream, int flags);

  @Override
  public native int cuStreamDestroy_v2(long stream);

  @Override
  public native int cuStreamSynchronize(long stream);

  @Override
  public native int cuStreamBeginCapture_v2(long stream, int mode);

  @Override
  public native int cuStreamEndCapture(long stream, long[] graph);

  @Override
  public native int cuGraphInstantiateWithFlags(long[] executable, long graph, long flags);

  @Override
  public native int cuGraphLaunch(long executable, long stream);

  @Override
  public native int cuGraphExecDestroy(long executable);

  @Override
  public native int cuGraphDestroy(long graph);

  @Override
  public native int cuEventCreate(long[] event, int flags);

  @Override
  public native int cuEventDestroy_v2(long event);

  @Override
  public native int cuEventRecord(long event, long stream);

  @Override
  public native int cuEventSynchronize(long event);

  @Override
  public native int cuEventElapsedTime(float[] milliseconds, long start, long end);

  @Override
  public native int cuLaunchKernel(
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

  @Override
  public native int cuGetErrorName(int error, long[] text);

  @Override
  public native int cuGetErrorString(int error, long[] text);
}
