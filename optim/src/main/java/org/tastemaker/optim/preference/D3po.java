package org.tastemaker.optim.preference;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.Shuffle;
import org.tastemaker.optim.policy.Trajectory;

/**
 * Direct preference for denoising diffusion policy optimization: Yang, Tao, Lyu, Ge, Chen, Li,
 * Shen, Zhu and Li, "Using Human Feedback to Fine-tune Diffusion Models without Any Reward Model"
 * (2023).
 *
 * <p>Denoising is a decision process of T steps. If one image is preferred to another of its
 * prompt, every step that led to it is taken to be preferred to the other's step at the same time,
 * and each such pair of steps has the loss of direct preference optimization, with the ratio of
 * each step clamped:
 *
 * <pre>
 *   rho  = clamp(p_theta(x_{t-1} | x_t, z) / p_ref(x_{t-1} | x_t, z), 1 - c, 1 + c)
 *   loss = -log sigmoid(beta log rho_w - beta log rho_l)
 * </pre>
 *
 * <p>A clamped ratio has no slope on either side, other than with PPO's clipping: a step that is
 * far from the reference stays where it is.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>winner, loser, step</td><td>trajectories w, l; t</td></tr>
 * <tr><td>now, reference</td><td>log p_theta, log p_ref of a step</td></tr>
 * <tr><td>beta, clipRange</td><td>beta, c</td></tr>
 * <tr><td>insideTerm (metric)</td><td>the argument of the sigmoid</td></tr>
 * <tr><td>clampedShare (metric)</td><td>of the steps whose ratio is outside of the range</td></tr>
 * </tbody>
 * </table>
 *
 * <p>As in the authors' program, guidance is part of the policy in sampling and training alike, all
 * pairs of a prompt's images are compared, equal ones are left out, and log-probabilities are means
 * over an image's elements unless the model's options say sum. A person's or a judge's order is
 * enough: give it as win rates. Not thread-safe.
 */
public final class D3po extends TrajectoryPreferences {
  private final Options options;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the orders of pairs and steps
   * @throws IllegalStateException if the policy is deterministic (eta 0) and has no likelihood, or
   *     its weights have been trained and its reference was not kept
   */
  public D3po(DiffusionPolicy policy, Options options, Seed seed) {
    super("d3po", policy, options, options.shared(), seed);
    this.options = options;
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    RewardedImages batch = RewardedImages.of(rollout, rewards);
    if (batch.allEqual()) {
      return skip(batch.metrics(), batch.reasonToSkip());
    }
    // 1. Pairs of images of each prompt, and of each pair some of the steps.
    Seed own = seed.split(number());
    List<StepPair> pairs = pairs(rollout, batch, own.split("steps"));
    if (pairs.isEmpty()) {
      return skip(batch.metrics(), Pair.NONE);
    }
    // 2. The updates: all of them, or none if one fails.
    return learn(
        batch.metrics(),
        update -> {
          updates(pairs, own.split("order"), update);
          measureKl(rollout, options.microBatch(), update);
        });
  }

  private List<StepPair> pairs(Rollout rollout, RewardedImages batch, Seed drawn) {
    List<Trajectory> trajectories = policy.trajectories(rollout);
    int used = Math.max(1, (int) (rollout.steps() * options.timestepFraction()));
    List<StepPair> pairs = new ArrayList<>();
    for (Pair pair : Pair.of(RatedGroup.of(rollout, batch), options.pairing(), options.ties())) {
      int[] order =
          Shuffle.order(rollout.steps(), drawn.split(pair.image()).split(pair.loserImage()));
      for (int j = 0; j < used; j++) {
        pairs.add(
            new StepPair(
                pair.image(),
                trajectories.get(pair.image()),
                trajectories.get(pair.loserImage()),
                order[j],
                pair.probability()));
      }
    }
    return pairs;
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's.
   *
   * @param beta how much the reference binds, above 0
   * @param clipRange c, in (0, 1)
   * @param timestepFraction which share of a pair's steps is trained on, in (0, 1]
   * @param pairing which images of a prompt are compared
   * @param ties what becomes of equal images
   * @param updates a step, at least 1
   * @param batch pairs of steps an update, at least 1
   * @param microBatch how many rows, two for each pair, go through the U-Net together, at least 2;
   *     twice as many with guidance
   * @param guard against spikes of the loss
   */
  @RecordBuilder
  public record Options(
      double beta,
      double clipRange,
      double timestepFraction,
      Pairing pairing,
      Ties ties,
      int updates,
      int batch,
      int microBatch,
      SpikeGuard.Options guard)
      implements D3poOptionsBuilder.With {
    public Options {
      new Shared(beta, clipRange, updates, batch, microBatch, guard).check();
      OptionChecks.require(
          timestepFraction > 0 && timestepFraction <= 1,
          "timestepFraction must be in (0, 1], but was " + timestepFraction);
      Objects.requireNonNull(pairing, "pairing == null");
      Objects.requireNonNull(ties, "ties == null");
    }

    private Shared shared() {
      return new Shared(beta, clipRange, updates, batch, microBatch, guard);
    }

    /**
     * The authors' beta 0.1 and clip range 0.1, all pairs without ties at all steps, 5 updates of
     * 32 pairs a step.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(
          0.1, 0.1, 1, Pairing.ALL_PAIRS, Ties.DROPPED, 5, 32, 8, SpikeGuard.Options.defaults());
    }
  }
}
