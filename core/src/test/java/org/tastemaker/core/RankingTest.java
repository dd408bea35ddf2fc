package org.tastemaker.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class RankingTest {
  @Test
  void aPermutationIsCompleteAndWithoutTies() {
    Ranking ranking = Ranking.of(2, 0, 1);

    assertThat(ranking.permutation()).containsExactly(2, 0, 1);
    assertThat(ranking.ranks())
        .containsExactly(OptionalInt.of(2), OptionalInt.of(3), OptionalInt.of(1));
    assertThat(ranking.isComplete()).isTrue();
    assertThat(ranking.hasTies()).isFalse();
  }

  @Test
  void aRepeatedAndAMissingItemAreBothNamed() {
    assertThatThrownBy(() -> Ranking.of(0, 2, 2, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "a ranking of 4 items must hold each of 0 to 3 once, but was [0, 2, 2, 1]"
                + " (item 2 is repeated, item 3 is missing)");
  }

  @Test
  void anItemOutOfRangeIsNamed() {
    assertThatThrownBy(() -> Ranking.of(0, 3, 1)).hasMessageContaining("item 2 is missing");
    assertThatThrownBy(() -> Ranking.ofTiers(2, List.of(List.of(0, 5))))
        .hasMessage("a ranking of 2 items speaks of items 0 to 1, but found 5 in [[0, 5]]");
    assertThatThrownBy(() -> Ranking.of()).hasMessageContaining("at least one item");
  }

  @Test
  void tiersMayNotBeEmptyOrShareAnItem() {
    assertThatThrownBy(() -> Ranking.ofTiers(3, List.of(List.of(0), List.of())))
        .hasMessageContaining("tier 1 of [[0], []] is");
    assertThatThrownBy(() -> Ranking.ofTiers(3, List.of(List.of(0), List.of(1, 0))))
        .hasMessageContaining("item 0 is repeated in [[0], [1, 0]]");
    assertThatThrownBy(() -> Ranking.none(0)).hasMessageContaining("at least 1 item");
  }

  @Test
  void tiesShareTheirRankAndMissingItemsHaveNone() {
    Ranking ranking = Ranking.ofTiers(5, List.of(List.of(3, 1), List.of(0)));

    assertThat(ranking.ranks())
        .containsExactly(
            OptionalInt.of(3),
            OptionalInt.of(1),
            OptionalInt.empty(),
            OptionalInt.of(1),
            OptionalInt.empty());
    assertThat(ranking.missing()).containsExactly(2, 4);
    assertThat(ranking.hasTies()).isTrue();
    assertThat(ranking.pairs())
        .containsExactly(
            new Preference(0, 1, 0), new Preference(0, 3, 0), new Preference(1, 3, 0.5));
  }

  @Test
  void aRankingWithTiesOrHolesIsNoPermutation() {
    assertThatThrownBy(() -> Ranking.ofTiers(3, List.of(List.of(0, 1))).permutation())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("[[0, 1]] with missing items [2]");
  }

  @Test
  void topKTiesTheRestBehind() {
    assertThat(Ranking.topK(5, 3, 1))
        .isEqualTo(Ranking.ofTiers(5, List.of(List.of(3), List.of(1), List.of(0, 2, 4))));
    assertThat(Ranking.topK(2, 1, 0)).isEqualTo(Ranking.of(1, 0));
  }

  @Test
  void scoresRankFromTheHighestAndEqualOnesTie() {
    assertThat(Ranking.ofScores(0.1, 0.9, 0.1, -3))
        .isEqualTo(Ranking.ofTiers(4, List.of(List.of(1), List.of(0, 2), List.of(3))));
    assertThat(Ranking.ofScores(0.0, -0.0).hasTies()).isTrue();
  }

  @Test
  void aMissingScoreIsAMissingItemAndNotALowOne() {
    Ranking ranking = Ranking.ofScores(List.of(OptionalDouble.of(-9), OptionalDouble.empty()));

    assertThat(ranking.rank(0)).hasValue(1);
    assertThat(ranking.rank(1)).isEmpty();
    assertThatThrownBy(() -> Ranking.ofScores(1, Double.NaN))
        .hasMessage("the score of item 1 is NaN; leave it empty if it is missing");
  }

  @Test
  void equalOrdersAreEqualWhateverTheOrderWithinATie() {
    assertThat(Ranking.ofTiers(3, List.of(List.of(2, 0), List.of(1))))
        .isEqualTo(Ranking.ofTiers(3, List.of(List.of(0, 2), List.of(1))))
        .hasSameHashCodeAs(Ranking.ofTiers(3, List.of(List.of(0, 2), List.of(1))));
  }

  @Test
  void namesMustBeAPermutation() {
    assertThatThrownBy(() -> Ranking.of(0, 1).renamed(0, 0))
        .hasMessageContaining("item 0 is repeated, item 1 is missing");
    assertThatThrownBy(() -> Ranking.of(0, 1).renamed(0))
        .hasMessage("a ranking of 2 items needs as many names, but there were 1");
  }

  @Property
  void renamingBackGivesTheSameRanking(@ForAll("rankings") Ranking ranking, @ForAll long shuffle) {
    List<Integer> names = new ArrayList<>();
    for (int i = 0; i < ranking.size(); i++) {
      names.add(i);
    }
    Collections.shuffle(names, new java.util.Random(shuffle));
    int[] there = names.stream().mapToInt(Integer::intValue).toArray();
    int[] back = new int[there.length];
    for (int i = 0; i < there.length; i++) {
      back[there[i]] = i;
    }

    assertThat(ranking.renamed(there).renamed(back)).isEqualTo(ranking);
  }

  @Property
  void pairsAgreeWithRanks(@ForAll("rankings") Ranking ranking) {
    for (Preference pair : ranking.pairs()) {
      int first = ranking.rank(pair.first()).getAsInt();
      int second = ranking.rank(pair.second()).getAsInt();
      assertThat(pair.probability()).isEqualTo(first < second ? 1 : first > second ? 0 : 0.5);
    }
    int present = ranking.size() - ranking.missing().size();
    assertThat(ranking.pairs()).hasSize(present * (present - 1) / 2);
  }

  @Provide
  Arbitrary<Ranking> rankings() {
    Arbitrary<OptionalDouble> score =
        Arbitraries.integers()
            .between(0, 3)
            .map(s -> OptionalDouble.of(s))
            .injectDuplicates(0.2)
            .optional(0.8)
            .map(s -> s.orElse(OptionalDouble.empty()));
    return score.list().ofMinSize(1).ofMaxSize(8).map(Ranking::ofScores);
  }
}
