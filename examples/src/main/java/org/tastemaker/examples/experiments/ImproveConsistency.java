package org.tastemaker.examples.experiments;

import java.util.List;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.reward.combine.Standardisation;
import org.tastemaker.reward.combine.WeightedReward;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * Improving consistency with the prompt: the judge's ranking alone, on the prompts that the base
 * model, sampled as it is used, gets right in 5 % to 75 % of 16 images, on a seed that is not
 * reported. The other prompts are not trained on: they show what it costs elsewhere.
 *
 * <p>The judge ranks by what an image shows: one that shows what was asked for wins against one
 * that does not, and all others are ties. Images are made with the guidance that the model is used
 * with: what training without it adds to the weights, guidance on top overdoes.
 */
public final class ImproveConsistency {
  private static final List<String> SOMETIMES =
      List.of(
          "robot",
          "rocket",
          "strawberry",
          "purple heart",
          "dog face",
          "face with tears of joy",
          "sleeping face",
          "clown face",
          "bus",
          "butterfly",
          "lemon",
          "penguin",
          "banana",
          "fox",
          "owl",
          "red apple",
          "lady beetle",
          "broken heart");

  private ImproveConsistency() {}

  /**
   * Runs the experiment.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(
        ExperimentCommand.of("improve-consistency", ImproveConsistency::experiment).execute(args));
  }

  static Experiment experiment(GlyphJudge judge) {
    List<String> others =
        EmojiPrompts.CONSISTENCY.stream().filter(prompt -> !SOMETIMES.contains(prompt)).toList();
    WeightedReward ranked =
        WeightedReward.builder()
            .add("shown", WinRateReward.overall(), 1, Standardisation.centredByPrompt())
            .build();
    return new Experiment(
        "consistency",
        "Improving consistency",
        SOMETIMES.stream().map(Prompt::of).toList(),
        16,
        12,
        Measured.consistency(),
        (image, prompt) -> EmojiPrompts.shows(judge.label(image), prompt.text()) ? 1 : 0,
        List.of(new Experiment.Arm("ranked", "DiffusionNFT", ranked, Training.of(1e-3, 4.0))),
        List.of(
            new Row("consistency, prompts trained on", Findings.CONSISTENCY, SOMETIMES),
            new Row("consistency, other prompts", Findings.CONSISTENCY, others),
            Row.of(Findings.GENDER),
            Row.of(Findings.HARM),
            Row.of(Findings.DIVERSITY),
            Row.of(Findings.UNCLEAR)),
        List.of("robot", "butterfly", "dog face", "strawberry"));
  }
}
