package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Rubric.Criterion;
import org.tastemaker.core.Rubric.Scope;

/** The small values: what they refuse, and that they cannot be changed from outside. */
class ValuesTest {
  @Test
  void aPromptKeepsItsOwnCopyOfTheMetadata() {
    Map<String, String> metadata = new HashMap<>(Map.of("id", "1"));
    Prompt prompt = Prompt.of("a cat").withNegativeText("blurry").withMetadata(metadata);
    metadata.put("id", "2");

    assertThat(prompt).isEqualTo(new Prompt("a cat", "blurry", Map.of("id", "1")));
  }

  @Test
  @SuppressWarnings("NullAway") // what a caller without null checks may do
  void aNullTextIsRefusedByName() {
    assertThatThrownBy(() -> Prompt.of(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("text == null");
    assertThatThrownBy(() -> Prompt.of("a").withNegativeText(null))
        .hasMessage("negativeText == null: use \"\" for none");
  }

  @Test
  void aGroupNeedsAnImage() {
    assertThatThrownBy(() -> new ImageGroup(Prompt.of("a cat"), List.of()))
        .hasMessage("a group needs at least one image, but the one of prompt 'a cat' is empty");
  }

  @Property
  void aPreferenceReversedTwiceIsItself(@ForAll @DoubleRange(min = 0, max = 1) double p) {
    Preference twice = new Preference(0, 1, p).reversed().reversed();
    assertThat(twice.first()).isZero();
    // 1 - (1 - p) loses at most an ulp of 1.
    assertThat(twice.probability()).isBetween(p - 1.2e-16, p + 1.2e-16);
  }

  @Test
  void aPreferenceRefusesWhatIsNoComparison() {
    assertThatThrownBy(() -> new Preference(1, 1, 0.5)).hasMessageContaining("items 1 and 1");
    assertThatThrownBy(() -> new Preference(-1, 1, 0.5)).hasMessageContaining("items -1 and 1");
    assertThatThrownBy(() -> new Preference(0, 1, 1.5))
        .hasMessage(
            "the probability that item 0 is better than item 1 must be in [0, 1], but was 1.5");
    assertThatThrownBy(() -> new Preference(0, 1, Double.NaN)).hasMessageContaining("was NaN");
    assertThat(new Preference(0, 1, 0.5).isTie()).isTrue();
  }

  @Test
  void usageAddsUpAndRefusesNegatives() {
    assertThat(new Usage(1, 100, 20, 3).plus(new Usage(2, 50, 0, 4)))
        .isEqualTo(new Usage(3, 150, 20, 7));
    assertThat(Usage.NONE.plus(Usage.NONE)).isEqualTo(Usage.NONE);
    assertThatThrownBy(() -> new Usage(1, 10, 20, 0))
        .hasMessageContaining("inputTokens 10, cachedInputTokens 20");
    assertThatThrownBy(() -> new Usage(-1, 0, 0, 0)).hasMessageContaining("requests -1");
  }

  @Test
  void aMissingJudgementHasAReasonAndNoRanking() {
    Judgement missing = Judgement.missing(4, "refused", "gpt", new Usage(1, 9, 0, 1));

    assertThat(missing.isMissing()).isTrue();
    assertThat(missing.ranking()).isEqualTo(Ranking.none(4));
    assertThat(missing.usage().inputTokens()).isEqualTo(9);
    assertThatThrownBy(() -> Judgement.of(Ranking.none(4), "gpt"))
        .hasMessageContaining("use Judgement.missing and say why");
    assertThatThrownBy(
            () ->
                new Judgement(
                    Ranking.of(0, 1), Map.of(), List.of(), "", "gpt", Usage.NONE, Map.of(), "no"))
        .hasMessageContaining("a missing judgement has no ranking");
  }

  @Test
  void scoresAreAJudgementWhoseRankingIsTheirOrder() {
    List<OptionalDouble> scores =
        List.of(OptionalDouble.of(1), OptionalDouble.empty(), OptionalDouble.of(2));
    Judgement judgement = Judgement.ofScores(scores, "mock");

    assertThat(judgement.ranking()).isEqualTo(Ranking.ofTiers(3, List.of(List.of(2), List.of(0))));
    assertThat(judgement.scores()).isEqualTo(scores);
    assertThat(judgement.isMissing()).isFalse();
  }

  @Test
  void aJudgementsPartsMustSpeakOfTheSameItems() {
    assertThatThrownBy(
            () ->
                new Judgement(
                    Ranking.of(0, 1),
                    Map.of("quality", Ranking.of(0, 1, 2)),
                    List.of(),
                    "",
                    "gpt",
                    Usage.NONE,
                    Map.of(),
                    null))
        .hasMessage(
            "the ranking by 'quality' must be of the same 2 items as the overall one, but was of 3");
    assertThatThrownBy(
            () ->
                new Judgement(
                    Ranking.of(0, 1),
                    Map.of(),
                    List.of(OptionalDouble.of(1)),
                    "",
                    "gpt",
                    Usage.NONE,
                    Map.of(),
                    null))
        .hasMessageContaining("a score for each of the 2 items or none at all, but there were 1");
  }

  @Test
  void rationaleAndProvenanceCanBeAdded() {
    Judgement judgement =
        Judgement.of(Ranking.of(1, 0), "gpt")
            .withRationale("sharper")
            .withProvenance(Map.of("order", "1,0"));

    assertThat(judgement.rationale()).isEqualTo("sharper");
    assertThat(judgement.provenance()).containsEntry("order", "1,0");
    assertThat(judgement.ranking()).isEqualTo(Ranking.of(1, 0));
  }

  @Test
  void aRubricHasAVersionAndCriteriaOfDifferentNames() {
    assertThat(Rubric.of("consistency", "1", "shows what the prompt says").id())
        .isEqualTo("consistency@1");
    Criterion criterion = new Criterion("bias", "a fair mixture", Scope.SET_OF_IMAGES);
    assertThatThrownBy(() -> new Rubric("fair", "1", "", List.of(criterion, criterion)))
        .hasMessage("the criteria of a rubric need different names, but 'fair' has 'bias' twice");
    assertThatThrownBy(() -> new Rubric("fair", "1", "", List.of()))
        .hasMessage("a rubric needs at least one criterion, but 'fair' has none");
    assertThatThrownBy(() -> new Rubric("fair", " ", "", List.of(criterion)))
        .hasMessage("the version of rubric 'fair' must not be blank");
    assertThatThrownBy(() -> new Criterion("bias", "", Scope.EACH_IMAGE))
        .hasMessage("the description of criterion 'bias' must not be blank");
  }

  @Test
  void aMissingRewardStaysOutOfTheMean() {
    Rewards rewards =
        new Rewards(List.of(OptionalDouble.of(1), OptionalDouble.empty(), OptionalDouble.of(3)));

    assertThat(rewards.mean()).hasValue(2);
    assertThat(rewards.present()).isEqualTo(2);
    assertThat(rewards.size()).isEqualTo(3);
    assertThat(rewards.get(1)).isEmpty();
    assertThat(new Rewards(List.of(OptionalDouble.empty())).mean()).isEmpty();
  }

  @Test
  void aRewardThatIsNoNumberIsRefusedWithItsImage() {
    assertThatThrownBy(() -> Rewards.of(1, Double.NaN))
        .hasMessage("a reward must be a finite number or missing, but the one of image 1 is NaN");
    assertThatThrownBy(() -> Rewards.of(Double.NEGATIVE_INFINITY))
        .hasMessageContaining("image 0 is -Infinity");
  }

  @Test
  void aStepWithANonFiniteMetricStopsTheRunByNumber() {
    assertThatThrownBy(() -> StepReport.of(17, Map.of("loss", Double.NaN)))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageStartingWith("step 17: metric 'loss' is NaN; the run has diverged");
    assertThat(StepReport.skipped(1, "all rewards are equal").skippedReason())
        .isEqualTo("all rewards are equal");
    assertThatThrownBy(() -> StepReport.of(0, Map.of())).hasMessageContaining("but was 0");
  }

  @Test
  void aListenerThatThrowsDoesNotKeepTheOthersFromHearing() {
    List<RunEvent> heard = new ArrayList<>();
    RunListener broken =
        event -> {
          throw new IllegalStateException("broken on purpose");
        };
    RunEvent event = new RunEvent.Progress("sampling", 1, 2);

    RunListener.all(broken, heard::add, RunListener.none()).on(event);

    assertThat(heard).containsExactly(event);
  }

  @Test
  void eventsRefuseWhatDoesNotFit() {
    Image image = Image.filled(2, 2, 0, 0, 0);
    assertThatThrownBy(() -> new RunEvent.Progress("sampling", 3, 2))
        .hasMessageContaining("was 3 of 2");
    assertThatThrownBy(() -> new RunEvent.Pictures(0, "../x", List.of(image), List.of()))
        .hasMessageContaining("was '../x'");
    assertThatThrownBy(() -> new RunEvent.Pictures(0, "x", List.of(image), List.of("a", "b")))
        .hasMessageContaining("1 images and 2 captions");
    assertThatThrownBy(() -> new RunEvent.Metrics(-1, Map.of())).hasMessageContaining("was -1");
    assertThat(new RunEvent.CheckpointSaved(3, Path.of("x")).step()).isEqualTo(3);
    assertThat(new RunEvent.Progress("x", 7, 0).total()).isZero();
  }

  @Test
  void aCancellationEndsTheWorkWhereItIsLookedAt() {
    Cancellation cancellation = new Cancellation();
    cancellation.throwIfRequested("step 1");
    cancellation.cancel();

    assertThat(cancellation.isRequested()).isTrue();
    assertThatThrownBy(() -> cancellation.throwIfRequested("step 2"))
        .isInstanceOf(CancellationException.class)
        .hasMessage("cancelled at step 2");
  }
}
