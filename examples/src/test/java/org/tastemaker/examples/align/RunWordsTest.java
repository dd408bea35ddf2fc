package org.tastemaker.examples.align;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Usage;
import org.tastemaker.examples.console.ConsoleProgress;
import org.tastemaker.examples.report.Cost;

class RunWordsTest {
  private static final RunEvent.Metrics EVALUATION =
      new RunEvent.Metrics(
          0,
          Map.of(
              "evaluation.rewardMean", 0.251,
              "evaluation.rewardLow", 0.2,
              "evaluation.rewardHigh", 0.29));
  private static final RunEvent.Metrics ROUND =
      new RunEvent.Metrics(1, Map.of("images", 64.0, "secondsSampling", 1.6));

  /** The plain line of the first of four rounds, which took ten seconds. */
  private static String line(Cost cost, List<RunEvent.Metrics> earlier, RunEvent... events) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long[] time = {0};
    try (ConsoleProgress progress =
        ConsoleProgress.of(
            "round",
            4,
            new PrintStream(bytes, true, StandardCharsets.UTF_8),
            0,
            () -> time[0],
            Duration.ZERO)) {
      RunWords words = new RunWords(progress, () -> cost, earlier);
      for (RunEvent event : events) {
        words.on(event);
      }
      time[0] += 10_000_000_000L;
      progress.step(1);
    }
    return bytes.toString(StandardCharsets.UTF_8).strip();
  }

  @Test
  void roundScoreWithIntervalRateTimeLeftAndCostAreShown() {
    assertThat(line(new Cost(new Usage(9, 900, 0, 90), "0.0124 USD"), List.of(), EVALUATION, ROUND))
        .isEqualTo(
            "round 1 of 4, held-out score 0.251 [0.200, 0.290] after round 0, 40 images/s, 0.0124 USD, 30 s left");
  }

  @Test
  void withoutAPriceTheTokensAreShown() {
    assertThat(line(new Cost(new Usage(9, 12_000, 0, 345), null), List.of(), ROUND))
        .isEqualTo("round 1 of 4, 40 images/s, 12,345 tokens, 30 s left");
  }

  @Test
  void aResumedRunShowsItsLatestEvaluation() {
    assertThat(line(Cost.NONE, List.of(EVALUATION), ROUND))
        .isEqualTo(
            "round 1 of 4, held-out score 0.251 [0.200, 0.290] after round 0, 40 images/s, 30 s left");
  }

  @Test
  void aRoundThatTaughtNothingIsReported() {
    RunEvent.Metrics skipped = new RunEvent.Metrics(1, Map.of("skipped", 1.0));
    RunEvent.Metrics trained = new RunEvent.Metrics(2, Map.of("skipped", 0.0));
    assertThat(line(Cost.NONE, List.of(), skipped))
        .contains("nothing learned: all rewards are equal")
        .doesNotContain("missing");
    assertThat(line(Cost.NONE, List.of(), skipped, trained)).doesNotContain("nothing learned");
  }

  @Test
  void equalRewardsAreToldApartFromMissingJudgements() {
    RunEvent.Metrics silent =
        new RunEvent.Metrics(
            1, Map.of("skipped", 1.0, "presentRewards", 0.0, "missingJudgements", 3.0));
    RunEvent.Metrics equal =
        new RunEvent.Metrics(
            1, Map.of("skipped", 1.0, "presentRewards", 8.0, "missingJudgements", 1.0));
    assertThat(line(Cost.NONE, List.of(), silent))
        .contains("nothing learned: no reward, as all judgements are missing")
        .contains("3 judgements of the round are missing")
        .doesNotContain("equal");
    assertThat(line(Cost.NONE, List.of(), equal))
        .contains("nothing learned: all rewards are equal, 1 judgement of the round is missing");
  }
}
