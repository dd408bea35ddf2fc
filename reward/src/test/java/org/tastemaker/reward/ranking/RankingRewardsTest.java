package org.tastemaker.reward.ranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.BradleyTerry;
import org.tastemaker.core.aggregate.PlackettLuce;
import org.tastemaker.reward.Rollouts;

class RankingRewardsTest {
  private static final BradleyTerry.Options BRADLEY_TERRY = BradleyTerry.Options.defaults();
  private static final PlackettLuce.Options PLACKETT_LUCE = PlackettLuce.Options.defaults();

  @Test
  void aWinRateIsTheShareOfTheOthersThatAreBeaten() {
    assertThat(WinRateReward.winRates(Ranking.of(2, 0, 1)))
        .containsExactly(OptionalDouble.of(0.5), OptionalDouble.of(0), OptionalDouble.of(1));
  }

  @Test
  void aTieIsHalfAWin() {
    Ranking ranking = Ranking.ofTiers(3, List.of(List.of(0, 1), List.of(2)));

    assertThat(WinRateReward.winRates(ranking))
        .containsExactly(OptionalDouble.of(0.75), OptionalDouble.of(0.75), OptionalDouble.of(0));
  }

  @Test
  void anImageThatWasNotRankedIsMissingAndIsNotCountedAsBeaten() {
    Ranking ranking = Ranking.ofTiers(4, List.of(List.of(3), List.of(1), List.of(0)));

    assertThat(WinRateReward.winRates(ranking))
        .containsExactly(
            OptionalDouble.of(0),
            OptionalDouble.of(0.5),
            OptionalDouble.empty(),
            OptionalDouble.of(1));
  }

  @Test
  void aSingleImageHasNoWinRate() {
    assertThat(WinRateReward.winRates(Ranking.of(0))).containsExactly(OptionalDouble.empty());
  }

  @Property
  void winRatesAreInOrderAndTheirMeanIsOneHalf(
      @ForAll @Size(min = 2, max = 9) List<@IntRange(min = 0, max = 4) Integer> scores) {
    Ranking ranking = Ranking.ofScores(scores.stream().mapToDouble(s -> s).toArray());

    List<OptionalDouble> rates = WinRateReward.winRates(ranking);

    // at most 9 rates of a few operations each
    assertThat(rates.stream().mapToDouble(OptionalDouble::getAsDouble).average().orElseThrow())
        .isCloseTo(0.5, within(1e-14));
    for (Preference pair : ranking.pairs()) {
      double difference =
          rates.get(pair.first()).getAsDouble() - rates.get(pair.second()).getAsDouble();
      assertThat(Math.signum(difference)).isEqualTo(Math.signum(pair.probability() - 0.5));
    }
  }

