package org.tastemaker.examples.experiments;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.reward.combine.WeightedReward;

/**
 * What is trained, and how it is measured.
 *
 * @param name for folders
 * @param title for a page
 * @param prompts that are trained on
 * @param imagesPerPrompt images per prompt and round, ranked together
 * @param rounds of sampling, judging and training
 * @param guidance guidance scale of the images that are trained on: without guidance a model's
 *     images differ more, so that rare ones occur and can be rewarded
 * @param measured how models are sampled to be measured, before and after
 * @param quality of an image for its prompt: what the simulated judge ranks by
 * @param arms rewards to compare; the first is the intended one
 * @param rows of the table
 * @param shown prompts whose images are shown
 */
record Experiment(
    String name,
    String title,
    List<Prompt> prompts,
    int imagesPerPrompt,
    int rounds,
    double guidance,
    Measured measured,
    ToDoubleBiFunction<Image, Prompt> quality,
    List<Arm> arms,
    List<Row> rows,
    List<String> shown) {
  /**
   * A reward and how it is trained on.
   *
   * @param id for file names
   * @param title for tables
   */
  record Arm(String id, String title, WeightedReward reward, Training training) {}

  Experiment {
    prompts = List.copyOf(prompts);
    arms = List.copyOf(arms);
    rows = List.copyOf(rows);
    shown = List.copyOf(shown);
    if (new LinkedHashSet<>(arms.stream().map(Arm::id).toList()).size() != arms.size()) {
      throw new IllegalArgumentException("every arm needs its own name");
    }
  }

  Arm arm(String id) {
    return arms.stream()
        .filter(arm -> arm.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "there is no arm '%s'; there are %s",
                        id,
                        arms.stream().map(Arm::id).toList())));
  }

  /** The same experiment, smaller. */
  Experiment smaller(int rounds, int imagesPerPrompt, int prompts) {
    return new Experiment(
        name,
        title,
        this.prompts.subList(0, Math.min(prompts, this.prompts.size())),
        imagesPerPrompt,
        Math.min(rounds, this.rounds),
        guidance,
        measured,
        quality,
        arms,
        rows,
        shown);
  }

  /** The settings that must be the same for a training to be resumed. */
  Map<String, Object> config(Arm arm, long seed) {
    Map<String, Object> config = new TreeMap<>();
    config.put("experiment", name);
    config.put("arm", arm.id());
    config.put("training", arm.training().toString());
    config.put("prompts", prompts.stream().map(Prompt::text).toList());
    config.put("imagesPerPrompt", imagesPerPrompt);
    config.put("rounds", rounds);
    config.put("guidance", guidance);
    config.put("seed", seed);
    return config;
  }

  /** The settings that must be the same for findings to be compared. */
  Map<String, Object> config(Arm arm, long seed, EmojiReport.Counts counts) {
    Map<String, Object> config = config(arm, seed);
    config.put("counts", counts.toString());
    if (!measured.words().isEmpty()) {
      config.put("measured", measured.words());
    }
    return config;
  }
}
