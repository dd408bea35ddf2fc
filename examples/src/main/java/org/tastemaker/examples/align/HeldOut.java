package org.tastemaker.examples.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.examples.measure.Estimate;

/**
 * Held-out images: the same number per prompt, from the same seeds each time. Keeps the first and
 * the latest measurement of a run.
 */
final class HeldOut {
  private final EmojiTask task;
  private final int each;
  private final Seed seed;
  private final List<Prompt> prompts;
  private @Nullable Measured first;
  private @Nullable Measured latest;
  private int measurements;

  /** Images of all prompts and the task's score of each. */
  record Measured(List<Image> images, double[] scores) {}

  HeldOut(EmojiTask task, int each, Seed seed) {
    this.task = task;
    this.each = each;
    this.seed = seed;
    this.prompts =
        task.prompts().stream()
            .flatMap(prompt -> Collections.nCopies(each, prompt).stream())
            .toList();
  }

  List<Prompt> prompts() {
    return prompts;
  }

  Seed seed() {
    return seed;
  }

  Measured measure(Rollout rollout) {
    double[] scores = new double[rollout.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = task.score().applyAsDouble(rollout.images().get(i), prompts.get(i));
    }
    return new Measured(rollout.images(), scores);
  }

  /** The task's score as a reward, without a judge. */
  RewardModel reward() {
    return (rollout, judgements) -> {
      Measured measured = measure(rollout);
      first = first == null ? measured : first;
      latest = measured;
      measurements++;
      List<OptionalDouble> values = new ArrayList<>();
      for (double score : measured.scores) {
        values.add(Double.isNaN(score) ? OptionalDouble.empty() : OptionalDouble.of(score));
      }
      return new Rewards(values);
    };
  }

  /**
   * Adds to each evaluation the interval of its mean over the held-out images, {@code
   * evaluation.rewardLow} and {@code evaluation.rewardHigh}, in the folder and for a listener.
   */
  RunListener withInterval(RunFolder folder, RunListener listener) {
    return event -> {
      Measured measured = latest;
      if (measured != null
          && event instanceof RunEvent.Metrics metrics
          && metrics.values().containsKey("evaluation.rewardMean")) {
        List<double[]> images =
            Arrays.stream(measured.scores).mapToObj(score -> new double[] {score}).toList();
        Estimate mean = Estimate.bootstrap(images, Estimate::mean, images.size(), Seed.of(1));
        Map<String, Double> interval =
            Map.of("evaluation.rewardLow", mean.low(), "evaluation.rewardHigh", mean.high());
        folder.appendMetrics(metrics.step(), interval);
        Map<String, Double> all = new LinkedHashMap<>(metrics.values());
        all.putAll(interval);
        listener.on(new RunEvent.Metrics(metrics.step(), all));
      } else {
        listener.on(event);
      }
    };
  }

  /** The first measurement against the latest, if this process has made two. */
  Optional<Outcome> soFar(boolean fromTheBaseModel) {
    return fromTheBaseModel && measurements > 1 && first != null && latest != null
        ? Optional.of(compare(first, latest))
        : Optional.empty();
  }

  Outcome compare(Measured before, Measured after) {
    return new Outcome(
        byPrompt(before.scores),
        byPrompt(after.scores),
        before.images,
        after.images,
        seed.splits(prompts.size()));
  }

  private Map<String, double[]> byPrompt(double[] scores) {
    Map<String, double[]> by = new LinkedHashMap<>();
    for (int i = 0; i < scores.length; i += each) {
      by.put(prompts.get(i).text(), Arrays.copyOfRange(scores, i, i + each));
    }
    return by;
  }
}
