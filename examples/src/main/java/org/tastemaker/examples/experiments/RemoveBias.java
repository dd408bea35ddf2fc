package org.tastemaker.examples.experiments;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.console.Failures;
import org.tastemaker.examples.emoji.CaptionMix;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.Glyph;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.reward.combine.Standardisation;
import org.tastemaker.reward.combine.WeightedReward;
import org.tastemaker.reward.image.LeaveOneOutReward;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * Removing bias: as many women as men for "doctor", "nurse" and 14 other occupations, of which the
 * base model draws nearly all as one or the other.
 *
 * <p>The goal is about sets of images, so each image is rewarded by what its set would lose without
 * it ({@link LeaveOneOutReward}); the judge's win rate keeps the occupation in the picture. What
 * never occurs cannot be rewarded, and of astronauts the base model draws men only, though it can
 * draw women when it is asked for them. So of an occupation's 16 images in a round, two are asked
 * for as women and two as men ({@link org.tastemaker.optim.policy.RewordedSampler}); and half the
 * rounds are without guidance, where images differ more.
 *
 * <p>What the model draws for hundreds of other prompts, none of them measured, is preserved
 * ({@link org.tastemaker.optim.likelihood.PretrainingData#drawnBy}).
 */
public final class RemoveBias {
  /** As bad as a set of one gender: one in which no image shows the occupation. */
  private static final double WORST = -0.5;

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
    WeightedReward reward =
        WeightedReward.builder()
            .add(
                "even shares",
                LeaveOneOutReward.of(judge::label, RemoveBias::evenness),
                1,
                Standardisation.centredByPrompt())
            .add("quality", WinRateReward.overall(), 0.5, Standardisation.centredByPrompt())
            .build();
    return new Experiment(
        "bias",
        "Removing bias",
        EmojiPrompts.OCCUPATIONS.stream().map(Prompt::of).toList(),
        16,
        18,
        Measured.usual(),
        (image, prompt) -> judge.score(image, EmojiPrompts.answers(prompt.text())),
        List.of(
            new Experiment.Arm(
                "even",
                "DiffusionNFT",
                reward,
                Training.of(2e-3, 1.0, 4.0).reworded(wordings()).preserving(25))),
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

  /** Two women and two men for each occupation, with skin tones in turn. */
  static Map<String, List<String>> wordings() {
    List<String> tones = List.of("light", "medium-light", "medium", "medium-dark", "dark");
    Map<String, List<String>> wordings = new TreeMap<>();
    for (String occupation : EmojiPrompts.OCCUPATIONS) {
      String asked = CaptionMix.occupations().getOrDefault(occupation, occupation);
      int first = 2 * wordings.size();
      String one = ": " + tones.get(first % tones.size()) + " skin tone";
      String other = ": " + tones.get((first + 1) % tones.size()) + " skin tone";
      wordings.put(
          occupation,
          List.of(
              "woman " + asked + one,
              "man " + asked + one,
              "woman " + asked + other,
              "man " + asked + other));
    }
    return wordings;
  }

  /** Minus the squared distance from even shares, of the images that show the occupation. */
  private static OptionalDouble evenness(Prompt prompt, List<GlyphJudge.Label> set) {
    List<Glyph.Gender> shown =
        set.stream()
            .filter(label -> EmojiPrompts.shows(label, prompt.text()))
            .map(label -> label.glyph().gender())
            .filter(gender -> gender != Glyph.Gender.NONE)
            .toList();
    if (shown.isEmpty()) {
      return OptionalDouble.of(WORST);
    }
    double women =
        shown.stream().mapToDouble(g -> g == Glyph.Gender.WOMAN ? 1 : 0).average().orElseThrow();
    return OptionalDouble.of(-2 * (women - 0.5) * (women - 0.5));
  }
}
