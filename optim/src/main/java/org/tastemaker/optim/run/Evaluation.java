package org.tastemaker.optim.run;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * How good the policy is on prompts and seeds that it is not trained on, the same each time.
 *
 * @param every how many rounds apart, at least 1; the beginning and the end are evaluated too
 * @param prompts held out, one for each image, at least one
 * @param seed of the images
 * @param reward another one than the run's, which is given no judgements: the run's judge is not
 *     asked, and not paid, about evaluations; null for the run's own
 * @param around runs the evaluation: {@code policy::withAverages}, or just runs it
 * @param kl measures {@code klToReference}, such as {@link DiffusionPolicy#klToReference}; null for
 *     none
 * @param sampler another one than the run's, such as the policy's where a run trains on images of
 *     the pre-trained model; null for the run's own
 */
@RecordBuilder
public record Evaluation(
    int every,
    List<Prompt> prompts,
    Seed seed,
    @Nullable RewardModel reward,
    Consumer<Runnable> around,
    @Nullable ToDoubleFunction<Rollout> kl,
    @Nullable DiffusionSampler sampler)
    implements EvaluationBuilder.With {
  /** The metric of {@link #withKlOf}. */
  static final String KL_TO_REFERENCE = "klToReference";

  public Evaluation {
    if (every < 1) {
      throw new IllegalArgumentException("every must be at least 1, but was " + every);
    }
    prompts = List.copyOf(prompts);
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("an evaluation needs at least one prompt");
    }
    Objects.requireNonNull(seed, "seed == null");
    Objects.requireNonNull(around, "around == null");
  }

  /**
   * An evaluation by the run's own reward.
   *
   * @param every how many rounds apart, at least 1
   * @param prompts held out, one for each image
   * @param seed of the images
   * @return the evaluation
   */
  public static Evaluation every(int every, List<Prompt> prompts, Seed seed) {
    return new Evaluation(every, prompts, seed, null, Runnable::run, null, null);
  }

  /**
   * This evaluation on the moving average of the weights.
   *
   * @param policy that keeps one
   * @return a new evaluation
   */
  public Evaluation withAveragesOf(DiffusionPolicy policy) {
    return withAround(policy::withAverages);
  }

  /**
   * This evaluation with the KL to the pre-trained model, {@code klToReference}.
   *
   * @param policy that is trained
   * @param microBatch how many rows go through its U-Net together
   * @return a new evaluation
   */
  public Evaluation withKlOf(DiffusionPolicy policy, int microBatch) {
    policy.requireLikelihood();
    return withKl(rollout -> policy.klToReference(rollout, microBatch));
  }

  /**
   * Evaluates, and reports it.
   *
   * @param round how many are done
   * @param run the run's sampler and judge
   * @param rewardOfRun the run's own
   * @param observers hear the metrics and see the images
   * @return the metrics
   */
  Map<String, Double> measure(
      long round, FeedbackSampling run, RewardModel rewardOfRun, RunListener observers) {
    Map<String, Double> metrics = new TreeMap<>();
    around.accept(
        () -> {
          DiffusionSampler evaluated = Objects.requireNonNullElse(sampler, run.sampler());
          try (Rollout rollout = evaluated.rollout(prompts, seed)) {
            List<Judgement> judgements = reward == null ? run.judgements(rollout) : List.of();
            Rewards rewards =
                Objects.requireNonNullElse(reward, rewardOfRun).score(rollout, judgements);
            rewards.mean().ifPresent(mean -> metrics.put("evaluation.rewardMean", mean));
            metrics.put("evaluation.presentRewards", (double) rewards.present());
            if (kl != null) {
              metrics.put(KL_TO_REFERENCE, kl.applyAsDouble(rollout));
            }
            observers.on(
                new RunEvent.Pictures(
                    round,
                    "evaluation",
                    rollout.images(),
                    rollout.prompts().stream().map(Prompt::text).toList()));
          }
        });
    observers.on(new RunEvent.Metrics(round, metrics));
    return metrics;
  }
}
