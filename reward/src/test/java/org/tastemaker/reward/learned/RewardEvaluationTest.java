package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.reward.Rollouts;
import org.tastemaker.reward.learned.RewardEvaluation.Options;

class RewardEvaluationTest {
  @Test
  void accuracyIsTheShareOfPairsInTheJudgesOrder() {
    // judged 0 > 1 > 2; scored 0 > 2 > 1
    RewardEvaluation evaluation = evaluate(TiePolicy.WRONG, Ranking.of(0, 1, 2), 3, 1, 2);

    assertThat(evaluation.pairs()).isEqualTo(3);
    assertThat(evaluation.accuracy().getAsDouble()).isEqualTo(2 / 3.0);
  }

  @Test
  void equalScoresCountAsThePolicySays() {
    Ranking ranking = Ranking.of(0, 1, 2);

    assertThat(accuracy(TiePolicy.WRONG, ranking, 3, 1, 1)).isEqualTo(2 / 3.0);
    assertThat(accuracy(TiePolicy.HALF, ranking, 3, 1, 1)).isEqualTo(2.5 / 3);
    assertThat(accuracy(TiePolicy.RIGHT, ranking, 3, 1, 1)).isEqualTo(1);
    assertThat(accuracy(TiePolicy.SKIP, ranking, 3, 1, 1)).isEqualTo(1);
    assertThat(evaluate(TiePolicy.SKIP, ranking, 3, 1, 1).pairs()).isEqualTo(2);
    assertThat(evaluate(TiePolicy.HALF, ranking, 3, 1, 1).predictedTies()).isEqualTo(1);
    assertThat(evaluate(TiePolicy.HALF, ranking, 3, 1, 1).ties()).isEqualTo(TiePolicy.HALF);
  }

  @Test
  void whatTheJudgeHoldsForEqualIsNotCounted() {
    Ranking ranking = Ranking.ofTiers(3, List.of(List.of(0), List.of(1, 2)));

    RewardEvaluation evaluation = evaluate(TiePolicy.WRONG, ranking, 3, 1, 2);

    assertThat(evaluation.pairs()).isEqualTo(2);
    assertThat(evaluation.judgedTies()).isEqualTo(1);
    assertThat(evaluation.accuracy().getAsDouble()).isEqualTo(1);
  }

  @Test
  void whatWasNotJudgedIsNotCounted() {
    Ranking ranking = Ranking.ofTiers(3, List.of(List.of(0), List.of(2)));

    assertThat(evaluate(TiePolicy.WRONG, ranking, 3, 9, 2).pairs()).isEqualTo(1);
  }

  @Test
  void withoutPairsThereIsNoAccuracy() {
    RewardEvaluation evaluation = evaluate(TiePolicy.WRONG, Ranking.none(2), 1, 2);

    assertThat(evaluation.accuracy()).isEmpty();
    assertThat(evaluation.interval()).isEmpty();
    assertThat(evaluation.calibrationError()).isEmpty();
    assertThat(evaluation.bins()).isEmpty();
  }

  @Test
  void aSinglePromptHasNoInterval() {
    assertThat(evaluate(TiePolicy.WRONG, Ranking.of(0, 1), 1, 2).interval()).isEmpty();
  }

  @Test
  void theIntervalIsThatOfPromptsRatherThanOfPairs() {
    // 50 prompts are all right and 50 all wrong: 0.5 +- 1.96 * 0.05, though there are 600 pairs
    List<JudgedGroup> groups = new ArrayList<>();
    List<double[]> scores = new ArrayList<>();
    for (int g = 0; g < 100; g++) {
      groups.add(group("prompt " + g, Ranking.of(0, 1, 2, 3)));
      scores.add(g % 2 == 0 ? new double[] {4, 3, 2, 1} : new double[] {1, 2, 3, 4});
    }

    RewardEvaluation.Interval interval =
        RewardEvaluation.of(groups, scores, Options.defaults(), Seed.of(1))
            .interval()
            .orElseThrow();

    assertThat(interval.level()).isEqualTo(0.95);
    // the 2.5 % quantile of 1000 draws has a standard error of about 0.05 * 0.085: 5 of them
    assertThat(interval.low()).isCloseTo(0.402, within(0.022));
    assertThat(interval.high()).isCloseTo(0.598, within(0.022));
  }

