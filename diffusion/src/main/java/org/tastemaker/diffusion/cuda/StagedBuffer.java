package org.tastemaker.diffusion.cuda;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** Memory for a tensor, both pinned on the host and on the GPU; it grows as needed. */
final class StagedBuffer implements AutoCloseable {
  private final CudaContext context;
  private final CudaStream stream;
  private @Nullable PinnedMemory host;
  private @Nullable DeviceMemory device;

  StagedBuffer(CudaContext context, CudaStream stream) {
    this.context = context;
    this.stream = stream;
  }

  /** The address on the GPU of room for some bytes. */
  long reserve(long bytes) {
    return deviceMemory(bytes).address();
  }

  /** Copies floats to the GPU; returns their address there. */
  long upload(FloatBuffer values) {
    long bytes = 4L * values.remaining();
    PinnedMemory from = hostMemory(bytes);
    from.buffer().asFloatBuffer().put(0, values, values.position(), values.remaining());
    return send(from, bytes);
  }

  long upload(double[] values) {
    PinnedMemory from = hostMemory(8L * values.length);
    from.buffer().asDoubleBuffer().put(0, values);
    return send(from, 8L * values.length);
  }

  long upload(long[] values) {
    PinnedMemory from = hostMemory(8L * values.length);
    from.buffer().asLongBuffer().put(0, values);
    return send(from, 8L * values.length);
  }

  /** Begins to copy bytes from the GPU; they are there after the stream's synchronization. */
  void fetch(long bytes) {
    deviceMemory(bytes).copyTo(hostMemory(bytes), bytes, stream);
  }

  /** What was fetched. */
  ByteBuffer fetched(long bytes) {
    return hostMemory(bytes).buffer();
  }

  private long send(PinnedMemory from, long bytes) {
    DeviceMemory to = deviceMemory(bytes);
    to.copyFrom(from, bytes, stream);
    return to.address();
  }

  private PinnedMemory hostMemory(long bytes) {
    PinnedMemory memory = host;
    if (memory == null || memory.bytes() < bytes) {
      if (memory != null) {
        memory.close();
      }
      host = null;
      memory = context.allocatePinned(Math.max(1, bytes));
      host = memory;
    }
    return memory;
  }

  private DeviceMemory deviceMemory(long bytes) {
    DeviceMemory memory = device;
    if (memory == null || memory.bytes() < bytes) {
      if (memory != null) {
        memory.close();
      }
      device = null;
      memory = context.allocate(Math.max(1, bytes));
      device = memory;
    }
    return memory;
  }

  @Override
  public void close() {
    if (host != null) {
      host.close();
      host = null;
    }
    if (device != null) {
      device.close();
      device = null;
    }
  }
}
