package org.tastemaker.human.review;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;

class ReviewSummaryTest {
  @TempDir Path folder;

  private final List<Review> reviews = new ArrayList<>();

  private void say(AnnotatedGroup group, String person, Ranking order, Boolean text) {
    boolean same = order.equals(Judged.ORDER);
    reviews.add(
        new Review(
            "r" + reviews.size(),
            person,
            group.id(),
            same ? Review.Kind.CONFIRMED : Review.Kind.OVERRULED,
            Optional.of(order),
            Map.of("text", text),
            List.of(0, 1, 2),
            Judged.CLOCK.instant(),
            1));
  }

  private static ReviewSummary.Share share(Map<String, ReviewSummary.Share> shares, String name) {
    return Objects.requireNonNull(shares.get(name));
  }

  @Test
  void sharesAreCountedOverallByPersonByCriterionAndByKind() {
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(Judged.dataset(folder, 5));
    say(groups.get(0), "ann", Judged.ORDER, true);
    say(groups.get(1), "ann", Judged.ORDER, true);
    say(groups.get(2), "ann", Ranking.of(0, 2, 1), false); // another is best
    say(groups.get(3), "bob", Ranking.of(1, 0, 2), false); // the other way round
    say(groups.get(0), "bob", Ranking.of(0, 1, 2), false); // another is best
    ReviewSummary summary = ReviewSummary.of(groups, reviews);
    assertThat(summary.verdicts()).isEqualTo(5);
    assertThat(summary.reviewed()).isEqualTo(4);
    assertThat(summary.confirmed().count()).isEqualTo(2);
    assertThat(summary.confirmed().of()).isEqualTo(5);
    assertThat(summary.confirmed().interval().orElseThrow().low()).isLessThan(0.4);
    assertThat(summary.confirmed().interval().orElseThrow().high()).isGreaterThan(0.4);
    assertThat(share(summary.byPerson(), "ann").count()).isEqualTo(2);
    assertThat(share(summary.byPerson(), "bob").count()).isZero();
    assertThat(share(summary.byCriterion(), "text").of()).isEqualTo(5);
    assertThat(share(summary.byCriterion(), "text").count()).isEqualTo(2);
    assertThat(summary.disagreements())
        .containsExactlyInAnyOrderEntriesOf(Map.of(Disagreement.BEST, 2, Disagreement.REVERSED, 1));
    // Of 15 pairs: 3 + 3 + 2 + 0 + 1 are the judge's.
    assertThat(summary.pairs().decided().mean()).isEqualTo(9 / 15.0);
    // Of the 3 pairs of the first group, ann and bob agree about one.
    assertThat(summary.people().items()).isEqualTo(3);
    assertThat(summary.people().another().mean()).isEqualTo(1 / 3.0);
    assertThat(summary.words())
        .contains("confirmed by ann")
        .contains("another image is best")
        .contains("upper bounds");
  }

  @Test
  void kindsOfDisagreementAreTold() {
    Ranking judge = Ranking.of(2, 0, 1, 3);
    assertThat(Disagreement.of(judge, Ranking.of(3, 1, 0, 2))).isEqualTo(Disagreement.REVERSED);
    assertThat(Disagreement.of(judge, Ranking.of(0, 2, 1, 3))).isEqualTo(Disagreement.BEST);
    assertThat(Disagreement.of(judge, Ranking.of(2, 1, 0, 3))).isEqualTo(Disagreement.BEHIND);
    assertThat(Disagreement.of(judge, Ranking.ofTiers(4, List.of(List.of(2, 0), List.of(1, 3)))))
        .isEqualTo(Disagreement.TIES);
    assertThat(Disagreement.of(Ranking.of(0, 1), Ranking.of(1, 0))).isEqualTo(Disagreement.BEST);
  }

  @Test
  void aSummaryOfNothingHasNoNumbers() {
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(Judged.dataset(folder, 1));
    ReviewSummary summary = ReviewSummary.of(groups, List.of());
    assertThat(summary.confirmed().interval()).isEmpty();
    assertThat(summary.words()).contains("confirmed").contains("none");
  }
}
