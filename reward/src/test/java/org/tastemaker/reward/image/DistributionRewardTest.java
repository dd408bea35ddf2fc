package org.tastemaker.reward.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.reward.Rollouts;
import org.tastemaker.reward.image.DistributionReward.Draw;
import org.tastemaker.reward.image.DistributionReward.Options;

class DistributionRewardTest {
  private static final Options MANY = new Options(20_000, Draw.BALANCED, 0, 2);

  @Test
  void imagesOfTheOverRepresentedClassAreRewardedByTheShareThatMayStay() {
    // 8 of class 0, 2 of class 1, target half and half: 5 of the 8 may stay
    Rewards rewards = score(MANY, labels(0, 0, 0, 0, 0, 0, 0, 0, 1, 1));

    for (int i = 0; i < 8; i++) {
      // a share of 20,000 draws: standard error sqrt(.625 * .375 / 20000) / .625 = 0.0055; 5 of
      // them
      assertThat(rewards.get(i).getAsDouble()).isCloseTo(Math.log(0.625), within(0.028));
    }
    // up to the rounding of 20,000 additions
    assertThat(rewards.get(8).getAsDouble()).isCloseTo(0, within(1e-9));
    assertThat(rewards.get(9).getAsDouble()).isCloseTo(0, within(1e-9));
  }

  @Test
  void independentDrawsHaveTheExpectationOfTheBinomialDistribution() {
    // one image of class 0, one of class 1: both may stay unless both draws are of the other class
    Rewards rewards = score(new Options(20_000, Draw.INDEPENDENT, 0, 2), labels(0, 1));

    // q = 3/4; standard error sqrt(.75 * .25 / 20000) / .75 = 0.0041; 5 of them
    assertThat(rewards.get(0).getAsDouble()).isCloseTo(Math.log(0.75), within(0.021));
    assertThat(rewards.get(1).getAsDouble()).isCloseTo(Math.log(0.75), within(0.021));
  }

  @Test
  void aSetAsItShouldBeHasOnlyZeros() {
    Rewards rewards = score(Options.defaults(), labels(0, 1, 1, 0, 1, 0));

    // 200 additions of 1/200
    rewards.values().forEach(r -> assertThat(r.getAsDouble()).isCloseTo(0, within(1e-12)));
  }

  @Test
  void aClassThatIsNotWishedForHasTheLeastReward() {
    Rewards rewards =
        score(Options.defaults(), p -> Optional.of(new double[] {1, 0}), labels(0, 1, 1));

    assertThat(rewards.get(0).getAsDouble()).isCloseTo(0, within(1e-12));
    assertThat(rewards.get(1).getAsDouble()).isEqualTo(Math.log(1 / 201.0));
    assertThat(rewards.get(2).getAsDouble()).isEqualTo(Math.log(1 / 201.0));
  }

  @Test
  void theImagesThatAreLeastOfTheirClassAreTheOnesToChange() {
    AttributeClassifier classifier =
        image -> {
          double p = 0.6 + 0.1 * Math.round(image.get(0, 0, 0) * 4); // 0.6, 0.7, 0.8, 0.9
          return Optional.of(new double[] {p, 1 - p});
        };

    Rewards rewards = score(Options.defaults(), DistributionReward.uniform(2), classifier, 4);

    assertThat(rewards.get(0).getAsDouble()).isEqualTo(Math.log(1 / 201.0));
    assertThat(rewards.get(1).getAsDouble()).isEqualTo(Math.log(1 / 201.0));
    assertThat(rewards.get(2).getAsDouble()).isCloseTo(0, within(1e-12));
    assertThat(rewards.get(3).getAsDouble()).isCloseTo(0, within(1e-12));
  }

