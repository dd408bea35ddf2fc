package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.align.EmojiTask;

class TrialJudgeTest {
  private static final Prompt ROCKET = Prompt.of("rocket");
  private static final Prompt ROBOT = Prompt.of("robot");

  private final TrialJudge judge =
      new TrialJudge(
          new EmojiTask("redness", List.of(ROCKET, ROBOT), (image, prompt) -> image.get(0, 0, 0)));

  private static List<Image> red(double... values) {
    return DoubleStream.of(values)
        .mapToObj(value -> Image.filled(2, 2, (float) value, 0, 0))
        .toList();
  }

  @Test
  void rewardsAreWinRatesAmongTheImagesOfAPrompt() {
    List<Prompt> prompts = List.of(ROCKET, ROCKET, ROCKET, ROBOT, ROBOT);

    // 0.41 and 0.42 are within the judge's tie threshold: each has half a win over the other
    assertThat(judge.rewards(prompts, red(0.41, 0.9, 0.42, 0.1, 0.2)))
        .containsExactly(0.25, 1.0, 0.25, 0.0, 1.0);
  }

  @Test
  void scoresAreTheTasksOwn() {
    assertThat(judge.scores(List.of(ROCKET, ROBOT), red(0.5, 0.25))).containsExactly(0.5, 0.25);
  }

  @Test
  void anImageWithoutAnotherOfItsPromptHasNoReward() {
    assertThatThrownBy(() -> judge.rewards(List.of(ROCKET, ROBOT), red(0.5, 0.25)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("2 of 2 images have no reward");
  }
}
