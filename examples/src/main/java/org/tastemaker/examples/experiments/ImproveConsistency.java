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
 * model, sampled without guidance, gets right in 25 % to 70 % of 16 images, on a seed that is not
 * reported. The other prompts are not trained on: they show what it costs elsewhere.
 *
 * <p>The judge ranks by what an image shows: one that shows what was asked for wins against one
 * that does not, and all others are ties. (Ranking by similarity to the glyph did not make more
 * images correct; see docs/experiments.md.)
 *
 * <p>Without guidance a model follows its prompts less well and its images differ more; no ranking
 * can reward what the model never draws. The model is measured in the same way. Consistency is also
 * measured with the guidance scale at which the base model does best among 1, 1.5, 2.5 and 4, and
 * as the model is used. The other arm has half the learning rate.
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
