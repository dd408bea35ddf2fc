package org.tastemaker.diffusion.engine.onednn;

import org.jspecify.annotations.Nullable;

/**
 * What a primitive does to its result before it stores it.
 *
 * @param algorithm of oneDNN: an eltwise one, a binary one, or 0 for the sum with what the
 *     destination held
 * @param alpha of an eltwise algorithm
 * @param beta of an eltwise algorithm
 * @param operand of a binary algorithm
 */
record PostOp(int algorithm, float alpha, float beta, @Nullable Operand operand) {
  static PostOp eltwise(int algorithm, double alpha, double beta) {
    return new PostOp(algorithm, (float) alpha, (float) beta, null);
  }

  static PostOp binary(int algorithm, Operand operand) {
    return new PostOp(algorithm, 0, 0, operand);
  }

  /** Adds what the destination held before. */
  static PostOp sum() {
    return new PostOp(0, 1, 0, null);
  }
}
