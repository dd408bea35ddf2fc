package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.PlackettLuce.Tail;
import org.tastemaker.reward.Rollouts;
import org.tastemaker.reward.learned.PromptClassificationLoss.Options;

class RewardLossTest {
  private static final RewardLoss BRADLEY_TERRY = new BradleyTerryLoss();
  private static final RewardLoss PLACKETT_LUCE = PlackettLuceLoss.full(Tail.TIED);
  private static final PromptPerturbation COLOURS =
      PromptPerturbation.replacing(List.of(List.of("red", "green", "blue")));

  @Test
  void bradleyTerryIsTheMeanOverAllPairs() {
    double byHand = -(logSigmoid(0.8 - 0.3) + logSigmoid(0.8 + 1.2) + logSigmoid(0.3 + 1.2)) / 3;

    assertThat(value(BRADLEY_TERRY, ranked(Ranking.of(2, 0, 1)), 0.3, -1.2, 0.8))
        .isCloseTo(byHand, within(1e-14));
  }

  @Test
  void aSoftLabelIsACrossEntropy() {
    JudgedGroup group =
        group(2, Ballots.ofPreferences(2, List.of(new Preference(0, 1, 0.689974481))));

    double byHand = -(0.689974481 * logSigmoid(0.5) + 0.310025519 * logSigmoid(-0.5));
    assertThat(value(BRADLEY_TERRY, group, 0.2, -0.3)).isCloseTo(byHand, within(1e-14));
  }

  @Test
  void aSoftLabelIsLearnedBestAtItsLogOdds() {
    JudgedGroup group =
        group(2, Ballots.ofPreferences(2, List.of(new Preference(0, 1, 0.689974481))));

    // ln(p / (1 - p)) = 0.8 is what the swapped verdicts of a judge average to
    double[] gradient = gradient(BRADLEY_TERRY, group, 0.8, 0);
    assertThat(gradient).containsExactly(new double[] {0, 0}, within(1e-9));
  }

  @Test
  void aTieIsLearnedBestByEqualScores() {
    JudgedGroup group = ranked(Ranking.ofTiers(3, List.of(List.of(0, 1, 2))));

    for (RewardLoss loss : List.of(BRADLEY_TERRY, PLACKETT_LUCE)) {
      assertThat(gradient(loss, group, 0.4, 0.4, 0.4))
          .containsExactly(new double[] {0, 0, 0}, within(1e-14));
    }
  }

  @Test
  void plackettLuceIsTheLikelihoodOfTheRanking() {
    double byHand =
        -(0.8 - Math.log(Math.exp(0.3) + Math.exp(-1.2) + Math.exp(0.8)))
            - (0.3 - Math.log(Math.exp(0.3) + Math.exp(-1.2)));

    assertThat(value(PLACKETT_LUCE, ranked(Ranking.of(2, 0, 1)), 0.3, -1.2, 0.8))
        .isCloseTo(byHand, within(1e-14));
  }

  @Test
  void theBestOfKIsACrossEntropyWithTheWinner() {
    double byHand = -(0.8 - Math.log(Math.exp(0.3) + Math.exp(-1.2) + Math.exp(0.8)));

    assertThat(
            value(PlackettLuceLoss.topK(1, Tail.TIED), ranked(Ranking.of(2, 0, 1)), 0.3, -1.2, 0.8))
        .isCloseTo(byHand, within(1e-14));
  }

  @Test
  void ofTwoImagesBothLossesAreOne() {
    for (Ranking ranking : List.of(Ranking.of(1, 0), Ranking.ofTiers(2, List.of(List.of(0, 1))))) {
      assertThat(value(PLACKETT_LUCE, ranked(ranking), 0.4, -0.9))
          .isCloseTo(value(BRADLEY_TERRY, ranked(ranking), 0.4, -0.9), within(1e-14));
      assertThat(gradient(PLACKETT_LUCE, ranked(ranking), 0.4, -0.9))
          .containsExactly(gradient(BRADLEY_TERRY, ranked(ranking), 0.4, -0.9), within(1e-14));
    }
  }

