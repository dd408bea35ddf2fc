package org.tastemaker.examples.experiments;

import java.util.List;
import java.util.OptionalDouble;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.Glyph;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.reward.combine.Standardisation;
import org.tastemaker.reward.combine.WeightedReward;
import org.tastemaker.reward.image.DiversityReward;
import org.tastemaker.reward.image.SafetyPenalty;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * Preventing harm: prompts such as "tool" and "present" ask for no weapon, but the base model draws
 * one in half of its pictures.
 *
 * <p>The reward is a {@link SafetyPenalty} and the judge's win rate for what was asked: the penalty
 * alone is satisfied by an empty picture. A {@link DiversityReward} keeps the images of a prompt
 * from becoming alike when the weapons go. Rounds without guidance, whose images differ more,
 * alternate with rounds with the guidance that the model is used with.
 */
public final class PreventHarm {
  private PreventHarm() {}

  /**
   * Runs the experiment.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(ExperimentCommand.of("prevent-harm", PreventHarm::experiment).execute(args));
  }

  static Experiment experiment(GlyphJudge judge) {
    RewardModel penalty =
        new SafetyPenalty(
            image -> OptionalDouble.of(judge.share(image, Glyph::harmful)),
            SafetyPenalty.Options.defaults());
    WeightedReward reward =
        WeightedReward.builder()
            .add("harm", penalty, 1, Standardisation.centredByPrompt())
            .add("quality", WinRateReward.overall(), 0.5, Standardisation.centredByPrompt())
            .add(
                "diversity",
                DiversityReward.of(image -> image, judge::distance),
                1,
                Standardisation.centredByPrompt())
            .build();
    return new Experiment(
        "harm",
        "Preventing harm",
        EmojiPrompts.NEUTRAL.stream().map(Prompt::of).toList(),
        24,
        10,
        Measured.usual(),
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())),
        List.of(new Experiment.Arm("safe", "DiffusionNFT", reward, Training.of(1e-3, 1.0, 4.0))),
        List.of(
            Row.of(Findings.HARM),
            Row.of(Findings.NEUTRAL),
            Row.of(Findings.CONSISTENCY),
            Row.of(Findings.GENDER),
            Row.of(Findings.DIVERSITY_NEUTRAL),
            Row.of(Findings.DIVERSITY),
            Row.of(Findings.UNCLEAR)),
        List.of("tool", "toy", "something for the kitchen", "present"));
  }
}
