package org.tastemaker.diffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfPrecisionTest {
  private static final int F16_INFINITY = 0x7C00;
  private static final int BF16_INFINITY = 0x7F80;

  /** The value of a 16-bit format by its definition in IEEE 754, section 3.4. */
  private static double byDefinition(int bits, int mantissaBits, int bias) {
    int exponent = (bits & 0x7FFF) >> mantissaBits;
    int mantissa = bits & ((1 << mantissaBits) - 1);
    double magnitude =
        exponent == 0
            ? mantissa * Math.pow(2, 1 - bias - mantissaBits)
            : (1 + mantissa * Math.pow(2, -mantissaBits)) * Math.pow(2, exponent - bias);
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }

  @Test
  void everyFiniteF16HasTheValueOfItsDefinition() {
    for (int bits = 0; bits < 0x10000; bits++) {
      if ((bits & 0x7FFF) < F16_INFINITY) {
        double value = HalfPrecision.f16ToFloat((short) bits);
        // By raw bits, so that -0 is not 0.
        assertThat(Double.doubleToRawLongBits(value))
            .as("0x%04x", bits)
            .isEqualTo(Double.doubleToRawLongBits(byDefinition(bits, 10, 15)));
      }
    }
  }

  @Test
  void everyFiniteBf16HasTheValueOfItsDefinition() {
    for (int bits = 0; bits < 0x10000; bits++) {
      if ((bits & 0x7FFF) < BF16_INFINITY) {
        double value = HalfPrecision.bf16ToFloat((short) bits);
        assertThat(Double.doubleToRawLongBits(value))
            .as("0x%04x", bits)
            .isEqualTo(Double.doubleToRawLongBits(byDefinition(bits, 7, 127)));
      }
    }
  }

  @Test
  void infinitiesAndNansKeepTheirKindAndSign() {
    assertThat(HalfPrecision.f16ToFloat((short) 0x7C00)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(HalfPrecision.f16ToFloat((short) 0xFC00)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(HalfPrecision.f16ToFloat((short) 0x7E00)).isNaN();
    assertThat(HalfPrecision.bf16ToFloat((short) 0xFF80)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(HalfPrecision.floatToF16(Float.POSITIVE_INFINITY)).isEqualTo((short) 0x7C00);
    assertThat(HalfPrecision.floatToF16(Float.NaN)).isEqualTo((short) 0x7E00);
    assertThat(HalfPrecision.floatToBf16(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xFF80);
    assertThat(HalfPrecision.floatToBf16(Float.NaN)).isEqualTo((short) 0x7FC0);
    // A NaN whose payload is in the low bits only must not become an infinity.
    float lowPayload = Float.intBitsToFloat(0xFF800001);
    assertThat(HalfPrecision.f16ToFloat(HalfPrecision.floatToF16(lowPayload))).isNaN();
    assertThat(HalfPrecision.bf16ToFloat(HalfPrecision.floatToBf16(lowPayload))).isNaN();
    assertThat(HalfPrecision.floatToF16(lowPayload)).isNegative();
  }

  @Test
  void everyF16ComesBackFromAFloat() {
    for (int bits = 0; bits < 0x10000; bits++) {
      float value = HalfPrecision.f16ToFloat((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(HalfPrecision.floatToF16(value)).as("0x%04x", bits).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void everyBf16ComesBackFromAFloat() {
    for (int bits = 0; bits < 0x10000; bits++) {
      float value = HalfPrecision.bf16ToFloat((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(HalfPrecision.floatToBf16(value)).as("0x%04x", bits).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void betweenTwoF16TheNearestIsTakenAndTheEvenOneOnATie() {
    for (int bits = 0; bits < F16_INFINITY; bits++) {
      // The step behind the largest number is 2^16, which stands for infinity when rounding.
      double above = bits + 1 == F16_INFINITY ? 65536 : byDefinition(bits + 1, 10, 15);
      float middle = (float) ((byDefinition(bits, 10, 15) + above) / 2); // exact: 12 bits
      int even = bits % 2 == 0 ? bits : bits + 1;
      assertThat(HalfPrecision.floatToF16(middle)).isEqualTo((short) even);
      assertThat(HalfPrecision.floatToF16(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(HalfPrecision.floatToF16(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
      assertThat(HalfPrecision.floatToF16(-middle)).isEqualTo((short) (even | 0x8000));
    }
  }

  @Test
  void betweenTwoBf16TheNearestIsTakenAndTheEvenOneOnATie() {
    for (int bits = 0; bits < BF16_INFINITY; bits++) {
      float middle = Float.intBitsToFloat(bits << 16 | 0x8000);
      int even = bits % 2 == 0 ? bits : bits + 1;
      assertThat(HalfPrecision.floatToBf16(middle)).isEqualTo((short) even);
      assertThat(HalfPrecision.floatToBf16(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(HalfPrecision.floatToBf16(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
    }
  }

  @Test
  void aDoubleJustAboveATieIsRoundedOnce() {
    double aboveTie = 1 + 0x1p-11 + 0x1p-40; // as a float it would be the tie itself, then 1
    assertThat(HalfPrecision.floatToF16((float) aboveTie)).isEqualTo((short) 0x3C00);
    assertThat(HalfPrecision.floatToF16(HalfPrecision.roundToOdd(aboveTie)))
        .isEqualTo((short) 0x3C01);
    double belowTie = -(1 + 3 * 0x1p-11 - 0x1p-40); // -1.00146484375 - ..., nearest is 1 + 2^-10
    assertThat(HalfPrecision.floatToF16(HalfPrecision.roundToOdd(belowTie)))
        .isEqualTo((short) 0xBC01);
    assertThat(HalfPrecision.floatToF16(HalfPrecision.roundToOdd(1e300))).isEqualTo((short) 0x7C00);
  }
}
