package org.tastemaker.optim.ddpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

class PromptStatisticsTest {
  private static final Prompt A = Prompt.of("a");
  private static final Prompt B = Prompt.of("b");

  /** The root of a population variance, by hand. */
  private static double advantage(double reward, double... base) {
    double mean = java.util.Arrays.stream(base).average().orElseThrow();
    double squares = java.util.Arrays.stream(base).map(r -> (r - mean) * (r - mean)).sum();
    return (reward - mean) / (Math.sqrt(squares / base.length) + 1e-6);
  }

  @Test
  void aPromptWithFewRewardsIsComparedWithTheWholeBatch() {
    PromptStatistics statistics = new PromptStatistics(new PromptStatistics.Options(8, 3));
    double[] advantages = statistics.update(List.of(A, B, B), new double[] {1, 2, 6});
    assertThat(advantages[0]).isCloseTo(advantage(1, 1, 2, 6), within(1e-12));
    assertThat(advantages[2]).isCloseTo(advantage(6, 1, 2, 6), within(1e-12));
  }

  @Test
  void aPromptWithEnoughRewardsIsComparedWithItsOwnThisBatchIncluded() {
    PromptStatistics statistics = new PromptStatistics(new PromptStatistics.Options(8, 3));
    double[] unused = statistics.update(List.of(A, B, B), new double[] {1, 2, 6});
    double[] advantages = statistics.update(List.of(A, B), new double[] {5, 10});
    assertThat(advantages[0]).isCloseTo(advantage(5, 5, 10), within(1e-12)); // 2 of A: the batch
    assertThat(advantages[1]).isCloseTo(advantage(10, 2, 6, 10), within(1e-12)); // 3 of B
  }

  @Test
  void aFullBufferForgetsItsOldestReward() {
    PromptStatistics statistics = new PromptStatistics(new PromptStatistics.Options(2, 1));
    double[] unused = statistics.update(List.of(A, A), new double[] {1, 2});
    double[] advantages = statistics.update(List.of(A), new double[] {4});
    assertThat(advantages[0]).isCloseTo(advantage(4, 2, 4), within(1e-12));
    assertThat(statistics.rewards())
        .containsEntry(new PromptStatistics.Key("a", ""), List.of(2.0, 4.0));
  }

  @Test
  void equalRewardsHaveExactlyNoAdvantage() {
    PromptStatistics statistics = new PromptStatistics(new PromptStatistics.Options(8, 1));
    // The mean of three times 0.1 is not 0.1 in binary.
    double[] advantages = statistics.update(List.of(A, A, A), new double[] {0.1, 0.1, 0.1});
    assertThat(advantages).containsOnly(0);
  }

  @Test
  void promptsWithDifferentNegativeTextsAreDifferent() {
    PromptStatistics statistics = new PromptStatistics(new PromptStatistics.Options(8, 1));
    double[] advantages =
        statistics.update(List.of(A, A.withNegativeText("blurred")), new double[] {1, 2});
    assertThat(advantages).containsExactly(0, 0);
  }

  @Test
  void jsonGivesTheSameBuffersBack() {
    PromptStatistics statistics = new PromptStatistics(new PromptStatistics.Options(8, 1));
    double[] unused = statistics.update(List.of(A, B), new double[] {1.0 / 3, -7e-300});
    assertThat(PromptStatistics.parse(state(Json.write(statistics.toJson()))))
        .isEqualTo(statistics.rewards());
  }

  @Test
  void damagedStatisticsAreAnError() {
    JsonObject withoutRewards =
        state("{\"promptStatistics\": [{\"text\": \"a\", \"negativeText\": \"\"}]}");
    assertThatThrownBy(() -> PromptStatistics.parse(withoutRewards))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "checkpoint.json: expected a list at $.promptStatistics[0].rewards, but it is missing or null");
    assertThatThrownBy(() -> PromptStatistics.parse(state("{}")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a list at $.promptStatistics, but it is missing or null");
  }

  private static JsonObject state(String text) {
    return Json.parseObject(text, "checkpoint.json");
  }

  @Test
  void aMinimumThatABufferNeverReachesIsAnError() {
    assertThatThrownBy(() -> new PromptStatistics.Options(4, 5))
        .hasMessage("minCount must be in [1, 4], the bufferSize, but was 5");
  }
}
