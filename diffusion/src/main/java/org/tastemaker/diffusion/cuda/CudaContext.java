package org.tastemaker.diffusion.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/**
 * What a GPU holds for this process: where memory, streams, events and modules come from. They must
 * be closed before it.
 *
 * <p>A context is current for a thread: the one that opened it, and each that calls {@link
 * #makeCurrent}. Everything made from it works on such threads alone.
 */
public final class CudaContext implements AutoCloseable {
  private final CudaCalls calls;
  private final int device;
  private final long handle;
  private boolean closed;

  private CudaContext(CudaCalls calls, int device, long handle) {
    this.calls = calls;
    this.device = device;
    this.handle = handle;
  }

  static CudaContext open(CudaCalls calls, int device) {
    long[] handle = new long[1];
    calls.check("cuDevicePrimaryCtxRetain", calls.api().cuDevicePrimaryCtxRetain(handle, device));
    CudaContext context = new CudaContext(calls, device, handle[0]);
    try {
      context.makeCurrent();
    } catch (RuntimeException e) {
      try {
        context.close();
      } catch (CudaException later) {
        e.addSuppressed(later); // the first failure is the one to report
      }
      throw e;
    }
    return context;
  }

  /** The GPU's number. */
  int device() {
    return device;
  }

  CudaCalls calls() {
    return calls;
  }

  /** Makes this context the calling thread's. */
  public void makeCurrent() {
    calls.check("cuCtxSetCurrent", calls.api().cuCtxSetCurrent(handle));
  }

  /**
   * Takes memory of the GPU. It holds whatever was there before.
   *
   * @param bytes at least 1
   * @return the memory: the caller closes it
   * @throws CudaException if there is not that much
   */
  public DeviceMemory allocate(long bytes) {
    requirePositive(bytes);
    long[] address = new long[1];
    calls.check("cuMemAlloc_v2", calls.api().cuMemAlloc_v2(address, bytes));
    return new DeviceMemory(calls, address[0], bytes);
  }

  /**
   * Takes memory of the host that the GPU can copy from and to by itself. It holds whatever was
   * there before.
   *
   * @param bytes at least 1
   * @return the memory: the caller closes it
   */
  public PinnedMemory allocatePinned(long bytes) {
    requirePositive(bytes);
    long[] address = new long[1];
    calls.check("cuMemHostAlloc", calls.api().cuMemHostAlloc(address, bytes, 0));
    return new PinnedMemory(calls, address[0], bytes);
  }

  /**
   * A queue of work, in order.
   *
   * @return the stream, which does not wait for the default one: the caller closes it
   */
  public CudaStream stream() {
    return CudaStream.create(calls);
  }

  /**
   * A mark in a stream, with its time.
   *
   * @return the event: the caller closes it
   */
  CudaEvent event() {
    return CudaEvent.create(calls);
  }

  /**
   * Loads compiled code.
   *
   * @param image a fat binary, a cubin or PTX; PTX ends with a byte 0
   * @return the module: the caller closes it
   */
  public CudaModule module(byte[] image) {
    try (Memory memory = new Memory(image.length + 1L)) {
      memory.write(0, image, 0, image.length);
      memory.setByte(image.length, (byte) 0);
      long[] module = new long[1];
      calls.check(
          "cuModuleLoadData", calls.api().cuModuleLoadData(module, Pointer.nativeValue(memory)));
      return new CudaModule(calls, module[0]);
    }
  }

  /** Gives the context back; the driver frees it when its last user in the process has. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.check("cuDevicePrimaryCtxRelease_v2", calls.api().cuDevicePrimaryCtxRelease_v2(device));
    }
  }

  private static void requirePositive(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes must be at least 1, but were " + bytes);
    }
  }
}
