package org.tastemaker.diffusion.engine.onednn;

import java.util.function.UnaryOperator;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * What a primitive reads or writes: a buffer, from some byte on, in some layout.
 *
 * @param layout of the elements
 * @param buffer where they are
 * @param offset of the first element, in bytes
 */
record Operand(dnnl_memory_desc layout, Buffer buffer, long offset) {
  Operand(dnnl_memory_desc layout, Buffer buffer) {
    this(layout, buffer, 0);
  }

  /** The same elements of another buffer. */
  Operand on(UnaryOperator<Buffer> others) {
    return new Operand(layout, others.apply(buffer), offset);
  }
}
