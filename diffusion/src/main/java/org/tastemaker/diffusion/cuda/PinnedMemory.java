package org.tastemaker.diffusion.cuda;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory of the host that a GPU can copy from and to by itself. */
public final class PinnedMemory implements AutoCloseable {
  private final CudaCalls calls;
  private final long address;
  private final long bytes;
  private boolean closed;

  PinnedMemory(CudaCalls calls, long address, long bytes) {
    this.calls = calls;
    this.address = address;
    this.bytes = bytes;
  }

  long address() {
    if (closed) {
      throw new IllegalStateException("this memory of the host was given back");
    }
    return address;
  }

  /**
   * Its size.
   *
   * @return bytes
   */
  public long bytes() {
    return bytes;
  }

  /**
   * The memory as a buffer, to be used no longer than until this is closed.
   *
   * @return the first 2 GB of it, in the machine's byte order
   */
  public ByteBuffer buffer() {
    return new Pointer(address())
        .getByteBuffer(0, Math.min(bytes, Integer.MAX_VALUE))
        .order(ByteOrder.nativeOrder());
  }

  /** Gives the memory back, after all copies. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      calls.check("cuMemFreeHost", calls.api().cuMemFreeHost(address));
    }
  }
}
