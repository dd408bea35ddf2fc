package org.tastemaker.examples.zo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Seed;

/** The table in small: the part of the order that is far from chance. */
class ContestTest {
  private static final Contest SMALL = new Contest(TestFunction.QUADRATIC, 40, 3000, 1, 6);
  private static final List<Contender> FOUR =
      List.of(Contender.RANK_10, Contender.RANK_1, Contender.SCOBO, Contender.GLD_FAST);

  private static double upper(Map<Contender, Contest.Result> results, Contender a, Contender b) {
    return Contest.difference(
            Objects.requireNonNull(results.get(a)),
            Objects.requireNonNull(results.get(b)),
            results.size())
        .high();
  }

  @Test
  void aWholeRankingBeatsPairsAndTheBestAloneOnAQuadratic() {
    Map<Contender, Contest.Result> results = SMALL.run(FOUR);

    // The intervals hold together with 95 %; the run is seeded, so they repeat.
    assertThat(upper(results, Contender.RANK_10, Contender.SCOBO)).isNegative();
    assertThat(upper(results, Contender.RANK_10, Contender.GLD_FAST)).isNegative();
    assertThat(upper(results, Contender.RANK_10, Contender.RANK_1)).isNegative();
    assertThat(Contest.beatenBy(Contender.RANK_10, results))
        .containsExactlyInAnyOrder(Contender.RANK_1, Contender.SCOBO, Contender.GLD_FAST);
    assertThat(RankingOracleTable.section(SMALL, results))
        .contains("## quadratic |x|^2, d = 40, 3,000 evaluations, 6 seeds")
        .contains("| 1 | ZO-RankSGD (10, 10) | order |")
        .contains("| 3, 7, 8 |")
        .contains(
            "beats: ZO-RankSGD (10, 1); SCOBO; GLD-Fast. It is beaten by: none."
                + " Not told apart from it: none.");
  }

  @Test
  void aContestRepeats() {
    Contender.Setting setting = Contender.RANK_3.grid().get(0);

    assertThat(SMALL.log10(setting, Seed.of(1))).isEqualTo(SMALL.log10(setting, Seed.of(1)));
    assertThat(SMALL.log10(setting, Seed.of(1))).isNotEqualTo(SMALL.log10(setting, Seed.of(2)));
  }
}
