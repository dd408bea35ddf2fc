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
 * model gets right once or twice in four images of a seed that is not reported. The other prompts
 * are not trained on: they tell what it costs elsewhere.
 *
 * <p>Trained with little guidance, where a model answers worse and its images differ more, and
 * measured with the same sampler. Measured with the guidance of use (4), several settings moved
 * nothing: what the model misses there it hardly ever draws, and what is never drawn no ranking can
 * reward.
 */
public final class ImproveConsistency {
  private static final double GUIDANCE = 1.5;

  private static final List<String> SOMETIMES =
      List.of(
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
          "penguin");

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
        EmojiPrompts.CONSISTENCY.stream().filter(prompt -> !SOMETIMES.contains(prompt)).toList();
    WeightedReward ranked =
        WeightedReward.builder()
            .add("quality", WinRateReward.overall(), 1, Standardisation.centredByPrompt())
            .build();
    return new Experiment(
        "consistency",
        "Improving consistency",
        SOMETIMES.stream().map(Prompt::of).toList(),
        8,
        40,
        GUIDANCE,
        Experiment.Measured.asTrained(GUIDANCE),
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())),
        List.of(new Experiment.Arm("ranked", "win rates", ranked, Training.rwr(3e-4, 20))),
        List.of(
            new Experiment.Row("consistency, prompts trained on", Findings.CONSISTENCY, SOMETIMES),
            new Experiment.Row("consistency, other prompts", Findings.CONSISTENCY, others),
            Experiment.Row.of(Findings.GENDER),
            Experiment.Row.of(Findings.HARM),
            Experiment.Row.of(Findings.DIVERSITY),
            Experiment.Row.of(Findings.UNCLEAR)),
        List.of("bus", "dog face", "rocket", "penguin"));
  }
}