  @Test
  void theMeanOfARewardByOrderIsTheSameWhateverTheOrder() {
    for (RewardModel model :
        List.of(
            WinRateReward.overall(),
            BradleyTerryReward.overall(BRADLEY_TERRY),
            PlackettLuceReward.overall(PLACKETT_LUCE))) {
      assertThat(model.isRelative()).isTrue();
      try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a")) {
        double one = mean(model, rollout, Ranking.of(2, 0, 1));
        double tied = mean(model, rollout, Ranking.ofTiers(3, List.of(List.of(0, 1), List.of(2))));
        // sums of three numbers near 1, and a fit that stops near its maximum
        assertThat(one).isCloseTo(tied, within(1e-6));
      }
    }
    RewardModel scores = (rollout, judgements) -> Rewards.of(1, 2, 3);
    assertThat(scores.isRelative()).isFalse();
  }

  private static double mean(RewardModel model, Rollout rollout, Ranking ranking) {
    return model.score(rollout, List.of(judged(ranking))).mean().orElseThrow();
  }

  @Test
  void rewardsStandWhereTheImagesStandInTheRollout() {
    try (Rollout rollout = Rollouts.ofPrompts("cat", "dog", "cat", "dog", "dog")) {
      Rewards rewards =
          WinRateReward.overall()
              .score(rollout, List.of(judged(Ranking.of(1, 0)), judged(Ranking.of(1, 2, 0))));

      assertThat(rewards).isEqualTo(Rewards.of(0, 0, 1, 1, 0.5));
    }
  }

  @Test
  void aMissingJudgementLeavesItsPromptWithoutRewards() {
    List<RewardModel> models =
        List.of(
            WinRateReward.overall(),
            BradleyTerryReward.overall(BRADLEY_TERRY),
            PlackettLuceReward.overall(PLACKETT_LUCE));
    try (Rollout rollout = Rollouts.ofPrompts("cat", "dog", "cat", "dog")) {
      for (RewardModel model : models) {
        Rewards rewards =
            model.score(
                rollout,
                List.of(
                    Judgement.missing(2, "refused", "judge", Usage.NONE),
                    judged(Ranking.of(1, 0))));

        assertThat(rewards.values().stream().map(OptionalDouble::isPresent))
            .containsExactly(false, true, false, true);
      }
    }
  }

  @Test
  void anOrderByACriterionIsTakenByItsName() {
    Judgement judgement = byCriterion(Ranking.of(0, 1), Map.of("harm", Ranking.of(1, 0)));
    try (Rollout rollout = Rollouts.ofPrompts("cat", "cat")) {
      List<Judgement> judgements = List.of(judgement);

      assertThat(WinRateReward.byCriterion("harm").score(rollout, judgements))
          .isEqualTo(Rewards.of(0, 1));
      assertThat(BradleyTerryReward.byCriterion("harm", BRADLEY_TERRY).score(rollout, judgements))
          .isNotEqualTo(BradleyTerryReward.overall(BRADLEY_TERRY).score(rollout, judgements));
      assertThat(PlackettLuceReward.byCriterion("harm", PLACKETT_LUCE).score(rollout, judgements))
          .isNotEqualTo(PlackettLuceReward.overall(PLACKETT_LUCE).score(rollout, judgements));
    }
  }

  @Test
  void aPromptThatWasNotJudgedByTheCriterionIsMissing() {
    try (Rollout rollout = Rollouts.ofPrompts("cat", "dog", "cat", "dog")) {
      Rewards rewards =
          WinRateReward.byCriterion("harm")
              .score(
                  rollout,
                  List.of(
                      judged(Ranking.of(0, 1)),
                      byCriterion(Ranking.of(0, 1), Map.of("harm", Ranking.of(1, 0)))));

      assertThat(rewards.values())
          .containsExactly(
              OptionalDouble.empty(),
              OptionalDouble.of(0),
              OptionalDouble.empty(),
              OptionalDouble.of(1));
    }
  }

  @Test
  void aCriterionThatNobodyKnowsIsSaid() {
    Judgement judgement = byCriterion(Ranking.of(0, 1), Map.of("harm", Ranking.of(1, 0)));
    try (Rollout rollout = Rollouts.ofPrompts("cat", "cat")) {
      assertThatThrownBy(
              () -> WinRateReward.byCriterion("harmm").score(rollout, List.of(judgement)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "no judgement has an order by the criterion 'harmm'; there are orders by [harm]");
    }
  }

  @Test
  void logWorthsOfTwoImagesSolveTheirOneEquation() {
    // the maximum of ln sigma(2 t) - lambda t^2 with lambda = 0.1: 2 sigma(-2 t) = 0.2 t
    Rewards rewards = score(BradleyTerryReward.overall(BRADLEY_TERRY), Ranking.of(1, 0));

    double t = rewards.get(1).getAsDouble();
    assertThat(rewards.get(0).getAsDouble()).isCloseTo(-t, within(1e-9));
    assertThat(2 / (1 + Math.exp(2 * t))).isCloseTo(0.2 * t, within(1e-9));
  }

  @Test
  void ofTwoImagesPlackettLuceIsBradleyTerry() {
    Rewards bradleyTerry = score(BradleyTerryReward.overall(BRADLEY_TERRY), Ranking.of(1, 0));
    Rewards plackettLuce = score(PlackettLuceReward.overall(PLACKETT_LUCE), Ranking.of(1, 0));

    for (int i = 0; i < 2; i++) {
      // both end where the gradient is under 1e-11
      assertThat(plackettLuce.get(i).getAsDouble())
          .isCloseTo(bradleyTerry.get(i).getAsDouble(), within(1e-9));
    }
  }

  @Test
  void logWorthsFollowTheRankingWithItsTies() {
    Ranking ranking = Ranking.ofTiers(4, List.of(List.of(2), List.of(0, 3), List.of(1)));

    for (RewardModel model :
        List.of(
            BradleyTerryReward.overall(BRADLEY_TERRY), PlackettLuceReward.overall(PLACKETT_LUCE))) {
      Rewards rewards = score(model, ranking);

      assertThat(rewards.get(2).getAsDouble()).isGreaterThan(rewards.get(0).getAsDouble());
      assertThat(rewards.get(0).getAsDouble())
          .isCloseTo(rewards.get(3).getAsDouble(), within(1e-9));
      assertThat(rewards.get(0).getAsDouble()).isGreaterThan(rewards.get(1).getAsDouble());
      assertThat(rewards.mean().getAsDouble()).isCloseTo(0, within(1e-12));
    }
  }

  @Test
  void logWorthsOfImagesThatWereNotRankedAreMissing() {
    Ranking ranking = Ranking.ofTiers(3, List.of(List.of(2), List.of(0)));

    assertThat(score(BradleyTerryReward.overall(BRADLEY_TERRY), ranking).get(1)).isEmpty();
    assertThat(score(PlackettLuceReward.overall(PLACKETT_LUCE), ranking).get(1)).isEmpty();
    assertThat(score(PlackettLuceReward.overall(PLACKETT_LUCE), ranking).present()).isEqualTo(2);
  }

  @Test
  void theRestBehindTheKBestHaveOneReward() {
    Rewards rewards =
        score(PlackettLuceReward.overall(PLACKETT_LUCE.forTopK()), Ranking.topK(5, 3, 1));

    assertThat(rewards.get(3).getAsDouble()).isGreaterThan(rewards.get(1).getAsDouble());
    assertThat(rewards.get(1).getAsDouble()).isGreaterThan(rewards.get(0).getAsDouble());
    assertThat(rewards.get(0).getAsDouble()).isCloseTo(rewards.get(4).getAsDouble(), within(1e-9));
  }

  @Test
  void anAnswerThatNamesNoneOfTheBestSaysNothing() {
    Ranking nothing = Ranking.ofTiers(3, List.of(List.of(0, 1, 2)));

    assertThat(score(PlackettLuceReward.overall(PLACKETT_LUCE.forTopK()), nothing).present())
        .isZero();
  }

  @Test
  void aFitWithoutAPriorIsRefused() {
    assertThatThrownBy(() -> BradleyTerryReward.overall(BradleyTerry.Options.withoutPrior()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "one ranking has no finite maximum likelihood, so this reward needs a prior precision"
                + " above 0, but was given 0.0");
    assertThatThrownBy(() -> PlackettLuceReward.overall(PlackettLuce.Options.withoutPrior()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void pointwiseRewardsAreTheScores() {
    Judgement judgement =
        Judgement.ofScores(List.of(OptionalDouble.of(7), OptionalDouble.empty()), "judge");
    try (Rollout rollout = Rollouts.ofPrompts("cat", "cat")) {
      assertThat(new PointwiseReward().score(rollout, List.of(judgement)).values())
          .containsExactly(OptionalDouble.of(7), OptionalDouble.empty());
    }
  }

  @Test
  void anInfiniteScoreIsNoReward() {
    Judgement judgement =
        Judgement.ofScores(
            List.of(OptionalDouble.of(7), OptionalDouble.of(Double.POSITIVE_INFINITY)), "judge");
    try (Rollout rollout = Rollouts.ofPrompts("cat", "cat")) {
      assertThatThrownBy(() -> new PointwiseReward().score(rollout, List.of(judgement)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the score of image 1 by 'judge' must be a finite number or missing, but was"
                  + " Infinity");
    }
  }

  @Test
  void aJudgeWithoutScoresHasNoPointwiseRewards() {
    try (Rollout rollout = Rollouts.ofPrompts("cat", "cat")) {
      assertThatThrownBy(
              () -> new PointwiseReward().score(rollout, List.of(judged(Ranking.of(0, 1)))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the judgement by 'judge' has an order but no scores, so it gives no pointwise"
                  + " reward; use an oracle that scores, or WinRateReward");
    }
  }

  @Test
  void aWrongNumberOfJudgementsIsSaid() {
    try (Rollout rollout = Rollouts.ofPrompts("cat", "dog")) {
      assertThatThrownBy(() -> WinRateReward.overall().score(rollout, List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "there must be a judgement for each of the rollout's 2 prompts, but there were 0; ask"
                  + " the oracle to rank rollout.groups()");
    }
  }

  @Test
  void aJudgementOfAnotherGroupIsSaid() {
    try (Rollout rollout = Rollouts.ofPrompts("cat", "cat")) {
      assertThatThrownBy(
              () -> WinRateReward.overall().score(rollout, List.of(judged(Ranking.of(0, 1, 2)))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the judgement of prompt 'cat' must be of its 2 images, but is of 3");
    }
  }

  private static Rewards score(RewardModel model, Ranking ranking) {
    String[] prompts = new String[ranking.size()];
    java.util.Arrays.fill(prompts, "cat");
    try (Rollout rollout = Rollouts.ofPrompts(prompts)) {
      return model.score(rollout, List.of(judged(ranking)));
    }
  }

  private static Judgement judged(Ranking ranking) {
    return Judgement.of(ranking, "judge");
  }

  private static Judgement byCriterion(Ranking overall, Map<String, Ranking> orders) {
    return new Judgement(overall, orders, List.of(), "", "judge", Usage.NONE, Map.of(), null);
  }

  private static Judgement soft(Ranking ranking, String preferences) {
    return Judgement.of(ranking, "judge").withProvenance(Map.of("preferences", preferences));
  }

  @Test
  void softLabelsMakeRewardsThatOrdersDoNotKnow() {
    // 0 before 1 with 0.9, 0 before 2 with 0.6, 1 and 2 tie
    Judgement judgement = soft(Ranking.of(0, 2, 1), "0,1,0.9;0,2,0.6;1,2,0.5");
    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a")) {
      Rewards rewards = WinRateReward.soft().score(rollout, List.of(judgement));
      assertThat(rewards.get(0).getAsDouble()).isCloseTo(0.75, within(1e-12));
      assertThat(rewards.get(1).getAsDouble()).isCloseTo(0.3, within(1e-12));
      assertThat(rewards.get(2).getAsDouble()).isCloseTo(0.45, within(1e-12));
      assertThat(WinRateReward.overall().score(rollout, List.of(judgement)).get(0))
          .isEqualTo(OptionalDouble.of(1));
    }
  }

  /** Two images: the maximum is where p - sigma(2 t) = lambda t. */
  @Test
  void softBradleyTerryRewardOfAPairIsThatOfItsProbability() {
    try (Rollout rollout = Rollouts.ofPrompts("a", "a")) {
      Judgement sure = soft(Ranking.of(0, 1), "0,1,0.99");
      Judgement unsure = soft(Ranking.of(0, 1), "0,1,0.6");
      BradleyTerryReward reward = BradleyTerryReward.soft(BRADLEY_TERRY);
      double high = reward.score(rollout, List.of(sure)).get(0).getAsDouble();
      double low = reward.score(rollout, List.of(unsure)).get(0).getAsDouble();
      assertThat(0.99 - 1 / (1 + Math.exp(-2 * high))).isCloseTo(0.1 * high, within(1e-9));
      assertThat(0.6 - 1 / (1 + Math.exp(-2 * low))).isCloseTo(0.1 * low, within(1e-9));
      assertThat(high).isGreaterThan(low);
    }
  }

  @Test
  void softRewardsOfAJudgementWithoutProbabilitiesAreThoseOfItsOrder() {
    Judgement judgement = Judgement.of(Ranking.of(2, 0, 1), "judge");
    try (Rollout rollout = Rollouts.ofPrompts("a", "a", "a")) {
      assertThat(WinRateReward.soft().score(rollout, List.of(judgement)))
          .isEqualTo(WinRateReward.overall().score(rollout, List.of(judgement)));
      assertThat(BradleyTerryReward.soft(BRADLEY_TERRY).score(rollout, List.of(judgement)))
          .isEqualTo(BradleyTerryReward.overall(BRADLEY_TERRY).score(rollout, List.of(judgement)));
    }
  }
}
