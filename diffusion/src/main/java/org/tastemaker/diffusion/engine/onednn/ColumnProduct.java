package org.tastemaker.diffusion.engine.onednn;

import java.util.List;

/** A product that can be computed for some of its output's columns at a time. */
interface ColumnProduct {
  /**
   * Emits the product for some columns.
   *
   * @param begin the first column
   * @param count how many
   * @param y where they go, [rows, count]
   * @param postOps what is done to them before they are stored
   */
  void columns(long begin, long count, Operand y, List<PostOp> postOps);
}
