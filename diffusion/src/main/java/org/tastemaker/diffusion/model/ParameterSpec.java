package org.tastemaker.diffusion.model;

import com.google.common.primitives.ImmutableLongArray;

/**
 * One parameter of a network: its name, shape and kind.
 *
 * @param name in diffusers' naming, such as {@code down_blocks.0.resnets.0.conv1.weight}
 * @param shape in torch's layout, as in files
 * @param kind what it is for
 * @param fanIn how many inputs an output of its layer sums over; 1 where there is no sum
 */
public record ParameterSpec(String name, ImmutableLongArray shape, Kind kind, long fanIn) {
  /** What a parameter is for, which decides its layout and its first value. */
  public enum Kind {
    /** The weight of a linear layer, [out, in]; first uniform in +-1 / sqrt(fanIn). */
    LINEAR,
    /** The weight of a convolution, [out, in, kH, kW]; first uniform in +-1 / sqrt(fanIn). */
    CONV,
    /** The bias of either, [out]; first uniform in +-1 / sqrt(fanIn). */
    BIAS,
    /** The scale of a normalization, [C]; first 1. */
    SCALE,
    /** The shift of a normalization, [C]; first 0. */
    SHIFT,
    /** A table, [rows, C]; first normal with the standard deviation 0.02. */
    EMBEDDING,
    /** A token of its own, [C], in memory [1, C]; first as a table. */
    TOKEN,
    /** The logarithm of CLIP's logit scale, a number, in memory [1]; first ln(1 / 0.07). */
    LOGIT_SCALE
  }

  /**
   * The shape in memory.
   *
   * @return [kH, kW, in, out] for a convolution, a row for a token, [1] for a number, {@link
   *     #shape} for the others
   */
  public ImmutableLongArray layout() {
    return switch (kind) {
      case CONV -> ImmutableLongArray.of(shape.get(2), shape.get(3), shape.get(1), shape.get(0));
      case TOKEN -> ImmutableLongArray.of(1, shape.get(0));
      case LOGIT_SCALE -> ImmutableLongArray.of(1);
      default -> shape;
    };
  }
}
