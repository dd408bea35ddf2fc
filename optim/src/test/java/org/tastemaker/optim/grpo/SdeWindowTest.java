package org.tastemaker.optim.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.StepWindow;

class SdeWindowTest {
  private static final StepWindow NINE = new StepWindow(0, 9);

  private static List<Integer> firsts(SdeWindow window, int rounds) {
    return LongStream.range(0, rounds)
        .mapToObj(round -> window.at(round, NINE, Seed.of(1)).first())
        .toList();
  }

  @Test
  void aProgressiveWindowSlidesToTheEndAndBack() {
    SdeWindow window = SdeWindow.progressive().withEvery(2);
    assertThat(firsts(window, 14)).containsExactly(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 0, 0);
    assertThat(window.at(5, NINE, Seed.of(1))).isEqualTo(new StepWindow(2, 6));
    assertThat(firsts(window.withEvery(1).withStride(4), 4)).containsExactly(0, 4, 2, 0);
  }

  @Test
  void aRandomWindowIsAFunctionOfTheSeedAndTheRound() {
    SdeWindow window = SdeWindow.random(2);
    List<Integer> found = firsts(window, 200);
    assertThat(found).containsOnly(0, 1, 2, 3, 4, 5, 6, 7).isEqualTo(firsts(window, 200));
    assertThat(LongStream.range(0, 200).mapToObj(i -> window.at(i, NINE, Seed.of(2)).first()))
        .isNotEqualTo(found);
    List<Integer> pairs = firsts(window.withEvery(2), 200);
    for (int i = 0; i < 200; i += 2) {
      assertThat(pairs.get(i)).isEqualTo(pairs.get(i + 1));
    }
  }

  @Test
  void aWindowStaysWithinTheStepsThatCanBeTrained() {
    StepWindow within = new StepWindow(3, 6);
    for (int round = 0; round < 20; round++) {
      StepWindow found = SdeWindow.random(2).at(round, within, Seed.of(1));
      assertThat(found.first()).isBetween(3, 4);
      assertThat(found.end()).isEqualTo(found.first() + 2);
    }
    assertThat(SdeWindow.random(3).at(7, within, Seed.of(1))).isEqualTo(within);
  }

  @Test
  void aWindowThatIsTooLargeIsAnError() {
    assertThatThrownBy(() -> SdeWindow.progressive().at(0, new StepWindow(0, 3), Seed.of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the window holds 4 steps, but of the policy's steps 3 can be trained on (steps 0 to"
                + " 2)");
    assertThatThrownBy(() -> SdeWindow.random(0)).hasMessageContaining("window.size must be");
  }
}
