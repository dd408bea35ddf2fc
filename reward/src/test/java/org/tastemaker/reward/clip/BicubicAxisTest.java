package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class BicubicAxisTest {
  private static final double[] ROW = {0, 10, 40, 90, 160, 250, 200, 120};
  private static final Offset<Double> EXACT = within(1e-11);

  @Test
  void anAntialiasedAxisMakesARowSmaller() {
    assertThat(resized(3, true))
        .containsExactly(
            new double[] {10.47626090814958, 134.93953780007163, 191.04422422718525}, EXACT);
  }

  @Test
  void aPlainAxisMakesARowSmaller() {
    assertThat(resized(3, false))
        .containsExactly(new double[] {5.960648148148191, 121.25, 184.17824074074085}, EXACT);
  }

  @Test
  void anAntialiasedAxisMakesARowLargerAndOvershoots() {
    assertThat(Arrays.copyOf(resized(12, true), 4))
        .containsExactly(
            new double[] {
              -.6578947368421036, 2.941176470588235, 13.611111111111082, 33.61111111111112
            },
            EXACT);
  }

  @Test
  void bytesAreRoundedAndClamped() {
    int[] bytes = Arrays.stream(ROW).mapToInt(value -> (int) value).toArray();
    int[] out = new int[12];
    BicubicAxis.of(8, 12, 0, 12, true).applyToBytes(bytes, 0, 1, out, 0, 1);

    assertThat(Arrays.copyOf(out, 4)).containsExactly(0, 3, 14, 34);
  }

  @Test
  void aPartOfAnAxisIsThatPart() {
    for (boolean antialiased : new boolean[] {true, false}) {
      double[] whole = resized(12, antialiased);
      double[] part = new double[5];
      BicubicAxis.of(8, 12, 4, 5, antialiased).apply(ROW, 0, 1, part, 0, 1);

      assertThat(part).containsExactly(Arrays.copyOfRange(whole, 4, 9));
    }
  }

  @Test
  void anAxisOfTheSameLengthChangesNothing() {
    assertThat(resized(8, true)).containsExactly(ROW);
    assertThat(resized(8, false)).containsExactly(ROW);
  }

  @Test
  void theTransposeIsTheAdjoint() {
    Random random = new Random(1);
    for (int[] sizes : new int[][] {{8, 3}, {5, 12}, {1, 4}, {7, 7}, {300, 32}}) {
      for (boolean antialiased : new boolean[] {true, false}) {
        BicubicAxis axis = BicubicAxis.of(sizes[0], sizes[1], 0, sizes[1], antialiased);
        double[] x = random.doubles(sizes[0], -1, 1).toArray();
        double[] y = random.doubles(sizes[1], -1, 1).toArray();
        double[] forward = new double[sizes[1]];
        double[] back = new double[sizes[0]];
        axis.apply(x, 0, 1, forward, 0, 1);
        axis.addTransposed(y, 0, 1, back, 0, 1);

        assertThat(dot(forward, y)).isCloseTo(dot(x, back), EXACT); // <A x, y> = <x, A' y>
      }
    }
  }

  @Test
  void weightsAddUpToOne() {
    for (int outputs : new int[] {1, 3, 8, 50}) {
      for (boolean antialiased : new boolean[] {true, false}) {
        double[] ones = new double[outputs];
        double[] row = {1, 1, 1, 1, 1, 1, 1, 1};
        BicubicAxis.of(8, outputs, 0, outputs, antialiased).apply(row, 0, 1, ones, 0, 1);

        double[] expected = new double[outputs];
        Arrays.fill(expected, 1);
        assertThat(ones).containsExactly(expected, EXACT);
      }
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] resized(int outputs, boolean antialiased) {
    double[] out = new double[outputs];
    BicubicAxis.of(ROW.length, outputs, 0, outputs, antialiased).apply(ROW, 0, 1, out, 0, 1);
    return out;
  }
}
