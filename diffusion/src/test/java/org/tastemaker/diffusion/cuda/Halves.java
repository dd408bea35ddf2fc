package org.tastemaker.diffusion.cuda;

/** Half precision and bfloat16 by their definitions: the nearest value, found by comparing. */
final class Halves {
  private Halves() {}

  static float widen(short bits) {
    int exponent = (bits >>> 10) & 31;
    int fraction = bits & 1023;
    double magnitude =
        exponent == 31
            ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
            : exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * Math.pow(2, exponent - 25);
    return (float) (bits < 0 ? -magnitude : magnitude);
  }

  /** Binary search among the positive halves, which their bits order; ties to the even one. */
  static int toHalf(float value) {
    return nearest(value, 0x7C00, 65536, bits -> widen((short) bits));
  }

  static int toBfloat16(float value) {
    return nearest(value, 0x7F80, 0x1p128, bits -> Float.intBitsToFloat(bits << 16));
  }

  /** The finite range goes on by one more step to where infinity stands for rounding. */
  private static int nearest(
      float value, int infinity, double limit, java.util.function.IntToDoubleFunction widen) {
    double magnitude = Math.abs((double) value);
    int low = 0;
    int high = infinity;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (widen.applyAsDouble(middle) <= magnitude) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double below = magnitude - widen.applyAsDouble(low);
    double above = (high == infinity ? limit : widen.applyAsDouble(high)) - magnitude;
    int bits = below < above || (below == above && low % 2 == 0) ? low : high;
    return bits | ((Float.floatToRawIntBits(value) >>> 16) & 0x8000);
  }
}