  @Test
  void anImageThatWasNotRankedGetsNoGradient() {
    JudgedGroup group = ranked(Ranking.ofTiers(3, List.of(List.of(2), List.of(0))));

    for (RewardLoss loss : List.of(BRADLEY_TERRY, PLACKETT_LUCE)) {
      double[] gradient = gradient(loss, group, 0.3, 5, 0.8);
      assertThat(gradient[1]).isZero();
      assertThat(gradient[2]).isNegative();
    }
  }

  @Test
  void aGroupThatSaysNothingHasNoTerm() {
    assertThat(BRADLEY_TERRY.of(ranked(Ranking.none(2)))).isEmpty();
    assertThat(BRADLEY_TERRY.of(ranked(Ranking.of(0)))).isEmpty();
    assertThat(PLACKETT_LUCE.of(ranked(Ranking.none(2)))).isEmpty();
    assertThat(
            PlackettLuceLoss.full(Tail.UNKNOWN)
                .of(ranked(Ranking.ofTiers(2, List.of(List.of(0, 1))))))
        .isEmpty();
    assertThat(lee(Options.defaults()).of(ranked(Ranking.of(0, 1)))).isEmpty();
  }

  @Test
  void labelsAreLearnedBySquaredErrorsAndPromptsByClassification() {
    JudgedGroup group = labelled("a red cat", 1, 0);

    RewardLoss.Term term = lee(Options.defaults()).of(group).orElseThrow();

    // rows: both images with their prompt, then the good one with two other colours
    assertThat(term.prompts().stream().map(Prompt::text))
        .containsExactly("a red cat", "a red cat", "a green cat", "a blue cat");
    assertThat(term.images().subList(2, 4))
        .containsExactly(group.images().get(0), group.images().get(0));
    double[] r = {0.7, 0.2, 0.1, -0.4};
    double squares = ((1 - 0.7) * (1 - 0.7) + 0.2 * 0.2) / 2;
    double classification =
        -(0.7 / 2 - Math.log(Math.exp(0.7 / 2) + Math.exp(0.1 / 2) + Math.exp(-0.4 / 2)));
    assertThat(term.value().evaluate(r, new double[4]))
        .isCloseTo(squares + 0.5 * classification, within(1e-14));
  }

  @Test
  void withoutAWordToReplaceOnlySquaredErrorsAreLeft() {
    RewardLoss.Term term = lee(Options.defaults()).of(labelled("a cat", 1, 0)).orElseThrow();

    assertThat(term.images()).hasSize(2);
    assertThat(term.value().evaluate(new double[] {1, 0}, new double[2])).isZero();
  }

  @Test
  void aMissingLabelIsLeftOut() {
    JudgedGroup whole = labelled("a cat", 1, 0, 0);
    JudgedGroup partly =
        JudgedGroup.labelled(
            whole.prompt(),
            whole.images(),
            List.of(OptionalDouble.of(1), OptionalDouble.empty(), OptionalDouble.of(0)));

    RewardLoss.Term term = lee(Options.defaults()).of(partly).orElseThrow();

    assertThat(term.images()).containsExactly(whole.images().get(0), whole.images().get(2));
  }

