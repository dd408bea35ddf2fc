package org.tastemaker.optim.grpo;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.Deviation;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.GroupAdvantages;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.RoundSampler;
import org.tastemaker.optim.policy.TrainingOrder;
import org.tastemaker.optim.policy.TrainingOrder.Row;
import org.tastemaker.optim.policy.Trajectory;
import org.tastemaker.optim.policy.TransitionLoss;
import org.tastemaker.optim.policy.Transitions;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * Group-relative policy optimization of a diffusion model: Xue et al., "DanceGRPO: Unleashing GRPO
 * on Visual Generation" (2025), and Liu et al., "Flow-GRPO: Training Flow Matching Models via
 * Online RL" (2025), for models of epsilon, v or x_0 with DDIM's noisy steps as the policy.
 *
 * <p>The G images of a prompt are a group, and an image is as good as it is better than the others
 * of its group. With that advantage, PPO's objective is a mean over images and steps:
 *
 * <pre>
 *   A_i   = (r_i - mean_j r_j) / (std r + epsilon)
 *   J     = E  1/G sum_i 1/T sum_t  min(rho A_i, clamp(rho, 1 - c, 1 + c) A_i)
 *              - beta KL(p_theta || p_ref)                               (beta: Flow-GRPO's)
 *   rho   = p_theta(x_{t-1} | x_t, z) / p_old(x_{t-1} | x_t, z)
 * </pre>
 *
 * <p>A step is a Gaussian whose deviation s does not depend on theta, so both KLs are exact:
 *
 * <pre>
 *   KL(p_theta || p_ref) = mean |mu - mu_ref|^2 / (2 s^2)
 *   D                    = mean |mu - mu_old|^2 / (2 s^2)                 to the policy that sampled
 * </pre>
 *
 * <p>What later papers add is an option each:
 *
 * <ul>
 *   <li>{@link Objective#GUARDED}, "GRPO-Guard: Mitigating Implicit Over-Optimization in Flow
 *       Matching via Regulated Clipping" (2025), equation 8: {@code rho = exp((log rho + D) s)}.
 *       The mean of log rho under p_old is -D, so that the upper bound, which holds back good
 *       images, is hardly ever reached; and its scale is 1/s, so that one clip range cannot fit all
 *       steps. Their {@code sqrt(dt) sigma_t} is s here; their division by dt is left out, since
 *       DDIM's steps are equally long and a common factor means nothing to Adam.
 *   <li>{@link Objective#MASKED}, "Flow-DPPO: Divergence Proximal Policy Optimization for Flow
 *       Matching Models" (2026): no clipping; a step is left out where {@code A (rho - 1) > 0} and
 *       {@code D > delta}.
 *   <li>{@link SdeWindow}, "MixGRPO: Unlocking Flow-based GRPO Efficiency with Mixed ODE-SDE"
 *       (2025): only the steps of a window draw noise, and are trained on.
 *   <li>{@code sharedLatents}, DanceGRPO: the images of a prompt begin with the same noise.
 *   <li>{@link Deviation}: what the papers divide an advantage by.
 * </ul>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>advantages</td><td>A, within +-advantageClip; a prompt without variance has none</td></tr>
 * <tr><td>now, old</td><td>log p_theta, log p_old of a step: means over elements</td></tr>
 * <tr><td>drift</td><td>D</td></tr>
 * <tr><td>reference</td><td>KL(p_theta || p_ref)</td></tr>
 * <tr><td>trainable</td><td>the steps that may be trained: those in which an adapter is active,
 * but not the last, where s nears 0</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>Where D comes from.</b> The reference implementations keep mu_old of every step from
 * sampling. Here it is what was drawn less its noise, {@code x_{t-1} - s z}: noise is a function of
 * an image's seed. The other way would be one more evaluation of every step before the first update
 * of a round, which costs a third more and would compare with the weights as they are then. This
 * costs nothing, is the policy that sampled whatever has happened since, and is checked against the
 * log-probability that was recorded.
 *
 * <p><b>The sampler.</b> With a window or shared latents a round is sampled as the method needs it
 * by {@link #sampler}, which an AlignmentRun takes as its own; another rollout is an error. A
 * deterministic step has no likelihood, and is never trained on.
 *
 * <p>What is as in the reference implementations: guidance is part of the policy in sampling and
 * training alike, and every image's steps are trained in an order of their own. An image without a
 * reward is left out. Everything drawn is a function of the seed and the step's number. Not
 * thread-safe.
 */
public final class Grpo implements PolicyOptimizer {
  /** What helps a run that has diverged, or is needed with other rollouts or less memory. */
  private static final Set<String> MAY_CHANGE =
      Set.of("innerEpochs", "updatesPerEpoch", "microBatch");

  private final DiffusionPolicy policy;
  private final Options options;
  private final Seed seed;
  private final StepWindow trainable;
  private long steps;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the windows, the shared latents, and the orders of images and steps
   * @throws IllegalStateException if the policy is deterministic (eta 0) and has no likelihood
   * @throws IllegalArgumentException if it has fewer steps than the options need
   */
  public Grpo(DiffusionPolicy policy, Options options, Seed seed) {
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.trainable =
        options.trainable(policy.activeSteps(), policy.denoisingSteps().steps().size());
    if (options.klWeight() > 0) {
      policy.keepReference(); // p_ref
    }
  }

  /**
   * Samples rounds as this method needs them: give it to the run in place of {@code
   * policy.sampler()}. What it draws depends on how many steps have been done.
   *
   * @return the sampler, which stays valid as long as the policy
   */
  public DiffusionSampler sampler() {
    return new RoundSampler(policy.sampler(), () -> policy.sampler().with(rollouts()));
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, rewards); // N' of the rollout's N images
    requireOwn(rollout);

    // 1. The advantages A within each prompt's group.
    GroupAdvantages advantages =
        GroupAdvantages.of(
            batch.prompts(),
            batch.rewards().toArray(),
            options.deviation(),
            options.deviationEpsilon());
    Map<String, Double> metrics = batch.metrics();
    metrics.put("groups", (double) advantages.groups());
    metrics.put("groupsWithoutVariance", (double) advantages.withoutVariance());
    if (advantages.isEmpty()) {
      steps = number;
      return new StepReport(
          number,
          metrics,
          batch.allEqual()
              ? batch.reasonToSkip()
              : "no prompt has two images with different rewards: all advantages are 0");
    }

    // 2. to 6. The updates: all of them, or none if one fails.
    UpdateDiagnostics diagnostics = new UpdateDiagnostics(number, policy);
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

    metrics.putAll(diagnostics.metrics());
    options.window().ifPresent(unused -> metrics.put("windowFirst", (double) window().first()));
    steps = number;
    return StepReport.of(number, metrics);
  }

  /** The rows (image, denoising step, A) of each update of an inner epoch. */
  private List<List<Row>> updates(RewardedImages batch, GroupAdvantages advantages, int epoch) {
    double bound = options.advantageClip();
    StepWindow drawn = window();
    return TrainingOrder.rows(
        advantages.images().stream().map(i -> batch.images().get(i)).toArray(),
        advantages.values().stream().map(a -> Math.max(-bound, Math.min(bound, a))).toArray(),
        IntStream.range(trainable.first(), trainable.end()).filter(drawn::contains).toArray(),
        options.timestepFraction(),
        options.updatesPerEpoch(),
        seed.split(steps).split(epoch));
  }

  /** One update on R rows, which go through the U-Net in micro-batches of B. */
  private void update(Transitions transitions, List<Row> rows, UpdateDiagnostics diagnostics) {
    double beta = options.klWeight();
    boolean drifts = options.objective() != Objective.CLIPPED;
    policy.begin();
    // 2. to 4. Forward, the mean over all R rows of the surrogate and of beta KL, backward.
    transitions.update(
        rows,
        options.loss(),
        beta,
        (n, numbers, terms) -> {
          Row row = rows.get(n);
          diagnostics.ratio(row.image(), row.step(), numbers.logRatio(), terms.clipped());
          diagnostics.loss(row.image(), terms.loss() + beta * numbers.kl());
          if (drifts) {
            diagnostics.mean("klToSampling", row.image(), numbers.drift());
          }
          if (beta > 0) {
            diagnostics.mean("klPenalty", row.image(), numbers.kl());
          }
        });
    // 5. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  // ---- What a round draws

  /** Of the next round. */
  private RolloutOptions rollouts() {
    return new RolloutOptions(
        window(),
        options.sharedLatents()
            ? Optional.of(seed.split("latents").split(steps))
            : Optional.empty());
  }

  /** The steps of the next round that draw noise. */
  private StepWindow window() {
    return options
        .window()
        .map(window -> window.at(steps, trainable, seed.split("window")))
        .orElse(StepWindow.ALL);
  }

  /** A rollout must have been sampled as this round's. */
  private void requireOwn(Rollout rollout) {
    StepWindow drawn = window();
    List<Trajectory> trajectories = policy.trajectories(rollout);
    for (int i = 0; i < trajectories.size(); i++) {
      for (int t = 0; t < rollout.steps(); t++) {
        boolean noisy = trajectories.get(i).hasLikelihood(t);
        require(
            noisy == drawn.contains(t),
            String.format(
                Locale.ROOT,
                "round %s draws noise in %s, but denoising step %s of image %s %s: sample it with"
                    + " grpo.sampler()",
                steps + 1,
                drawn,
                t,
                i,
                noisy ? "drew some" : "was deterministic"));
      }
    }
    if (options.sharedLatents()) {
      for (List<Integer> group : rollout.groupIndices()) {
        Trajectory first = trajectories.get(group.get(0));
        require(
            group.stream()
                .allMatch(i -> trajectories.get(i).latents().get(0).equals(first.latents().get(0))),
            "images of one prompt begin with the same latents, but those of \""
                + first.prompt().text()
                + "\" do not: sample it with grpo.sampler(), or set sharedLatents to false");
      }
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  // ---- Checkpoints

  @Override
  public void save(Path folder) {
    CheckpointFile.write(folder, "grpo", steps, settings(), Map.of());
    policy.save(CheckpointFile.newPart(folder, "policy"));
  }

  @Override
  public List<String> restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, "grpo", settings(), MAY_CHANGE);
    // The policy checks its own part before it changes anything; nothing after it can fail.
    List<String> changes = policy.restore(folder.resolve("policy"));
    steps = checkpoint.step();
    return checkpoint.changesAnd(changes);
  }

  private Settings settings() {
    return Settings.of(options).with("seed", seed.key());
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's, as are the
   * number of steps and the guidance. For DanceGRPO's policy that is eta 1, guidance 5, and a rate
   * of 1e-5 for all weights.
   *
   * @param objective how a step is kept near the policy that sampled it
   * @param clipRange c of a ratio, above 0; not read by {@link Objective#MASKED}
   * @param maskKl delta, the D above which a step is left out, above 0; read by {@link
   *     Objective#MASKED} alone
   * @param deviation what an advantage is divided by
   * @param deviationEpsilon is added to it, at least 0
   * @param advantageClip the bound of an advantage's absolute value, above 0; infinite for none
   * @param window the steps that draw noise; empty for all
   * @param sharedLatents whether the images of a prompt begin with the same latents
   * @param dropLastStep whether the last denoising step, whose noise is smallest, is not trained
   * @param timestepFraction which share of each image's steps is trained on, in (0, 1]
   * @param klWeight beta of the exact KL to {@link DiffusionPolicy#reference}, at least 0
   * @param innerEpochs how often a round's images are gone through, at least 1
   * @param updatesPerEpoch into how many updates an inner epoch is split, at least 1; with fewer
   *     compared images there is one update for each
   * @param microBatch how many rows go through the U-Net together, at least 1: memory against
   *     speed, and float rounding
   */
  @RecordBuilder
  public record Options(
      Objective objective,
      double clipRange,
      double maskKl,
      Deviation deviation,
      double deviationEpsilon,
      double advantageClip,
      Optional<SdeWindow> window,
      boolean sharedLatents,
      boolean dropLastStep,
      double timestepFraction,
      double klWeight,
      int innerEpochs,
      int updatesPerEpoch,
      int microBatch)
      implements GrpoOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(objective, "objective == null");
      require(clipRange > 0, "clipRange must be above 0, but was " + clipRange);
      require(maskKl > 0, "maskKl must be above 0, but was " + maskKl);
      Objects.requireNonNull(deviation, "deviation == null");
      require(
          deviationEpsilon >= 0 && Double.isFinite(deviationEpsilon),
          "deviationEpsilon must be at least 0 and finite, but was " + deviationEpsilon);
      require(advantageClip > 0, "advantageClip must be above 0, but was " + advantageClip);
      Objects.requireNonNull(window, "window == null: use Optional.empty() for all steps");
      require(
          timestepFraction > 0 && timestepFraction <= 1,
          "timestepFraction must be in (0, 1], but was " + timestepFraction);
      require(
          klWeight >= 0 && Double.isFinite(klWeight),
          "klWeight must be at least 0 and finite, but was " + klWeight);
      require(innerEpochs >= 1, "innerEpochs must be at least 1, but was " + innerEpochs);
      require(
          updatesPerEpoch >= 1, "updatesPerEpoch must be at least 1, but was " + updatesPerEpoch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * DanceGRPO's for Stable Diffusion: clip range 1e-4, the unbiased deviation of a prompt's
     * rewards and 1e-8, advantages within +-5, shared initial latents, all steps but the last, no
     * KL, one inner epoch, here of 4 updates.
     *
     * @return the options
     */
    public static Options danceGrpo() {
      return new Options(
          Objective.CLIPPED,
          1e-4,
          1e-5,
          Deviation.GROUP_UNBIASED,
          1e-8,
          5,
          Optional.empty(),
          true,
          true,
          1,
          0,
          1,
          4,
          8);
    }

    /**
     * The same as Flow-GRPO has it: the deviation of all rewards of a round and 1e-4, and latents
     * of each image's own.
     *
     * @return the options
     */
    public static Options flowGrpo() {
      return danceGrpo()
          .withDeviation(Deviation.BATCH)
          .withDeviationEpsilon(1e-4)
          .withSharedLatents(false);
    }

    /**
     * DanceGRPO with GRPO-Guard's ratio, and its clip range of 2e-6.
     *
     * @return the options
     */
    public static Options grpoGuard() {
      return danceGrpo().withObjective(Objective.GUARDED).withClipRange(2e-6);
    }

    /**
     * DanceGRPO with Flow-DPPO's mask at a D of 1e-5.
     *
     * @return the options
     */
    public static Options flowDppo() {
      return danceGrpo().withObjective(Objective.MASKED).withMaskKl(1e-5);
    }

    /**
     * DanceGRPO with MixGRPO's window: 4 steps, moved by 1 after 25 rounds.
     *
     * @return the options
     */
    public static Options mixGrpo() {
      return danceGrpo().withWindow(Optional.of(SdeWindow.progressive()));
    }

    /** The loss of a step by the objective. */
    /**
     * The loss of a row, for workers that compute gradients.
     *
     * @return a function of the objective and its bounds
     */
    public TransitionLoss loss() {
      return new SurrogateLoss(objective, clipRange, maskKl, klWeight > 0);
    }

    /** The steps of a policy that may be trained. */
    StepWindow trainable(StepWindow active, int policySteps) {
      int end = Math.min(active.end(), policySteps - (dropLastStep ? 1 : 0));
      require(
          end > active.first(),
          "the only step that can be trained is the policy's last, which is dropped: sample with"
              + " more steps, or set dropLastStep to false");
      StepWindow steps = new StepWindow(active.first(), end);
      window.ifPresent(w -> w.places(steps)); // says so if it does not fit
      return steps;
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
