package org.tastemaker.optim.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;

class PromptSourceTest {
  private static final Prompt A = Prompt.of("a");
  private static final Prompt B = Prompt.of("b");
  private static final Prompt C = Prompt.of("c");
  private static final Prompt D = Prompt.of("d");
  private static final Map<Prompt, Double> WEIGHTS = Map.of(A, 5.0, B, 3.0, C, 1.5, D, 0.5);

  @Test
  void weightedPromptsComeAsOftenAsTheirWeightsSay() {
    PromptSource source = PromptSource.weighted(WEIGHTS, 2, 3, Seed.of(1));
    int rounds = 4000;
    Map<String, Integer> counts = new TreeMap<>();
    for (long round = 1; round <= rounds; round++) {
      List<Prompt> prompts = source.prompts(round);
      assertThat(prompts).hasSize(6);
      assertThat(new HashSet<>(prompts)).hasSize(2);
      prompts.stream().distinct().forEach(p -> counts.merge(p.text(), 1, Integer::sum));
    }
    assertThat(counts).as("half of all weight is in every round of two").containsEntry("a", rounds);
    // Binomial: 4 standard deviations are below 0.032 of the rounds.
    assertThat(counts.getOrDefault("b", 0) / (double) rounds).isCloseTo(0.6, within(0.032));
    assertThat(counts.getOrDefault("c", 0) / (double) rounds).isCloseTo(0.3, within(0.032));
    assertThat(counts.getOrDefault("d", 0) / (double) rounds).isCloseTo(0.1, within(0.032));
  }

  @Test
  void theSameRoundHasTheSamePromptsWhateverTheOrderOfTheMap() {
    Map<Prompt, Double> other = new LinkedHashMap<>();
    List.of(D, B, C, A).forEach(prompt -> other.put(prompt, WEIGHTS.get(prompt)));
    PromptSource one = PromptSource.weighted(WEIGHTS, 1, 2, Seed.of(1));
    PromptSource two = PromptSource.weighted(other, 1, 2, Seed.of(1));
    for (long round = 20; round >= 1; round--) {
      assertThat(two.prompts(round)).isEqualTo(one.prompts(round));
    }
    assertThat(two.identity())
        .isEqualTo(one.identity())
        .isNotEqualTo(PromptSource.weighted(WEIGHTS, 1, 2, Seed.of(2)).identity());
    other.put(A, 4.0);
    assertThat(PromptSource.weighted(other, 1, 2, Seed.of(1)).identity())
        .isNotEqualTo(one.identity());
  }

  @Test
  void aPromptThatWouldHaveToComeTwiceInARoundIsAnError() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PromptSource.weighted(WEIGHTS, 3, 1, Seed.of(1)))
        .withMessage(
            "the weight of prompt \"a\" must be above 0 and at most 1/3 of the sum of all, 10.0,"
                + " since a prompt is at most once in a round, but was 5.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PromptSource.weighted(Map.of(A, 1.0, B, 0.0), 1, 1, Seed.of(1)))
        .withMessageContaining("the weight of prompt \"b\" must be above 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PromptSource.weighted(WEIGHTS, 5, 1, Seed.of(1)))
        .withMessage("perRound must be in [1, 4], the number of prompts, but was 5");
  }
}
