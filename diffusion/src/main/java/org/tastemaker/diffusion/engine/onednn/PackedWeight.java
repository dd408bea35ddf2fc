package org.tastemaker.diffusion.engine.onednn;

import com.google.common.primitives.ImmutableLongArray;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A frozen weight in one format: what it is made of, where it lies, and the steps that make it.
 *
 * <p>It is known by the array that it is made of. A name would not do, as two models have tensors
 * of one name, and neither would an address, as memory that was freed is given out again. The array
 * is held as long as the weight is.
 */
final class PackedWeight implements AutoCloseable {
  private final Source source;
  private final Operand made;
  private final List<Step> steps;
  private final Packing packing;
  private @Nullable Arena memory;
  private int users = 1;
  private long madeAt = -1;

  /**
   * What a weight is made of.
   *
   * @param array its owner's
   * @param corner which sums of its taps, as {@link UpsampledConvolutionKernel} says; {@link
   *     #WHOLE} for the numbers themselves
   * @param dims in which the array is read, or of the sums
   * @param strides of these
   */
  record Source(INDArray array, int corner, ImmutableLongArray dims, ImmutableLongArray strides) {
    static final int WHOLE = -1;

    /** The same numbers of the same array: that very one, not one with equal numbers. */
    @SuppressWarnings("ReferenceEquality")
    boolean isSame(Source other) {
      return array == other.array
          && corner == other.corner
          && dims.equals(other.dims)
          && strides.equals(other.strides);
    }
  }

  /**
   * A weight that has no place yet.
   *
   * @param made where it will be, and the format
   * @param steps that make it
   * @param packing what they belong to
   */
  PackedWeight(Source source, Operand made, List<Step> steps, Packing packing) {
    this.source = source;
    this.made = made;
    this.steps = List.copyOf(steps);
    this.packing = packing;
    packing.acquire();
  }

  /** Whether it is what a primitive asks for. */
  boolean is(Source of, dnnl_memory_desc layout) {
    return source.isSame(of) && OneDnn.same(made.layout(), layout);
  }

  Buffer buffer() {
    return made.buffer();
  }

  long bytes() {
    return made.buffer().bytes();
  }

  /** Gives it memory of its own, so that it can be freed when other weights stay. */
  void place() {
    made.buffer().use(0);
    memory = new Arena(List.of(made.buffer()));
  }

  /** Makes it, if it is older than a change. */
  void make(long change) {
    if (madeAt < change) {
      steps.forEach(Step::run);
      madeAt = change;
    }
  }

  void acquire() {
    users++;
  }

  /** One user less; frees it after the last one. */
  boolean release() {
    users--;
    if (users > 0) {
      return false;
    }
    close();
    return true;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
    }
    packing.release();
  }
}
