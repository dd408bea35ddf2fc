package org.tastemaker.feedback.mock;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.protocol.JudgeOracle;

class MockOracleTest {
  private static final MockJudge.Options NOISY =
      MockJudge.Options.defaults().withTemperature(0.3).withSeed(Seed.of(7));

  @Test
  void ofEveryGroupItRanksAllImages() {
    FeedbackOracle oracle = MockOracle.of(Greys::score);

    List<Judgement> judgements =
        oracle.rank(
            List.of(Greys.group("p", 0.1, 0.9), Greys.group("q", 0.7, 0.2, 0.4)), Greys.RUBRIC);

    assertThat(judgements.stream().map(Judgement::ranking))
        .containsExactly(Ranking.of(1, 0), Ranking.of(0, 2, 1));
  }

  @Test
  void itIsTheJudgeAskedByTheDefaultProtocolUnderItsOwnSeed() {
    MockJudge judge = MockJudge.of(Greys::score, NOISY);
    List<ImageGroup> groups = List.of(Greys.group("p", 0.1, 0.2, 0.3, 0.4, 0.5));
    JudgeOracle asked = JudgeOracle.builder(judge).seed(Seed.of(7)).build();
    MockOracle oracle = MockOracle.of(Greys::score, NOISY);

    assertThat(oracle.rank(groups, Greys.RUBRIC)).isEqualTo(asked.rank(groups, Greys.RUBRIC));
    assertThat(oracle.positionBias()).isEqualTo(asked.positionBias());
  }

  @Test
  void anotherSeedIsAnotherJudge() {
    List<ImageGroup> groups = List.of(Greys.group("p", 0.1, 0.2, 0.3, 0.4, 0.5));

    assertThat(MockOracle.of(Greys::score, NOISY.withSeed(Seed.of(8))).rank(groups, Greys.RUBRIC))
        .isNotEqualTo(MockOracle.of(Greys::score, NOISY).rank(groups, Greys.RUBRIC));
  }
}
