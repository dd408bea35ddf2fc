package org.tastemaker.reward.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

class OptimalAssignmentTest {
  @Test
  void aTextbookProblem() {
    double[][] cost = {{4, 1, 3}, {2, 0, 5}, {3, 2, 2}};

    assertThat(OptimalAssignment.of(cost)).containsExactly(1, 0, 2); // 1 + 2 + 2
  }

  @Property(tries = 200)
  void noPermutationIsCheaper(
      @ForAll @IntRange(min = 1, max = 6) int n, @ForAll long key, @ForAll boolean ties) {
    double[][] cost = new double[n][n];
    var random = Seed.of(key).generator();
    for (double[] row : cost) {
      for (int j = 0; j < n; j++) {
        row[j] = ties ? random.nextInt(3) : random.nextDouble() - 0.5;
      }
    }

    int[] columns = OptimalAssignment.of(cost);

    assertThat(columns).containsExactlyInAnyOrder(IntStream.range(0, n).toArray());
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += cost[i][columns[i]];
    }
    // sums of at most 6 numbers of order 1
    assertThat(sum).isCloseTo(cheapest(cost, 0, new boolean[n]), within(1e-12));
  }

  private static double cheapest(double[][] cost, int row, boolean[] used) {
    if (row == cost.length) {
      return 0;
    }
    double best = Double.POSITIVE_INFINITY;
    for (int j = 0; j < cost.length; j++) {
      if (!used[j]) {
        used[j] = true;
        best = Math.min(best, cost[row][j] + cheapest(cost, row + 1, used));
        used[j] = false;
      }
    }
    return best;
  }
}
