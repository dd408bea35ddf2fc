package org.tastemaker.optim.zo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Ranking;

class RankingSumTest {
  @Test
  void completeAnswersAreCountedAsByBorda() {
    // Borda points: item 0 has 2 + 1, item 1 has 1 + 2 and item 2 has 0 + 0.
    assertThat(RankingSum.of(3, List.of(Ranking.of(0, 1, 2), Ranking.of(1, 0, 2))).tiers())
        .containsExactly(List.of(0, 1), List.of(2));
    assertThat(
            RankingSum.of(3, List.of(Ranking.of(0, 1, 2), Ranking.of(1, 0, 2), Ranking.of(1, 2, 0)))
                .tiers())
        .containsExactly(List.of(1), List.of(0), List.of(2));
  }

  @Test
  void aMissingAnswerCountsForNobody() {
    assertThat(RankingSum.of(3, List.of(Ranking.none(3), Ranking.of(2, 0, 1))))
        .isEqualTo(Ranking.of(2, 0, 1));
    assertThat(RankingSum.of(3, List.of(Ranking.none(3)))).isEqualTo(Ranking.none(3));
  }

  @Test
  void anItemThatIsNeverComparedHasNoPlace() {
    Ranking partial = Ranking.ofTiers(3, List.of(List.of(2), List.of(0)));

    assertThat(RankingSum.of(3, List.of(partial, partial)).missing()).containsExactly(1);
  }

  @Test
  void anItemThatWasComparedLessOftenIsNotWorseForIt() {
    // Item 1 wins its only comparison, item 0 wins two of three.
    Ranking sum = RankingSum.of(2, List.of(Ranking.of(1, 0), Ranking.none(2), Ranking.none(2)));
    assertThat(sum).isEqualTo(Ranking.of(1, 0));
    Ranking three =
        RankingSum.of(
            3,
            List.of(
                Ranking.ofTiers(3, List.of(List.of(1), List.of(2))),
                Ranking.ofTiers(3, List.of(List.of(0), List.of(2))),
                Ranking.ofTiers(3, List.of(List.of(0), List.of(2))),
                Ranking.ofTiers(3, List.of(List.of(2), List.of(0)))));
    assertThat(three.tiers()).containsExactly(List.of(1), List.of(0), List.of(2));
  }

  @Test
  void aRankingOfAnotherNumberOfItemsIsRefused() {
    assertThatThrownBy(() -> RankingSum.of(3, List.of(Ranking.of(0, 1))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a judgement about 3 candidates must rank as many items, but ranks 2");
  }
}