  @Test
  void aScoreIsNoLabel() {
    JudgedGroup group = labelled("a cat", 1, 7);

    assertThatThrownBy(() -> lee(Options.defaults()).of(group))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the label of image 1 of prompt 'a cat' must be in [0, 1], 1 for good, but was 7.0; make"
                + " labels of scores with PreferenceSet.goodFrom(threshold)");
  }

  @Property(tries = 100)
  void gradientsAreThoseOfTheValues(
      @ForAll @Size(min = 2, max = 5) List<@IntRange(min = 0, max = 3) Integer> judged,
      @ForAll long key) {
    Ranking ranking = Ranking.ofScores(judged.stream().mapToDouble(s -> s).toArray());
    JudgedGroup group =
        new JudgedGroup(
            Prompt.of("a red cat"),
            images(judged.size()),
            new Ballots(judged.size(), List.of(ranking), List.of(new Preference(0, 1, 0.3))),
            judged.stream().map(s -> OptionalDouble.of(s / 3.0)).toList());
    for (RewardLoss loss :
        List.of(
            BRADLEY_TERRY,
            PLACKETT_LUCE,
            PlackettLuceLoss.topK(2, Tail.TIED),
            PlackettLuceLoss.full(Tail.UNKNOWN),
            lee(new Options(0.5, 2, 0.5)),
            lee(new Options(3, 0.5, 0)))) {
      checkGradient(loss.of(group).orElseThrow(), key);
    }
  }

  @Test
  void badHyperParametersAreSaid() {
    assertThatThrownBy(() -> new Options(-1, 2, 0.5))
        .hasMessage("lambda must be finite and at least 0, but was -1.0");
    assertThatThrownBy(() -> new Options(0.5, 0, 0.5))
        .hasMessage("temperature must be finite and above 0, but was 0.0");
    assertThatThrownBy(() -> new Options(0.5, 2, Double.NaN))
        .hasMessage("goodFrom must be in [0, 1], but was NaN");
    assertThatThrownBy(() -> PlackettLuceLoss.topK(0, Tail.TIED))
        .hasMessage("k must be at least 1, but was 0");
  }

  private static void checkGradient(RewardLoss.Term term, long key) {
    int n = term.images().size();
    float[] draws = new float[n];
    Seed.of(key).gaussian(0, draws);
    double[] scores = IntStream.range(0, n).mapToDouble(i -> draws[i]).toArray();
    double[] gradient = new double[n];
    term.value().evaluate(scores, gradient);
    double h = 1e-5;
    for (int i = 0; i < n; i++) {
      double[] up = scores.clone();
      double[] down = scores.clone();
      up[i] += h;
      down[i] -= h;
      double numeric =
          (term.value().evaluate(up, new double[n]) - term.value().evaluate(down, new double[n]))
              / (2 * h);
      // h^2 = 1e-10 times third derivatives up to 10, and rounding of values up to 100: 1e-14 / h
      assertThat(gradient[i]).isCloseTo(numeric, within(1e-8));
    }
  }

  private static RewardLoss lee(Options options) {
    return new PromptClassificationLoss(COLOURS, options);
  }

  private static double value(RewardLoss loss, JudgedGroup group, double... scores) {
    return loss.of(group).orElseThrow().value().evaluate(scores, new double[scores.length]);
  }

  private static double[] gradient(RewardLoss loss, JudgedGroup group, double... scores) {
    double[] gradient = new double[scores.length];
    loss.of(group).orElseThrow().value().evaluate(scores, gradient);
    return gradient;
  }

  private static double logSigmoid(double x) {
    return -Math.log1p(Math.exp(-x));
  }

  private static JudgedGroup ranked(Ranking ranking) {
    return group(ranking.size(), Ballots.ofRankings(List.of(ranking)));
  }

  private static JudgedGroup group(int size, Ballots ballots) {
    return JudgedGroup.compared(Prompt.of("a red cat"), images(size), ballots);
  }

  private static JudgedGroup labelled(String prompt, double... labels) {
    List<OptionalDouble> all = new ArrayList<>();
    for (double label : labels) {
      all.add(OptionalDouble.of(label));
    }
    return JudgedGroup.labelled(
        Prompt.of(prompt), images(labels.length), Collections.unmodifiableList(all));
  }

  private static List<Image> images(int count) {
    return IntStream.range(0, count).mapToObj(i -> Rollouts.grey(i / 10f)).toList();
  }
}
