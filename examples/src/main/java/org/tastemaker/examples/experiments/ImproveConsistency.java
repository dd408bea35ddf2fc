package org.tastemaker.examples.experiments;

import java.util.List;
import java.util.stream.IntStream;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.reward.combine.Standardisation;
import org.tastemaker.reward.combine.WeightedReward;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * Improving consistency with the prompt: the judge's ranking alone, on half of the prompts that
 * name one glyph. The other half tells whether anything was learnt beyond the prompts trained on.
 *
 * <p>The other arm follows the same reward with three times the learning rate, to show what too
 * much of it costs.
 */
public final class ImproveConsistency {
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
    List<String> trained = half(0);
    List<String> others = half(1);
    WeightedReward ranked =
        WeightedReward.builder()
            .add("quality", WinRateReward.overall(), 1, Standardisation.centredByPrompt())
            .build();
    return new Experiment(
        "consistency",
        "Improving consistency",
        trained.stream().map(Prompt::of).toList(),
        6,
        List.of(new Experiment.Phase(16, 3)),
        0.5,
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())),
        List.of(
            new Experiment.Arm("ranked", "win rates", ranked, Training.ddpo(2e-3)),
            new Experiment.Arm(
                "pushed", "win rates, three times the rate", ranked, Training.ddpo(6e-3))),
        List.of(
            new Experiment.Row("consistency, prompts trained on", Findings.CONSISTENCY, trained),
            new Experiment.Row("consistency, other prompts", Findings.CONSISTENCY, others),
            Experiment.Row.of(Findings.GENDER),
            Experiment.Row.of(Findings.HARM),
            Experiment.Row.of(Findings.DIVERSITY),
            Experiment.Row.of(Findings.UNCLEAR)),
        trained.subList(2, 6));
  }

  /** Every second prompt, so that faces, animals and people are in both halves. */
  private static List<String> half(int which) {
    return IntStream.range(0, EmojiPrompts.CONSISTENCY.size())
        .filter(i -> i % 2 == which)
        .mapToObj(EmojiPrompts.CONSISTENCY::get)
        .toList();
  }
}
