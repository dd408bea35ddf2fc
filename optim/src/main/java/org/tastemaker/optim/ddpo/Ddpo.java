package org.tastemaker.optim.ddpo;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.ClippedObjective;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.TrainingOrder;
import org.tastemaker.optim.policy.TrainingOrder.Row;
import org.tastemaker.optim.policy.TransitionLoss;
import org.tastemaker.optim.policy.Transitions;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * Denoising diffusion policy optimization: Black, Janner, Du, Kostrikov and Levine, "Training
 * Diffusion Models with Reinforcement Learning" (2023).
 *
 * <p>Denoising is a decision process of T steps (section 4.2) whose reward comes at its end. Its
 * objective is the expected reward of the images,
 *
 * <pre>
 *   J(theta) = E_{z, x_0 ~ p_theta(. | z)} r(x_0, z)                                        (3)
 * </pre>
 *
 * <p>and its gradient is estimated in one of two ways (section 4.3):
 *
 * <pre>
 *   SCORE_FUNCTION       E sum_t grad log p_theta(x_{t-1} | x_t, z) A                    (DDPO-SF)
 *   IMPORTANCE_SAMPLING  E_old sum_t rho_t grad log p_theta(x_{t-1} | x_t, z) A          (DDPO-IS)
 *                        rho_t = p_theta(x_{t-1} | x_t, z) / p_old(x_{t-1} | x_t, z)
 * </pre>
 *
 * <p>The score function is right for the policy that sampled only, so a round makes one update.
 * With importance sampling it makes several, and the ratio of each step by itself, not of a
 * trajectory, is kept near 1 by PPO's clipping: {@code max(-A rho, -A clamp(rho, 1 - c, 1 + c))}.
 * The sum over t is a mean here, as in ddpo-pytorch, which only scales the gradient.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>prompts</td><td>z (the paper's c)</td></tr>
 * <tr><td>advantages</td><td>A: the reward, standardised per prompt or batch, clipped to +-5</td></tr>
 * <tr><td>now, old</td><td>log p_theta, log p_old of a step</td></tr>
 * <tr><td>ratio</td><td>rho_t</td></tr>
 * <tr><td>clipRange</td><td>c; 1e-4 is tuned to log-probabilities that are means over elements</td></tr>
 * </tbody>
 * </table>
 *
 * <p>What the paper leaves out, as in ddpo-pytorch: guidance is part of the policy in sampling and
 * training alike; every image's steps are trained in an order of their own, of which a fraction may
 * be left out; log-probabilities are means over an image's elements unless the model's options say
 * sum. An image without a reward is left out. Everything drawn is a function of the seed and the
 * step's number.
 *
 * <p>Unlike ddpo-pytorch, a round whose rewards are all equal moves nothing, and says so, even
 * where they are better or worse than their prompts' latest ones: no image of it is better than
 * another. The statistics still count such rewards. Not thread-safe.
 */
public final class Ddpo implements PolicyOptimizer {
  /** What helps a run that has diverged, or is needed with other rollouts or less memory. */
  private static final Set<String> MAY_CHANGE =
      Set.of(
          "innerEpochs",
          "updatesPerEpoch",
          "microBatch",
          "promptStatistics.bufferSize",
          "promptStatistics.minCount");

  /** The standardisation of a batch without statistics per prompt. */
  private static final double BATCH_EPSILON = 1e-8;

  private final DiffusionPolicy policy;
  private final Options options;
  private final Seed seed;
  private final PromptStatistics statistics;
  private long steps;

  /** How the gradient is estimated. */
  public enum Estimator {
    /** On the policy that sampled: one update a round. */
    SCORE_FUNCTION,
    /** Off it by a clipped ratio: several updates a round. */
    IMPORTANCE_SAMPLING
  }

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the orders of images and steps
   * @throws IllegalStateException if the policy is deterministic (eta 0) and has no likelihood
   */
  public Ddpo(DiffusionPolicy policy, Options options, Seed seed) {
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.statistics =
        new PromptStatistics(
            options.promptStatistics().orElse(PromptStatistics.Options.defaults()));
    policy.requireLikelihood();
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards); // N' of the rollout's N images
    Map<PromptStatistics.Key, List<Double>> before = statistics.rewards();

    // 1. The advantages A of the images that have a reward.
    double[] advantages = advantages(batch.prompts(), batch.rewards().toArray()); // [N']
    if (batch.allEqual() || Arrays.stream(advantages).allMatch(a -> a == 0)) {
      steps = number;
      return new StepReport(
          number,
          batch.metrics(),
          batch.allEqual()
              ? batch.reasonToSkip()
              : "every reward is the mean of its prompt's: all advantages are 0");
    }

    // 2. to 6. The updates: all of them, or none if one fails.
    UpdateDiagnostics diagnostics = new UpdateDiagnostics(number, policy);
    try {
      Transitions transitions = policy.transitions(rollout, options.microBatch());
      policy.atomically(
          number,
          () -> {
            for (int epoch = 0; epoch < options.innerEpochs(); epoch++) {
              for (List<Row> rows : updates(batch, advantages, epoch)) {
                update(transitions, rows, diagnostics);
              }
            }
            // 6. How far they have taken the policy from the pre-trained model.
            Seed drawn = seed.split(steps).split("divergence");
            diagnostics.klEstimate(policy.klEstimate(rollout, options.microBatch(), drawn));
          });
    } catch (RuntimeException | Error e) {
      statistics.restore(before);
      throw e;
    }

    Map<String, Double> metrics = diagnostics.metrics();
    metrics.putAll(batch.metrics());
    steps = number;
    return StepReport.of(number, metrics);
  }

  /** The advantages of rewarded images, within +-advantageClip. */
  double[] advantages(List<Prompt> prompts, double[] rewards) {
    double[] advantages =
        options.promptStatistics().isPresent()
            ? statistics.update(prompts, rewards)
            : Arrays.stream(rewards)
                .map(r -> PromptStatistics.standardise(r, rewards, BATCH_EPSILON))
                .toArray();
    double bound = options.advantageClip();
    return Arrays.stream(advantages).map(a -> Math.max(-bound, Math.min(bound, a))).toArray();
  }

  /** The rows (image, denoising step, A) of each update of an inner epoch. */
  private List<List<Row>> updates(RewardedImages batch, double[] advantages, int epoch) {
    StepWindow active = policy.activeSteps();
    return TrainingOrder.rows(
        batch.images().toArray(),
        advantages,
        IntStream.range(active.first(), active.end()).toArray(),
        options.timestepFraction(),
        options.updatesPerEpoch(),
        seed.split(steps).split(epoch));
  }

  /** One update on R rows, which go through the U-Net in micro-batches of B. */
  private void update(Transitions transitions, List<Row> rows, UpdateDiagnostics diagnostics) {
    policy.begin();
    // 2. to 4. Forward, the mean loss over all R rows, backward: sum_n slope_n grad log p_theta.
    transitions.update(
        rows,
        options.loss(),
        0,
        (n, numbers, terms) -> {
          Row row = rows.get(n);
          diagnostics.ratio(row.image(), row.step(), numbers.logRatio(), terms.clipped());
          diagnostics.loss(row.image(), terms.loss());
        });
    // 5. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  /** The loss of a row, and its derivative by log p_theta. */
  private record Loss(Estimator estimator, double clipRange) implements TransitionLoss {
    @Override
    public Terms of(Numbers numbers, double advantage) {
      ClippedObjective clipped = ClippedObjective.of(numbers.logRatio(), advantage, clipRange);
      boolean onPolicy = estimator == Estimator.SCORE_FUNCTION;
      return new Terms(
          onPolicy ? -advantage * numbers.now() : clipped.loss(),
          onPolicy ? -advantage : clipped.slope(),
          0,
          clipped.clipped());
    }

    @Override
    public Settings settings() {
      return Settings.of(this).with("loss", "ddpo");
    }
  }

  @Override
  public void save(Path folder) {
    Map<String, Object> state = statistics.toJson();
    CheckpointFile.write(folder, "ddpo", steps, settings(), state);
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public List<String> restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, "ddpo", settings(), MAY_CHANGE);
    Map<PromptStatistics.Key, List<Double>> rewards = PromptStatistics.parse(checkpoint.state());
    // The policy checks its own part before it changes anything; nothing after it can fail.
    List<String> changes = policy.restore(folder.resolve("policy"));
    statistics.restore(rewards);
    steps = checkpoint.step();
    return checkpoint.changesAnd(changes);
  }

  private Settings settings() {
    return Settings.of(options).with("seed", seed.key());
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's.
   *
   * @param estimator how the gradient is estimated
   * @param clipRange c of importance sampling, above 0
   * @param advantageClip the bound of an advantage's absolute value, above 0; infinite for none
   * @param timestepFraction which share of each image's steps is trained on, in (0, 1]
   * @param innerEpochs how often a round's images are gone through, at least 1
   * @param updatesPerEpoch into how many updates an inner epoch is split, at least 1; with fewer
   *     rewarded images there is one update for each
   * @param microBatch how many rows go through the U-Net together, at least 1: memory against
   *     speed, and float rounding
   * @param promptStatistics advantages by the latest rewards of the prompt; empty for those by the
   *     mean and deviation of the batch, which compares images of different prompts
   */
  @RecordBuilder
  public record Options(
      Estimator estimator,
      double clipRange,
      double advantageClip,
      double timestepFraction,
      int innerEpochs,
      int updatesPerEpoch,
      int microBatch,
      Optional<PromptStatistics.Options> promptStatistics)
      implements DdpoOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(estimator, "estimator == null");
      require(clipRange > 0, "clipRange must be above 0, but was " + clipRange);
      require(advantageClip > 0, "advantageClip must be above 0, but was " + advantageClip);
      require(
          timestepFraction > 0 && timestepFraction <= 1,
          "timestepFraction must be in (0, 1], but was " + timestepFraction);
      require(innerEpochs >= 1, "innerEpochs must be at least 1, but was " + innerEpochs);
      require(
          updatesPerEpoch >= 1, "updatesPerEpoch must be at least 1, but was " + updatesPerEpoch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
      require(
          estimator == Estimator.IMPORTANCE_SAMPLING || innerEpochs * updatesPerEpoch == 1,
          "the score function is on-policy: it makes one update a round, but innerEpochs is "
              + innerEpochs
              + " and updatesPerEpoch "
              + updatesPerEpoch
              + "; use IMPORTANCE_SAMPLING for more");
      Objects.requireNonNull(
          promptStatistics, "promptStatistics == null: use Optional.empty() for none");
    }

    /**
     * The loss of a row, for workers that compute gradients.
     *
     * @return a function of the estimator and the clip range
     */
    public TransitionLoss loss() {
      return new Loss(estimator, clipRange);
    }

    /**
     * DDPO-IS: clip range 1e-4, advantages within +-5, all steps, one inner epoch of 4 updates,
     * micro-batches of 8, statistics of 16 rewards a prompt.
     *
     * @return the settings of the paper's appendix
     */
    public static Options importanceSampling() {
      return new Options(
          Estimator.IMPORTANCE_SAMPLING,
          1e-4,
          5,
          1,
          1,
          4,
          8,
          Optional.of(PromptStatistics.Options.defaults()));
    }

    /**
     * DDPO-SF: one update a round.
     *
     * @return the settings of the paper's appendix
     */
    public static Options scoreFunction() {
      return importanceSampling().withUpdatesPerEpoch(1).withEstimator(Estimator.SCORE_FUNCTION);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
