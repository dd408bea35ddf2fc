package org.tastemaker.optim;

import java.lang.ref.Reference;
import java.lang.reflect.Field;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.deallocation.DeallocatorService;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How many of ND4J's float buffers are neither closed nor collected: exact, where the memory of the
 * process only bounds a leak. (Shapes are buffers of longs, which nobody can close.)
 */
public final class OpenArrays {
  private final Map<?, ?> references;

  /** A count of all, whoever made them. */
  public OpenArrays() {
    try {
      Field field = DeallocatorService.class.getDeclaredField("referenceMap");
      field.setAccessible(true);
      references = (Map<?, ?>) field.get(Nd4j.getDeallocatorService());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("ND4J keeps its buffers elsewhere now", e);
    }
  }

  /** How many there are now. */
  public long count() {
    return references.values().stream()
        .map(reference -> ((Reference<?>) reference).get())
        .filter(
            kept ->
                kept instanceof DataBuffer buffer
                    && buffer.dataType() == DataType.FLOAT
                    && !buffer.wasClosed())
        .count();
  }
}
