package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.reward.learned.JudgedGroup;
import org.tastemaker.reward.learned.RewardEvaluation;

class HpsEvaluationTest {
  private static final RewardEvaluation.Options OPTIONS = RewardEvaluation.Options.defaults();

  private static JudgedGroup group(String prompt, Ranking ranking) {
    return JudgedGroup.compared(
        Prompt.of(prompt),
        IntStream.range(0, ranking.size()).mapToObj(i -> ToyClip.image(8, 8, i)).toList(),
        Ballots.ofRankings(List.of(ranking)));
  }

  private static HpsEvaluation evaluate(List<JudgedGroup> groups, double[]... scores) {
    return HpsEvaluation.of(groups, List.of(scores), OPTIONS, Seed.of(1));
  }

  @Test
  void accuracyIsTheShareOfChoicesWithTheHighestScore() {
    HpsEvaluation found =
        evaluate(
            List.of(group("a", Ranking.of(0, 1, 2)), group("b", Ranking.of(0, 1, 2, 3))),
            new double[] {3, 2, 1},
            new double[] {1, 2, 0, 0.5});
    assertThat(found.prompts()).isEqualTo(2);
    assertThat(found.choices()).isEqualTo(2);
    assertThat(found.accuracy()).hasValue(0.5);
    assertThat(found.chance().getAsDouble()).isCloseTo((1.0 / 3 + 1.0 / 4) / 2, within(1e-12));
    assertThat(found.pairs().pairs()).isEqualTo(9);
  }

  @Test
  void equalHighestScoresCountInPart() {
    HpsEvaluation found =
        evaluate(List.of(group("a", Ranking.of(0, 1, 2))), new double[] {3, 3, 1});
    assertThat(found.accuracy()).hasValue(0.5);
  }

  @Test
  void eachOfTheImagesThatTieForTheFirstPlaceIsRight() {
    Ranking tied = Ranking.ofTiers(3, List.of(List.of(0, 2), List.of(1)));
    HpsEvaluation found = evaluate(List.of(group("a", tied)), new double[] {0, 0, 1});
    assertThat(found.accuracy()).hasValue(1);
    assertThat(found.chance().getAsDouble()).isCloseTo(2.0 / 3, within(1e-12));
  }

  @Test
  void promptWithoutAChoiceIsLeftOut() {
    HpsEvaluation found = evaluate(List.of(group("a", Ranking.none(2))), new double[] {0, 1});
    assertThat(found.choices()).isZero();
    assertThat(found.accuracy()).isEmpty();
    assertThat(found.interval()).isEmpty();
    assertThat(found.chance()).isEmpty();
  }

  @Test
  void intervalIsABootstrapOverPrompts() {
    // Half of 40 prompts right: the accuracy's standard error is sqrt(0.25 / 40) = 0.079.
    List<JudgedGroup> groups = new ArrayList<>();
    List<double[]> scores = new ArrayList<>();
    for (int p = 0; p < 40; p++) {
      groups.add(group("prompt " + p, Ranking.of(0, 1)));
      scores.add(new double[] {p % 2, 0.5});
    }
    HpsEvaluation found = HpsEvaluation.of(groups, scores, OPTIONS, Seed.of(1));
    RewardEvaluation.Interval interval = found.interval().orElseThrow();
    assertThat(interval.low()).isCloseTo(0.5 - 1.96 * 0.079, within(0.03));
    assertThat(interval.high()).isCloseTo(0.5 + 1.96 * 0.079, within(0.03));
    assertThat(interval.level()).isEqualTo(0.95);
  }

  @Test
  void scoresThatAreMissingAreRefused() {
    List<JudgedGroup> groups = List.of(group("a", Ranking.of(0, 1)));
    assertThatIllegalArgumentException().isThrownBy(() -> evaluate(groups, new double[] {1}));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> evaluate(groups, new double[] {1, Double.NaN}));
  }
}
