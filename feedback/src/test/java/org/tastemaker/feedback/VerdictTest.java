package org.tastemaker.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Usage;

class VerdictTest {
  private static final Question THREE =
      Question.rank(Prompt.of("p"), Greys.images(0.1, 0.2, 0.3), Greys.RUBRIC);

  @Test
  void aFittingVerdictIsReturned() {
    Verdict verdict = Verdict.of(Ranking.of(2, 0, 1), Usage.NONE, "m");

    assertThat(verdict.requireFits(THREE)).isSameAs(verdict);
  }

  @Test
  void aVerdictAboutOtherPositionsIsMalformed() {
    Verdict verdict = Verdict.of(Ranking.of(1, 0), new Usage(1, 9, 0, 2), "m");

    assertThatThrownBy(() -> verdict.requireFits(THREE))
        .isInstanceOfSatisfying(
            FeedbackException.MalformedVerdict.class,
            e -> {
              assertThat(e.path()).isEqualTo("overall.order");
              assertThat(e.usage()).isEqualTo(new Usage(1, 9, 0, 2));
            })
        .hasMessageContaining("expected an order of 3 positions, but found 2 positions");
  }

  @Test
  void anEmptyOrderIsMalformed() {
    assertThatThrownBy(() -> Verdict.of(Ranking.none(3), Usage.NONE, "m").requireFits(THREE))
        .hasMessageContaining("at least one position in its place");
  }

  @Test
  void aScoreOffTheScaleIsMalformed() {
    Question question =
        Question.score(
            new Question.Scale(1, 5), Prompt.of("p"), Greys.images(0.1, 0.2), Greys.RUBRIC);
    Verdict verdict =
        new Verdict(
            Verdict.Answer.ofScores(List.of(OptionalDouble.of(5), OptionalDouble.of(5.5))),
            Map.of(),
            "",
            Usage.NONE,
            "m",
            false);

    assertThatThrownBy(() -> verdict.requireFits(question))
        .hasMessageContaining("overall.scores[1]: expected a score of 1 to 5, but found 5.5");
    assertThatThrownBy(() -> Verdict.of(Ranking.of(0, 1), Usage.NONE, "m").requireFits(question))
        .hasMessageContaining("expected a score for each position, but found no scores");
  }

  @Test
  void anUnknownCriterionIsMalformed() {
    Verdict verdict =
        new Verdict(
            Verdict.Answer.of(Ranking.of(0, 1, 2)),
            Map.of("charm", Verdict.Answer.of(Ranking.of(0, 1, 2))),
            "",
            Usage.NONE,
            "m",
            false);

    assertThatThrownBy(() -> verdict.requireFits(THREE))
        .hasMessageContaining("a criterion of the rubric brightness@1, but found 'charm'");
  }

  @Test
  void aSoftAnswerImpliesItsOrder() {
    assertThat(Verdict.Answer.soft(0.3).order()).isEqualTo(Ranking.of(1, 0));
    assertThat(Verdict.Answer.soft(0.5).order().hasTies()).isTrue();
    assertThatThrownBy(() -> Verdict.Answer.soft(1.5)).hasMessageContaining("1.5");
  }

  @Test
  void aCachedVerdictCostsNothing() {
    Verdict cached = Verdict.of(Ranking.of(0, 1), new Usage(1, 2, 0, 3), "m").fromCache();

    assertThat(cached.cached()).isTrue();
    assertThat(cached.usage()).isEqualTo(Usage.NONE);
  }

  @Test
  void failuresSayWhomTheyConcern() {
    List<FeedbackException> stop =
        List.of(
            new FeedbackException.QuotaExhausted("q"),
            new FeedbackException.BudgetExhausted("b"),
            new FeedbackException.InvalidRequest("key", true),
            new FeedbackException.TransportFailed("down", null, true));
    List<FeedbackException> goOn =
        List.of(
            new FeedbackException.RateLimited("r", null),
            new FeedbackException.Refused("no"),
            new FeedbackException.MalformedVerdict("a", "b"),
            new FeedbackException.InvalidRequest("image", false),
            new FeedbackException.TransportFailed("reset", new RuntimeException("x"), false));

    assertThat(stop).allMatch(FeedbackException::stopsTheJob);
    assertThat(goOn).noneMatch(FeedbackException::stopsTheJob);
    assertThat(goOn.stream().map(FeedbackException::isTransient))
        .containsExactly(true, false, false, false, true);
    assertThat(goOn.stream().map(FeedbackException::complaint))
        .containsExactly(
            Optional.empty(),
            Optional.of("It was a refusal. Only a comparison is asked for."),
            Optional.of("b"),
            Optional.empty(),
            Optional.empty());
  }
}
