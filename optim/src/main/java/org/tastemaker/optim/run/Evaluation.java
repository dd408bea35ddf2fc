package org.tastemaker.optim.run;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.guard.Observation;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RoundSampler;

/**
 * Measures the policy on held-out prompts and seeds, the same ones each time.
 *
 * @param every the number of rounds between evaluations, at least 1; the policy is also evaluated
 *     at the beginning and at the end
 * @param prompts the held-out prompts, one for each image, at least one
 * @param seed of the images
 * @param reward a reward other than the run's; it receives no judgements, so evaluations do not
 *     call, or pay, the run's judge; null for the run's own
 * @param around wraps the evaluation, such as {@code policy::withAverages}; or simply runs it
 * @param kl measures {@code klToReference}, such as {@link DiffusionPolicy#klToReference}; null for
 *     none
 * @param sampler a sampler other than the run's, such as the policy's if the run trains on images
 *     of the pre-trained model; null for the run's own, or for the model that it samples the rounds
 *     of ({@link RoundSampler})
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
   * An evaluation with the run's own reward.
   *
   * @param every the number of rounds between evaluations, at least 1
   * @param prompts the held-out prompts, one for each image
   * @param seed of the images
   * @return the evaluation
   */
  public static Evaluation every(int every, List<Prompt> prompts, Seed seed) {
    return new Evaluation(every, prompts, seed, null, Runnable::run, null, null);
  }

  /**
   * This evaluation, on the moving average of the weights.
   *
   * @param policy a policy that keeps such an average
   * @return a new evaluation
   */
  public Evaluation withAveragesOf(DiffusionPolicy policy) {
    return withAround(policy::withAverages);
  }

  /**
   * This evaluation, with the KL to the pre-trained model added as {@code klToReference}.
   *
   * @param policy the policy that is trained
   * @param microBatch how many rows go through its U-Net together
   * @return a new evaluation
   */
  public Evaluation withKlOf(DiffusionPolicy policy, int microBatch) {
    policy.requireLikelihood();
    return withKl(rollout -> policy.klToReference(rollout, microBatch));
  }

  /** For the loop, which needs the bounded metric; null for a run that is never evaluated. */
  static @Nullable RoundEvaluator evaluator(
      @Nullable Evaluation evaluation,
      FeedbackSampling run,
      RewardModel reward,
      Guards guards,
      KlWatch watch) {
    if (evaluation == null) {
      return null;
    }
    return new RoundEvaluator(
        evaluation.every,
        round -> {
          if (round == 0) {
            evaluation.warnIfItMeasuresNothing(reward, watch);
          }
          Double kl = evaluation.measure(round, run, reward, guards, watch).get(KL_TO_REFERENCE);
          return kl == null ? Map.of() : Map.of(KL_TO_REFERENCE, kl);
        });
  }

  /** Of a search, which has no sampler and no reward: the evaluation has its own. */
  static @Nullable RoundEvaluator evaluator(
      @Nullable Evaluation evaluation, Cancellation cancellation, Guards guards, KlWatch watch) {
    if (evaluation == null) {
      return null;
    }
    FeedbackSampling sampling =
        new FeedbackSampling(
            Objects.requireNonNull(evaluation.sampler), null, null, Runnable::run, cancellation);
    return evaluator(
        evaluation, sampling, Objects.requireNonNull(evaluation.reward), guards, watch);
  }

  private void warnIfItMeasuresNothing(RewardModel rewardOfRun, RunListener observers) {
    if (Objects.requireNonNullElse(reward, rewardOfRun).isRelative()) {
      observers.on(
          new RunEvent.Notice(
              0,
              "the reward only compares images of one evaluation with each other, so its mean is"
                  + " the same whatever the model learns, and is left out: give the evaluation a"
                  + " score of single images, with withReward"));
    }
  }

  /**
   * Evaluates the policy and reports the result.
   *
   * @param round how many rounds are done
   * @param run the run's sampler and judge
   * @param rewardOfRun the run's own reward
   * @param guards look at the images, too
   * @param observers receive the metrics and the images
   * @return the metrics
   */
  Map<String, Double> measure(
      long round, FeedbackSampling run, RewardModel rewardOfRun, Guards guards, KlWatch observers) {
    Map<String, Double> metrics = new TreeMap<>();
    around.accept(
        () -> {
          DiffusionSampler evaluated =
              sampler == null ? RoundSampler.plain(run.sampler()) : sampler;
          try (Rollout rollout = evaluated.rollout(prompts, seed)) {
            List<Judgement> judgements = reward == null ? run.judgements(rollout) : List.of();
            RewardModel by = Objects.requireNonNullElse(reward, rewardOfRun);
            Rewards rewards = by.score(rollout, judgements);
            observers.sized(rollout);
            if (!by.isRelative()) { // else it is the same in every evaluation
              rewards.mean().ifPresent(mean -> metrics.put("evaluation.rewardMean", mean));
            }
            metrics.put("evaluation.presentRewards", (double) rewards.present());
            metrics.putAll(
                guards.evaluation(
                    new Observation(
                        round,
                        rollout,
                        judgements,
                        rewardOfRun,
                        Optional.of(rewards).filter(own -> by == rewardOfRun),
                        guards.heldOut(rollout).or(() -> heldOut(by, rewardOfRun, rewards)))));
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

  /** The scores of another reward than the run's, if they have a level. */
  private static Optional<Rewards> heldOut(RewardModel by, RewardModel ofRun, Rewards rewards) {
    return by == ofRun || by.isRelative() ? Optional.empty() : Optional.of(rewards);
  }
}
