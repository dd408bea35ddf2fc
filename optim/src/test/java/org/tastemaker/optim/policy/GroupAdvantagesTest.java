package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Prompt;

/** Three prompts of four images, whose numbers are those of the reference implementations. */
class GroupAdvantagesTest {
  private static final List<Prompt> PROMPTS =
      Stream.of("a", "b", "c")
          .flatMap(text -> Collections.nCopies(4, Prompt.of(text)).stream())
          .toList();
  private static final double[] REWARDS = {.2, .5, .5, .9, .1, .1, .1, .1, 1, 0, 0, 0};

  @ParameterizedTest
  @CsvSource({
    "GROUP, 1e-4, -1.3060241184, -0.1004633937, 1.5069509058, 1.7316508999, -0.5772169666",
    "GROUP_UNBIASED, 1e-8, -1.1315047243, -0.0870388249, 1.3055823742, 1.4999999700, -0.4999999900",
    "BATCH, 1e-4, -0.9618719769, -0.0739901521, 1.1098522811, 2.2197045621, -0.7399015207",
    "BATCH_UNBIASED, 1e-4, -0.9209339086, -0.0708410699, 1.0626160483, 2.1252320967, -0.7084106989",
    "NONE, 1e-4, -0.325, -0.025, 0.375, 0.75, -0.25"
  })
  void advantagesAreTheReferences(
      Deviation deviation,
      double epsilon,
      double first,
      double second,
      double fourth,
      double winner,
      double loser) {
    GroupAdvantages found = GroupAdvantages.of(PROMPTS, REWARDS, deviation, epsilon);

    assertThat(found.images().toArray()).containsExactly(0, 1, 2, 3, 8, 9, 10, 11);
    assertThat(found.values().toArray())
        .containsExactly(
            new double[] {first, second, second, fourth, winner, loser, loser, loser},
            within(1e-9));
    assertThat(found.groups()).isEqualTo(3);
    assertThat(found.withoutVariance()).isEqualTo(1);
  }

  @Test
  void theImagesOfAPromptNeedNotStandTogether() {
    List<Prompt> mixed = List.of(Prompt.of("a"), Prompt.of("b"), Prompt.of("a"), Prompt.of("b"));
    GroupAdvantages found =
        GroupAdvantages.of(mixed, new double[] {1, 10, 3, 30}, Deviation.NONE, 0);
    assertThat(found.images().toArray()).containsExactly(0, 2, 1, 3);
    assertThat(found.values().toArray()).containsExactly(-1, 1, -10, 10);
  }

  @Test
  void oneImageAloneIsComparedWithNothing() {
    List<Prompt> prompts = List.of(Prompt.of("a"), Prompt.of("b"), Prompt.of("b"));
    for (Deviation deviation : Deviation.values()) {
      GroupAdvantages found = GroupAdvantages.of(prompts, new double[] {5, 1, 2}, deviation, 1e-8);
      assertThat(found.images().toArray()).containsExactly(1, 2);
      assertThat(found.withoutVariance()).isEqualTo(1);
    }
  }

  @Test
  void equalRewardsHaveNoVarianceWhateverTheirMeanIsRoundedTo() {
    double[] rewards = {0.1, 0.1, 0.1}; // whose sum / 3 is not 0.1
    GroupAdvantages found =
        GroupAdvantages.of(
            Collections.nCopies(3, Prompt.of("a")), rewards, Deviation.GROUP_UNBIASED, 1e-8);
    assertThat(found.isEmpty()).isTrue();
    assertThat(found.withoutVariance()).isEqualTo(1);
  }
}
