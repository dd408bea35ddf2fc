package org.tastemaker.examples.experiments;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.run.Settings;
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

  /** The arms' titles by id, in their order. */
  Map<String, String> titles() {
    Map<String, String> titles = new LinkedHashMap<>();
    arms.forEach(arm -> titles.put(arm.id(), arm.title()));
    return titles;
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
        measured,
        quality,
        arms,
        rows,
        shown);
  }

  /** The same experiment, measured in another way. */
  Experiment with(Measured other) {
    return new Experiment(
        name, title, prompts, imagesPerPrompt, rounds, other, quality, arms, rows, shown);
  }

  /** What must be the same for a training to be resumed. */
  Settings config(Arm arm, long seed) {
    return Settings.of(
            this, "name", "title", "prompts", "measured", "quality", "arms", "rows", "shown")
        .with("experiment", name)
        .with("arm", arm.id())
        .with("training", arm.training())
        .with("prompts", prompts.stream().map(Prompt::text).toList())
        .with("seed", seed);
  }

  /** What must be the same for findings to be compared. */
  Settings config(Arm arm, long seed, EmojiReport.Counts counts) {
    return config(arm, seed).and(measured.config(counts));
  }
}
