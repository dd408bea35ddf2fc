package org.tastemaker.optim.direct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

class TruncationTest {
  private static IntStream draws(Truncation truncation, int steps) {
    return IntStream.range(0, 2000).map(i -> truncation.draw(steps, Seed.of(1).split(i)));
  }

  @Test
  void aFixedOneIsAlwaysTheSameAndAtMostAllSteps() {
    assertThat(draws(Truncation.after(3), 10)).containsOnly(3);
    assertThat(draws(Truncation.after(30), 10)).containsOnly(10);
    assertThat(draws(Truncation.none(), 10)).containsOnly(10);
  }

  @Test
  void aUniformOneHasEveryNumberOfItsRange() {
    assertThat(draws(Truncation.uniform(2, 5), 10).distinct().sorted()).containsExactly(2, 3, 4, 5);
    assertThat(draws(Truncation.uniform(8, 50), 10).distinct().sorted()).containsExactly(8, 9, 10);
  }

  /** The paper's program: its K is N(42, 5^2) of 50, which leaves 8 steps with a deviation of 5. */
  @Test
  void theOneOfThePapersProgramLeavesAboutEightOfFiftySteps() {
    Truncation normal = AlignProp.Options.aesthetic().truncation();
    double mean = draws(normal, 50).average().orElseThrow();
    // What is below 1 becomes 1, which lifts the mean of 8 by 0.2; 2000 draws tell 0.1.
    assertThat(mean).isCloseTo(8.2, within(0.4));
    assertThat(draws(normal, 50).min().orElseThrow()).isEqualTo(1);
    assertThat(draws(normal, 50).max().orElseThrow()).isBetween(20, 28);
  }

  @Test
  void badNumbersAreSaid() {
    for (double[] bad : new double[][] {{0, 0}, {1.5, 0}, {2, 1}}) {
      assertThatThrownBy(() -> new Truncation(Truncation.Form.FIXED, bad[0], bad[1]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("but was FIXED with " + bad[0] + " and " + bad[1]);
    }
    assertThatThrownBy(() -> Truncation.uniform(3, 2)).hasMessageContaining("UNIFORM with 3.0");
    assertThatThrownBy(() -> Truncation.normal(0, 0.1)).hasMessageContaining("NORMAL with 0.0");
    assertThatThrownBy(() -> new Truncation(Truncation.Form.ALL, 1, 0))
        .hasMessageContaining("ALL with 1.0");
  }
}
