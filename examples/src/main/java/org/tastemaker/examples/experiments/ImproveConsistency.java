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
 * model, sampled without guidance, gets right in a quarter to seven tenths of 16 images of a seed
 * that is not reported. The other prompts are not trained on: they tell what it costs elsewhere.
 *
 * <p>The judge ranks by what an image shows: one that shows what was asked for wins against one
 * that does not, and all others are ties. (Other settings, in which it ranked by how like the glyph
 * images are, did not make more of them come out right; docs/experiments.md has them.)
 *
 * <p>Without guidance a model answers worse and its images differ more; what it never draws no
 * ranking can reward. It is measured in the same way, and consistency also with the guidance at
 * which the base model answers best among 1, 1.5, 2.5 and 4, and as the model is used. The other
 * arm learns half as fast.
 */
public final class ImproveConsistency {
  private static final double GUIDANCE = 2.5;
  private static final String GUIDED = "with guidance " + GUIDANCE;

  private static final List<String> SOMETIMES =
      List.of(
          "face with tears of joy",
          "smiling face with heart-eyes",
          "smiling face with sunglasses",
          "angry face",
          "clown face",
          "broken heart",
          "fox",
          "panda",
          "penguin",
          "owl",
          "lady beetle",
          "red apple",
          "banana",
          "pizza",
          "fire engine",
          "sailboat",
          "locomotive");

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
        20,
        1,
        Measured.asTrained(1, GUIDANCE),
        (image, prompt) -> EmojiPrompts.shows(judge.label(image), prompt.text()) ? 1 : 0,
        List.of(
            new Experiment.Arm("ranked", "win rates", ranked, Training.ddpo(3e-3)),
            new Experiment.Arm("gentle", "half the learning rate", ranked, Training.ddpo(1.5e-3))),
        List.of(
            new Row("consistency, prompts trained on", Findings.CONSISTENCY, SOMETIMES),
            new Row(GUIDED + ", prompts trained on", Findings.CONSISTENCY_GUIDED, SOMETIMES),
            new Row("with guidance 4, prompts trained on", Findings.CONSISTENCY_AS_USED, SOMETIMES),
            new Row("consistency, other prompts", Findings.CONSISTENCY, others),
            new Row(GUIDED + ", other prompts", Findings.CONSISTENCY_GUIDED, others),
            new Row("with guidance 4, other prompts", Findings.CONSISTENCY_AS_USED, others),
            Row.of(Findings.GENDER),
            Row.of(Findings.HARM),
            Row.of(Findings.DIVERSITY),
            Row.of(Findings.UNCLEAR)),
        List.of("smiling face with sunglasses", "smiling face with heart-eyes", "fox", "penguin"));
  }
}
