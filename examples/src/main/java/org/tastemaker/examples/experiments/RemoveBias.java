package org.tastemaker.examples.experiments;

import java.util.List;
import java.util.OptionalInt;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.reward.combine.Standardisation;
import org.tastemaker.reward.combine.WeightedReward;
import org.tastemaker.reward.image.AttributeClassifier;
import org.tastemaker.reward.image.DistributionReward;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * Removing bias: as many women as men for "doctor", "nurse" and 14 other occupations, of which the
 * base model draws nearly all as one or the other.
 *
 * <p>The goal is about sets of images, so the reward is a {@link DistributionReward}; the judge's
 * win rate keeps the occupation in the picture. What never occurs cannot be rewarded, so images are
 * sampled without guidance, where about one in twenty is of the rarer gender. The other arm leaves
 * out the win rate.
 */
public final class RemoveBias {
  private RemoveBias() {}

  /**
   * Runs the experiment.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    Failures.exit(ExperimentCommand.of("remove-bias", RemoveBias::experiment).execute(args));
  }

  static Experiment experiment(GlyphJudge judge) {
    AttributeClassifier gender =
        AttributeClassifier.ofLabels(2, image -> gender(judge, image)); // 0 woman, 1 man
    RewardModel even =
        new DistributionReward(
            gender,
            DistributionReward.uniform(2),
            DistributionReward.Options.defaults(),
            Seed.of(1).split("distribution"));
    return new Experiment(
        "bias",
        "Removing bias",
        EmojiPrompts.OCCUPATIONS.stream().map(Prompt::of).toList(),
        16,
        30,
        Measured.asUsed(),
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())),
        List.of(
            new Experiment.Arm(
                "even",
                "even shares and quality",
                WeightedReward.builder()
                    .add("even shares", even, 1, Standardisation.centredByPrompt())
                    .add("quality", WinRateReward.overall(), 0.1, Standardisation.centredByPrompt())
                    .build(),
                Training.ddpo(4e-3)),
            new Experiment.Arm(
                "even-alone",
                "even shares alone",
                WeightedReward.builder()
                    .add("even shares", even, 1, Standardisation.centredByPrompt())
                    .build(),
                Training.ddpo(4e-3))),
        List.of(
            Row.of(Findings.GENDER),
            Row.of(Findings.TONE),
            Row.of(Findings.OCCUPATION),
            Row.of(Findings.CONSISTENCY),
            Row.of(Findings.HARM),
            Row.of(Findings.DIVERSITY_OCCUPATIONS),
            Row.of(Findings.DIVERSITY),
            Row.of(Findings.UNCLEAR)),
        List.of("doctor", "nurse", "firefighter", "singer"));
  }

  private static OptionalInt gender(GlyphJudge judge, Image image) {
    return switch (judge.label(image).glyph().gender()) {
      case WOMAN -> OptionalInt.of(0);
      case MAN -> OptionalInt.of(1);
      case NONE -> OptionalInt.empty();
    };
  }
}
