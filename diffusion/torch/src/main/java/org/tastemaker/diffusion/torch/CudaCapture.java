package org.tastemaker.diffusion.torch;

import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.cuda.CudaContext;
import org.tastemaker.diffusion.cuda.CudaDriver;
import org.tastemaker.diffusion.cuda.CudaGraph;

/**
 * CUDA graphs through the driver, since the binding has none of LibTorch's own class for them: a
 * stream of LibTorch's, and a pool of its allocator from which all memory of a recording comes, so
 * that nobody else is given what replays write to.
 */
final class CudaCapture implements Capture {
  /** Ids of pools; LibTorch's own count from 1. */
  private static final long FIRST_POOL = 1L << 40;

  /** What is allocated for this stream, by whichever thread, comes from the pool. */
  private static final class ThisStream extends StreamFilter {
    private final long handle;

    private ThisStream(long handle) {
      this.handle = handle;
    }

    @Override
    public boolean call(@Nullable Pointer other) {
      return other != null && other.address() == handle;
    }
  }

  private final byte device;
  private final CudaContext context;
  private final CUDAStream stream;
  private final long handle;
  private final LongPointer poolId;
  private final DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool;
  private int recordings;

  /**
   * A stream and a pool.
   *
   * @param device number of the GPU
   * @param pools counts the pools of all captures of an engine
   */
  CudaCapture(int device, AtomicLong pools) {
    this.device = (byte) device;
    context = CudaDriver.load().devices().get(device).open();
    stream = torch_cuda.getStreamFromPool(false, this.device);
    try (CUstream_st raw = stream.stream()) {
      handle = raw.address();
    }
    // A MempoolId_t is a pair of 64-bit numbers; the binding has another pair's name for it, whose
    // destructor must never see it. So the memory is this pointer's, and the pair is only a view.
    poolId = new LongPointer(FIRST_POOL + pools.incrementAndGet(), 0L);
    pool = new DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair((Pointer) poolId);
  }

  @Override
  public long stream() {
    return handle;
  }

  @Override
  public void inStream(Runnable work) {
    context.makeCurrent();
    CUDAStream before = torch_cuda.getCurrentCUDAStream(device);
    // This stream does not wait for the default one, where tensors are made, by itself.
    before.synchronize();
    torch_cuda.setCurrentCUDAStream(stream);
    try {
      work.run();
    } finally {
      torch_cuda.setCurrentCUDAStream(before);
      before.close();
    }
  }

  @Override
  public Replay record(Runnable work) {
    stream.synchronize();
    CudaGraph graph;
    // Only while it is needed: JavaCPP has room for ten of them in a process.
    try (StreamFilter filter = new ThisStream(handle)) {
      torch_cuda.beginAllocateToPool(device, pool, filter);
      recordings++;
      try {
        graph = CudaGraph.record(context, handle, work);
      } finally {
        torch_cuda.endAllocateToPool(device, pool);
      }
    }
    return new Replay() {
      @Override
      public void run() {
        graph.launch(handle);
      }

      @Override
      public void close() {
        context.makeCurrent(); // of the thread that closes
        stream.synchronize();
        graph.close();
      }
    };
  }

  @Override
  public void close() {
    stream.synchronize(); // what is freed from now on may be given to another stream
    for (int i = 0; i < recordings; i++) { // each has taken the pool once
      torch_cuda.getAllocator().releasePool(device, pool);
    }
    stream.close();
    poolId.close();
    context.close();
  }
}
