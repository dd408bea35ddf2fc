package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One allocation for all buffers that have no place yet; those that are never alive at the same
 * time share memory.
 *
 * <p>Offsets are found greedily, the largest buffer first, each at the lowest offset where it
 * overlaps no buffer that is alive at the same time (Pisarchyk and Lee, "Efficient Memory
 * Management for Deep Neural Net Inference", 2020, sec. 5.2).
 */
final class Arena implements AutoCloseable {
  /** A cache line, and an AVX-512 register. */
  private static final long ALIGNMENT = 64;

  private final INDArray memory;
  private final long bytes;

  Arena(List<Buffer> buffers) {
    List<Buffer> bySize =
        buffers.stream()
            .filter(buffer -> buffer.isUsed() && !buffer.hasPlace())
            .sorted(Comparator.comparingLong(Buffer::bytes).reversed())
            .toList();
    Map<Buffer, Long> offsets = new HashMap<>();
    List<Buffer> byOffset = new ArrayList<>();
    long end = 0;
    for (Buffer buffer : bySize) {
      long offset = 0;
      for (Buffer placed : byOffset) {
        long start = offsets.getOrDefault(placed, 0L);
        if (placed.overlaps(buffer)) {
          if (offset + buffer.bytes() <= start) {
            break;
          }
          offset = Math.max(offset, align(start + placed.bytes()));
        }
      }
      offsets.put(buffer, offset);
      long place = offset;
      int index = 0;
      while (index < byOffset.size() && offsets.getOrDefault(byOffset.get(index), 0L) <= place) {
        index++;
      }
      byOffset.add(index, buffer);
      end = Math.max(end, offset + buffer.bytes());
    }
    bytes = end;
    memory = Nd4j.createUninitializedDetached(DataType.FLOAT, (end + ALIGNMENT) / Float.BYTES + 1);
    long start = align(memory.data().address());
    offsets.forEach((buffer, offset) -> buffer.place(start + offset));
  }

  /** An arena for steps that run in this order. */
  static Arena of(List<Step> steps) {
    Set<Buffer> buffers = new LinkedHashSet<>();
    for (int i = 0; i < steps.size(); i++) {
      for (Buffer buffer : steps.get(i).buffers()) {
        buffer.use(i);
        buffers.add(buffer);
      }
    }
    return new Arena(List.copyOf(buffers));
  }

  private static long align(long value) {
    return (value + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    memory.close();
  }
}
