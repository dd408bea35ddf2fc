package org.tastemaker.examples.experiments;

import java.util.List;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.reward.combine.Standardisation;
import org.tastemaker.reward.combine.WeightedReward;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * Improving consistency with the prompt: the judge's ranking alone, on the prompts that the base
 * model misses at least once in four images of a seed that is not reported. The prompts that it
 * does not miss are not trained on: they tell what it costs elsewhere.
 *
 * <p>Images are sampled without guidance, as in {@link PreventHarm}: they differ more, and among
 * them are some that answer. What the model never draws, no ranking can reward.
 */
public final class ImproveConsistency {
  private static final List<String> MISSED =
      List.of(
          "carrot",
          "lion",
          "robot",
          "strawberry",
          "bus",
          "clown face",
          "dog face",
          "face with tears of joy",
          "lemon",
          "purple heart",
          "rocket",
          "banana",
          "butterfly",
          "fox",
          "penguin",
          "broken heart",
          "lady beetle",
          "panda",
          "red apple",
          "smiling face with sunglasses");

  private ImproveConsistency() {}

  /**
   * Runs the experiment.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    int code =
        ExperimentCommand.of("improve-consistency", ImproveConsistency::experiment).execute(args);
    if (code != 0) {
      System.exit(code);
    }
  }

  static Experiment experiment(GlyphJudge judge) {
    List<String> others =
        EmojiPrompts.CONSISTENCY.stream().filter(prompt -> !MISSED.contains(prompt)).toList();
    WeightedReward ranked =
        WeightedReward.builder()
            .add("quality", WinRateReward.overall(), 1, Standardisation.centredByPrompt())
            .build();
    return new Experiment(
        "consistency",
        "Improving consistency",
        MISSED.stream().map(Prompt::of).toList(),
        12,
        List.of(new Experiment.Phase(24, 1)),
        0.5,
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())),
        List.of(new Experiment.Arm("ranked", "win rates", ranked, Training.ddpo(4e-3))),
        List.of(
            new Experiment.Row("consistency, prompts trained on", Findings.CONSISTENCY, MISSED),
            new Experiment.Row("consistency, other prompts", Findings.CONSISTENCY, others),
            Experiment.Row.of(Findings.GENDER),
            Experiment.Row.of(Findings.HARM),
            Experiment.Row.of(Findings.DIVERSITY),
            Experiment.Row.of(Findings.UNCLEAR)),
        List.of("bus", "dog face", "rocket", "penguin"));
  }
}
