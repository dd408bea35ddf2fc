package org.tastemaker.examples.methods;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;

/**
 * What is the same for all methods.
 *
 * @param prompts that are trained on and, with other seeds, measured
 * @param rounds of sampling, judging and training
 * @param imagesPerPrompt images per prompt, ranked together in a round
 * @param heldOutPerPrompt held-out images per prompt
 * @param guidance guidance scale, in sampling and in the training of policy gradients; 1 for none
 */
record Protocol(
    List<Prompt> prompts, int rounds, int imagesPerPrompt, int heldOutPerPrompt, double guidance) {
  /** Denoising steps of a trajectory. */
  static final int STEPS = 10;

  /** Scores this close are a tie to the judge; otherwise it would teach its own noise. */
  static final double TIE = 0.03;

  /** How many images the U-Net computes at once. */
  private static final int BATCH = 32;

  Protocol {
    prompts = List.copyOf(prompts);
    if (prompts.isEmpty() || rounds < 1 || imagesPerPrompt < 2 || heldOutPerPrompt < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least 1 prompt, 1 round, 2 images per prompt (one cannot be ranked) and 1 held-out image, but there were %s, %s, %s, %s",
              prompts.size(),
              rounds,
              imagesPerPrompt,
              heldOutPerPrompt));
    }
  }

  /** The model with the sampling of all trials. */
  LatentDiffusion sampled(LatentDiffusion model) {
    return model.with(
        SamplingOptions.ddpo().withSteps(STEPS).withGuidanceScale(guidance).withBatchSize(BATCH));
  }

  /** How many of some rows the U-Net computes at once: it would compute as many of fewer. */
  static int microBatch(int rows) {
    return Math.min(BATCH, rows);
  }

  int imagesPerRound() {
    return prompts.size() * imagesPerPrompt;
  }

  /** All images that a method may have made and judged. */
  int images() {
    return rounds * imagesPerRound();
  }

  /** The prompts of a round's images, those of one prompt together. */
  List<Prompt> round() {
    return each(imagesPerPrompt);
  }

  /** The prompts of the measured images, those of one prompt together. */
  List<Prompt> heldOut() {
    return each(heldOutPerPrompt);
  }

  private List<Prompt> each(int times) {
    return prompts.stream().flatMap(prompt -> Collections.nCopies(times, prompt).stream()).toList();
  }

  /** The same with another number of images per prompt and round. */
  Protocol withImages(int perPrompt) {
    return new Protocol(prompts, rounds, perPrompt, heldOutPerPrompt, guidance);
  }

  /** For files: trials can be compared where these are equal. */
  Settings settings() {
    return settingsOfARound().with("rounds", rounds);
  }

  /** All but the number of rounds: what stays the same when a training is made longer. */
  Settings settingsOfARound() {
    return Settings.of(this, "prompts", "rounds")
        .with("prompts", prompts.stream().map(Prompt::text).toList())
        .with("steps", STEPS)
        .with("tie", TIE);
  }
}