  @Test
  void calibrationComparesConfidenceWithOutcomeInEachBin() {
    // ten pairs of confidence 0.7, of which six agree; one bin
    List<JudgedGroup> groups = new ArrayList<>();
    List<double[]> scores = new ArrayList<>();
    for (int g = 0; g < 10; g++) {
      groups.add(group("prompt " + g, g < 6 ? Ranking.of(0, 1) : Ranking.of(1, 0)));
      scores.add(new double[] {Math.log(0.7 / 0.3), 0});
    }

    RewardEvaluation evaluation =
        RewardEvaluation.of(groups, scores, Options.defaults(), Seed.of(1));

    assertThat(evaluation.bins()).hasSize(1);
    assertThat(evaluation.bins().get(0).pairs()).isEqualTo(10);
    assertThat(evaluation.bins().get(0).confidence()).isCloseTo(0.7, within(1e-12));
    assertThat(evaluation.bins().get(0).outcome()).isCloseTo(0.6, within(1e-12));
    assertThat(evaluation.calibrationError().getAsDouble()).isCloseTo(0.1, within(1e-12));
  }

  @Test
  void softLabelsAreOutcomes() {
    JudgedGroup soft =
        JudgedGroup.compared(
            Prompt.of("cat"),
            List.of(Rollouts.grey(0), Rollouts.grey(1)),
            Ballots.ofPreferences(2, List.of(new Preference(0, 1, 0.3))));

    // the scores say 0.7 for the second image, and so does the judge
    RewardEvaluation evaluation =
        RewardEvaluation.of(
            List.of(soft),
            List.of(new double[] {0, Math.log(0.7 / 0.3)}),
            Options.defaults(),
            Seed.of(1));

    assertThat(evaluation.calibrationError().getAsDouble()).isCloseTo(0, within(1e-12));
    assertThat(evaluation.accuracy().getAsDouble()).isEqualTo(1);
  }

  @Test
  void scoresThatAreNoNumbersAreSaid() {
    assertThatThrownBy(() -> evaluate(TiePolicy.WRONG, Ranking.of(0, 1), 1, Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the 2 images of prompt 'cat' need a finite score each, but had [1.0, NaN]");
    assertThatThrownBy(
            () ->
                RewardEvaluation.of(
                    List.of(group("cat", Ranking.of(0))),
                    List.of(),
                    Options.defaults(),
                    Seed.of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there must be scores for each of the 1 groups, but there were 0");
  }

  @Test
  void badOptionsAreSaid() {
    assertThatThrownBy(() -> new Options(TiePolicy.HALF, 1, 1000, 10))
        .hasMessage("level must be in (0, 1), but was 1.0");
    assertThatThrownBy(() -> new Options(TiePolicy.HALF, 0.9, 99, 10))
        .hasMessage("resamples must be at least 100, but was 99");
    assertThatThrownBy(() -> new Options(TiePolicy.HALF, 0.9, 100, 0))
        .hasMessage("bins must be at least 1, but was 0");
  }

  private static double accuracy(TiePolicy ties, Ranking ranking, double... scores) {
    return evaluate(ties, ranking, scores).accuracy().getAsDouble();
  }

  private static RewardEvaluation evaluate(TiePolicy ties, Ranking ranking, double... scores) {
    return RewardEvaluation.of(
        List.of(group("cat", ranking)),
        List.of(scores),
        new Options(ties, 0.95, 100, 10),
        Seed.of(1));
  }

  private static JudgedGroup group(String prompt, Ranking ranking) {
    return JudgedGroup.compared(
        Prompt.of(prompt),
        IntStream.range(0, ranking.size()).mapToObj(i -> Rollouts.grey(i / 10f)).toList(),
        Ballots.ofRankings(List.of(ranking)));
  }
}