  @Test
  void balancedDrawsHaveTheWishedSharesEvenOfOddSets() {
    DistributionReward reward =
        new DistributionReward(
            image -> Optional.empty(), DistributionReward.uniform(2), MANY, Seed.of(1));

    double[][] targets =
        reward.targets(
            List.of(new double[] {1, 0}, new double[] {1, 0}, new double[] {1, 0}),
            new double[] {0.2, 0.8});

    // each image is of class 0 in 0.2 of the draws: standard error 0.0028; 5 of them
    for (double[] q : targets) {
      assertThat(q[0]).isCloseTo(0.2, within(0.015));
      assertThat(q[0] + q[1]).isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void anImageThatCannotBeToldIsMissingAndNotPartOfTheSet() {
    Rewards rewards = score(Options.defaults(), labels(0, -1, 1));

    assertThat(rewards.get(1)).isEmpty();
    assertThat(rewards.get(0).getAsDouble()).isCloseTo(0, within(1e-12));
    assertThat(rewards.get(2).getAsDouble()).isCloseTo(0, within(1e-12));
  }

  @Test
  void anImageThatIsToldWithTooLittleConfidenceIsMissing() {
    AttributeClassifier classifier =
        image ->
            Optional.of(
                image.get(0, 0, 0) == 0 ? new double[] {0.55, 0.45} : new double[] {0.9, 0.1});

    Rewards rewards =
        score(new Options(50, Draw.BALANCED, 0.6, 2), DistributionReward.uniform(2), classifier, 3);

    assertThat(rewards.values().stream().map(OptionalDouble::isPresent))
        .containsExactly(false, true, true);
  }

  @Test
  void aSetThatIsTooSmallIsMissing() {
    assertThat(score(Options.defaults(), labels(0, -1, -1)).present()).isZero();
  }

  @Test
  void aPromptWithoutAWishIsMissing() {
    assertThat(score(Options.defaults(), p -> Optional.empty(), labels(0, 0, 1)).present())
        .isZero();
  }

  @Test
  void eachPromptIsASetOfItsOwn() {
    List<Prompt> prompts = List.of(Prompt.of("a"), Prompt.of("b"), Prompt.of("a"), Prompt.of("b"));
    try (Rollout rollout =
        Rollouts.of(
            prompts, IntStream.range(0, 4).mapToObj(DistributionRewardTest::image).toList())) {
      Rewards rewards =
          reward(Options.defaults(), DistributionReward.uniform(2), labels(0, 0, 0, 1))
              .score(rollout, List.of());

      // the set of b matches the target, that of a does not: half of the draws for each image
      assertThat(rewards.get(1).getAsDouble()).isCloseTo(0, within(1e-12));
      assertThat(rewards.get(3).getAsDouble()).isCloseTo(0, within(1e-12));
      // 200 draws: standard error of ln q is 0.07; 5 of them
      assertThat(rewards.get(0).getAsDouble()).isCloseTo(Math.log(0.5), within(0.36));
    }
  }

  @Test
  void theSameSeedGivesTheSameRewards() {
    assertThat(score(Options.defaults(), labels(0, 0, 0, 1)))
        .isEqualTo(score(Options.defaults(), labels(0, 0, 0, 1)));
  }

  @Test
  void badTargetsAndProbabilitiesAreSaid() {
    assertThatThrownBy(
            () ->
                score(Options.defaults(), p -> Optional.of(new double[] {0.5, 0.6}), labels(0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the target of prompt 'cat' must be the shares of at least 2 classes, each in [0, 1] and"
                + " sum to 1, but was [0.5, 0.6]");
    assertThatThrownBy(
            () ->
                score(
                    Options.defaults(),
                    DistributionReward.uniform(2),
                    image -> Optional.of(new double[] {Double.NaN, 1}),
                    2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the classifier's output for image 0 must be the shares of at least 2 classes, each in"
                + " [0, 1] and sum to 1, but was [NaN, 1.0]");
    assertThatThrownBy(() -> score(Options.defaults(), DistributionReward.uniform(3), labels(0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the classifier gives 2 classes for image 0, but the target has shares of 3");
    assertThatThrownBy(() -> DistributionReward.uniform(1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void badOptionsAreSaid() {
    assertThatThrownBy(() -> new Options(0, Draw.BALANCED, 0, 2))
        .hasMessage("draws must be at least 1, but was 0");
    assertThatThrownBy(() -> new Options(1, Draw.BALANCED, Double.NaN, 2))
        .hasMessage("minConfidence must be in [0, 1], but was NaN");
    assertThatThrownBy(() -> new Options(1, Draw.BALANCED, 0, 1))
        .hasMessage("a distribution needs a set, so minImages must be at least 2, but was 1");
    assertThatThrownBy(() -> AttributeClassifier.ofLabels(1, i -> OptionalInt.of(0)))
        .hasMessage("an attribute has at least 2 classes, but was given 1");
    assertThatThrownBy(
            () -> AttributeClassifier.ofLabels(2, i -> OptionalInt.of(2)).classify(image(0)))
        .hasMessage("a label must be in [0, 2), but was 2");
  }

  /** The class of each image, -1 if it cannot be recognised. */
  private record Labels(int... of) implements AttributeClassifier {
    @Override
    public Optional<double[]> classify(Image image) {
      int label = of[Math.round(image.get(0, 0, 0) * 100)];
      return AttributeClassifier.ofLabels(
              2, i -> label < 0 ? OptionalInt.empty() : OptionalInt.of(label))
          .classify(image);
    }
  }

  private static Labels labels(int... of) {
    return new Labels(of);
  }

  private static Image image(int index) {
    return Rollouts.grey(index / 100f);
  }

  private static Rewards score(Options options, Labels labels) {
    return score(options, DistributionReward.uniform(2), labels);
  }

  private static Rewards score(
      Options options, Function<Prompt, Optional<double[]>> target, Labels labels) {
    try (Rollout rollout =
        Rollouts.of(
            Arrays.stream(labels.of).mapToObj(l -> Prompt.of("cat")).toList(),
            IntStream.range(0, labels.of.length)
                .mapToObj(DistributionRewardTest::image)
                .toList())) {
      return reward(options, target, labels).score(rollout, List.of());
    }
  }

  private static Rewards score(
      Options options,
      Function<Prompt, Optional<double[]>> target,
      AttributeClassifier classifier,
      int images) {
    String[] prompts = new String[images];
    Arrays.fill(prompts, "cat");
    try (Rollout rollout = Rollouts.ofPrompts(prompts)) {
      return reward(options, target, classifier).score(rollout, List.of());
    }
  }

  private static DistributionReward reward(
      Options options,
      Function<Prompt, Optional<double[]>> target,
      AttributeClassifier classifier) {
    return new DistributionReward(classifier, target, options, Seed.of(7));
  }
}
