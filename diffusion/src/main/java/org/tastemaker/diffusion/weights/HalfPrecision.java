package org.tastemaker.diffusion.weights;

/**
 * The two 16-bit floating-point formats. Widening is exact; narrowing rounds to the nearest, ties
 * to even, and keeps infinities, signed zeros and subnormals. A NaN stays a NaN of the same sign,
 * with the upper bits of its payload.
 *
 * <table class="striped">
 * <caption>Layouts (IEEE 754-2019, section 3.6, and the upper half of binary32)</caption>
 * <thead><tr><th>format</th><th>sign, exponent, mantissa bits</th><th>bias</th><th>largest</th></tr>
 * </thead>
 * <tbody>
 * <tr><td>F16</td><td>1, 5, 10</td><td>15</td><td>65504</td></tr>
 * <tr><td>BF16</td><td>1, 8, 7</td><td>127</td><td>3.39e38</td></tr>
 * </tbody>
 * </table>
 */
public final class HalfPrecision {
  private static final int F16_INFINITY = 0x7C00;
  private static final int BF16_INFINITY = 0x7F80;

  private HalfPrecision() {}

  /**
   * Widens half precision.
   *
   * @param half the bits
   * @return its value
   */
  public static float f16ToFloat(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1F;
    int mantissa = half & 0x3FF;
    if (exponent == 0x1F) { // infinity or NaN
      return Float.intBitsToFloat(sign | 0x7F800000 | mantissa << 13);
    }
    if (exponent == 0) { // zero or subnormal: mantissa * 2^-24, exact in a float
      float magnitude = mantissa * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    return Float.intBitsToFloat(sign | (exponent + 127 - 15) << 23 | mantissa << 13);
  }

  /**
   * Narrows to half precision; from 65,520 on, to infinity.
   *
   * @param value any number
   * @return the bits of the nearest
   */
  public static short floatToF16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) { // NaN; the quiet bit keeps it from becoming an infinity
      return (short) (sign | F16_INFINITY | 0x200 | (magnitude >>> 13 & 0x3FF));
    }
    if (magnitude >= 0x477FF000) { // 65520, halfway to 2^16, and all above it
      return (short) (sign | F16_INFINITY);
    }
    if (magnitude >= 0x38800000) { // 2^-14: normal. Rounding may carry into the exponent, rightly.
      int rebiased = magnitude - (112 << 23);
      return (short) (sign | (rebiased + 0xFFF + (rebiased >>> 13 & 1)) >>> 13);
    }
    if (magnitude <= 0x33000000) { // 2^-25, half of the least subnormal: the tie goes to zero
      return (short) sign;
    }
    // Subnormal: the mantissa with its hidden bit, in units of 2^-24.
    int shift = 126 - (magnitude >>> 23); // 14 to 24
    int mantissa = (magnitude & 0x7FFFFF) | 0x800000;
    int rounding = (1 << (shift - 1)) - 1 + (mantissa >>> shift & 1);
    return (short) (sign | (mantissa + rounding) >>> shift);
  }

  /**
   * Widens bfloat16.
   *
   * @param half the bits
   * @return its value
   */
  public static float bf16ToFloat(short half) {
    return Float.intBitsToFloat(half << 16);
  }

  /**
   * Narrows to bfloat16.
   *
   * @param value any number
   * @return the bits of the nearest
   */
  public static short floatToBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) { // NaN, kept quiet so that the cut leaves a payload
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
  }

  static boolean isInfiniteF16(short half) {
    return (half & 0x7FFF) == F16_INFINITY;
  }

  static boolean isInfiniteBf16(short half) {
    return (half & 0x7FFF) == BF16_INFINITY;
  }

  /**
   * A double cut to a float whose last bit says whether anything was cut off ("rounding to odd").
   * Rounding the result to a 16-bit format then gives what one rounding of the double would (Boldo
   * and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding
   * to odd", 2008), which two roundings to nearest would not.
   */
  static float roundToOdd(double value) {
    float nearest = (float) value;
    if (Double.isNaN(value) || Double.isInfinite(value) || nearest == value) {
      return nearest;
    }
    int bits = Float.floatToRawIntBits(nearest);
    if (Math.abs((double) nearest) > Math.abs(value)) {
      bits--; // one step toward zero: the bits of a float order its magnitude
    }
    return Float.intBitsToFloat(bits | 1);
  }
}
