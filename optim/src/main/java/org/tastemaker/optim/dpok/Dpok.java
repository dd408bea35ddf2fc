package org.tastemaker.optim.dpok;

import com.google.common.collect.ImmutableList;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.dpok.TransitionPool.Row;
import org.tastemaker.optim.policy.CheckpointFile;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.KlForm;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.TrainingOrder;
import org.tastemaker.optim.policy.Trajectory;
import org.tastemaker.optim.policy.TransitionLoss;
import org.tastemaker.optim.policy.Transitions;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * DPOK, online: Fan et al., "DPOK: Reinforcement Learning for Fine-tuning Text-to-Image Diffusion
 * Models" (2023), algorithm 1.
 *
 * <p>The reward is maximized while the policy stays near the pre-trained model. The KL divergence
 * of the images is bounded by the sum of that of the steps (section 4.2), each of which is between
 * two Gaussians of equal deviation:
 *
 * <pre>
 *   min E [ -alpha r(x_0, z) + beta sum_t KL( p_theta(x_{t-1} | x_t, z) || p_pre(x_{t-1} | x_t, z) ) ]
 *   KL_t = |mu_theta - mu_pre|^2 / (2 sigma_t^2) = c_t |e_theta - e_pre|^2
 *
 *   gradient:  sum_t  -alpha A_t grad log p_theta(x_{t-1} | x_t, z) + beta grad KL_t
 *   A_t = r(x_0, z) - V(x_t, z, t)
 * </pre>
 *
 * <p>(the term that charges the KL of later steps to earlier ones is left out, as in the paper).
 * Several updates a round are corrected by the ratio rho of probabilities, whose clamping is
 * applied directly: outside of {@code [1 - c, 1 + c]} a step has no gradient on either side, unlike
 * PPO. Sums over t are means over the transitions drawn.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>rewardWeight, kl.weight (beta)</td><td>alpha, beta</td></tr>
 * <tr><td>kl</td><td>KL_t; over an image's elements mean or sum, like log p</td></tr>
 * <tr><td>advantage</td><td>A_t</td></tr>
 * <tr><td>baseline, values</td><td>V, {@link ValueNetwork}</td></tr>
 * <tr><td>rho, clipRange</td><td>rho, c; {@link ClampedRatio}</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>What the public code adds</b> (google-research, dpok), all of it off in the paper's
 * settings and on request: a {@code replay} buffer over rounds, whose ratios are to the policies
 * that sampled its images; a {@code warmup} of rounds whose loss is without the KL, which is
 * reported all the same; a {@code rewardFilter} that clamps rewards at 0, so that without a
 * baseline an image below it pushes nothing; and its KL, which lacks c_t, as {@link
 * KlForm#UNWEIGHTED}. Its buffer of single transitions may hold the last steps of an image alone;
 * here it holds whole images. Its value network makes one update a round with the mean gradient of
 * its batches, and here one with each. Not thread-safe.
 */
public final class Dpok implements PolicyOptimizer, AutoCloseable {
  /** What helps a run that has diverged, or is needed with less memory. */
  private static final Set<String> MAY_CHANGE =
      Set.of("updates", "microBatch", "value.learningRate");

  private final DiffusionPolicy policy;
  private final Options options;
  private final Seed seed;
  private final Baseline baseline;
  private final ReplayBuffer replay;
  private long steps;

  /**
   * An optimizer that has not done a step. With full weights it takes the reference's copy.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the value network and of the transitions drawn
   * @throws IllegalStateException if the policy is deterministic (eta 0) and has no likelihood, or
   *     if its pre-trained weights are gone
   */
  public Dpok(DiffusionPolicy policy, Options options, Seed seed) {
    this.policy = Objects.requireNonNull(policy, "policy == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.replay = new ReplayBuffer(options.replay());
    policy.requireLikelihood();
    if (options.kl().weight() > 0) {
      policy.keepReference(); // p_pre
    }
    this.baseline = new Baseline(options.value(), policy, seed.split("value"));
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    long number = steps + 1;
    RewardedImages batch = RewardedImages.of(rollout, options.rewardFilter().apply(rewards));
    if (batch.allEqual()) {
      steps = number;
      return new StepReport(number, batch.metrics(), batch.reasonToSkip());
    }

    // 1. The round's own images, and of those of earlier rounds as many as there is room for.
    List<Trajectory> all = policy.trajectories(rollout);
    List<ReplayBuffer.Entry> own = new ArrayList<>();
    for (int k = 0; k < batch.size(); k++) {
      own.add(new ReplayBuffer.Entry(all.get(batch.images().get(k)), batch.rewards().get(k)));
    }
    List<ReplayBuffer.Entry> earlier = replay.beside(own.size());
    TransitionPool pool = TransitionPool.of(own, batch.images(), earlier, policy.activeSteps());

    // 2. to 7. The updates: all of them, or none if one fails.
    UpdateDiagnostics diagnostics = new UpdateDiagnostics(number, policy);
    Map<String, Double> metrics = new TreeMap<>(batch.metrics());
    metrics.put("replayedImages", (double) earlier.size());
    baseline.atomically(
        () ->
            policy.atomically(
                number,
                () -> {
                  Seed drawn = seed.split(number);
                  // 2. V learns which reward to expect.
                  metrics.putAll(baseline.fit(pool, number, drawn.split("value")));
                  Transitions transitions =
                      policy.transitions(pool.trajectories(), options.microBatch());
                  for (int i = 0; i < options.updates(); i++) {
                    List<Row> rows = pool.draw(options.batch(), drawn.split("policy").split(i));
                    update(transitions, rows, baseline.values(pool, rows), diagnostics);
                  }
                  // 7. How far they have taken the policy from the pre-trained model.
                  diagnostics.klEstimate(
                      policy.klEstimate(rollout, options.microBatch(), drawn.split("divergence")));
                }));
    metrics.putAll(diagnostics.metrics());
    replay.add(own);
    steps = number;
    return StepReport.of(number, metrics);
  }

  /** One update on R transitions, which go through the U-Net in micro-batches of B. */
  private void update(
      Transitions transitions,
      List<Row> rows,
      double[] values, // V(x_t, z, t), [R]
      UpdateDiagnostics diagnostics) {
    double alpha = options.rewardWeight();
    double beta = options.kl().weightIn(steps + 1);
    boolean penalized = options.kl().weight() > 0;
    policy.begin();
    List<TrainingOrder.Row> weighted = new ArrayList<>(); // alpha A_t, [R]
    for (int n = 0; n < rows.size(); n++) {
      Row row = rows.get(n);
      weighted.add(
          new TrainingOrder.Row(row.trajectory(), row.step(), alpha * (row.reward() - values[n])));
    }
    // 3. to 5. Forward, the mean of -alpha A rho + beta KL over all R rows, backward.
    transitions.update(
        weighted,
        options.loss(),
        beta,
        (n, numbers, terms) -> {
          Row row = rows.get(n);
          diagnostics.ratio(row.image(), row.step(), numbers.logRatio(), terms.clipped());
          diagnostics.loss(row.image(), terms.loss() + (penalized ? beta * numbers.kl() : 0));
          diagnostics.mean("advantageMean", row.image(), row.reward() - values[n]);
          if (penalized) {
            diagnostics.mean("klPenalty", row.image(), numbers.kl());
          }
        });
    // 6. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  @Override
  public void save(Path folder) {
    CheckpointFile.write(folder, "dpok", steps, settings(), replay.toJson());
    policy.save(CheckpointFile.newPart(folder, "policy"));
    replay.save(folder);
    baseline.save(folder);
  }

  @Override
  public List<String> restore(Path folder) {
    CheckpointFile checkpoint = CheckpointFile.read(folder, "dpok", settings(), MAY_CHANGE);
    ImmutableList<ReplayBuffer.Entry> images =
        replay.read(
            folder,
            checkpoint.state(),
            policy.denoisingSteps().steps().size(),
            policy.sampler().latentShape().size());
    Runnable baselineRead = baseline.read(folder);
    List<String> changes = policy.restore(folder.resolve("policy")); // the rest cannot fail
    baselineRead.run();
    replay.restore(images);
    steps = checkpoint.step();
    return checkpoint.changesAnd(changes);
  }

  private Settings settings() {
    return Settings.of(options).with("seed", seed.key());
  }

  /** Frees the value network; the policy stays. */
  @Override
  public void close() {
    baseline.close();
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's: the paper's
   * are in {@link DiffusionPolicy.Options#dpok}.
   *
   * @param rewardWeight alpha, at least 0
   * @param rewardFilter which rewards count
   * @param kl how the policy is kept near the pre-trained model
   * @param clipRange c, above 0
   * @param updates a round, at least 1
   * @param batch transitions an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   * @param replay of how many images, those of the round among them, transitions are drawn at most,
   *     at least 0: a round's own are all there, and the latest of earlier rounds fill the rest
   * @param value of the baseline; empty for the reward itself, which fits a single prompt
   */
  @RecordBuilder
  public record Options(
      double rewardWeight,
      RewardFilter rewardFilter,
      KlOptions kl,
      double clipRange,
      int updates,
      int batch,
      int microBatch,
      int replay,
      Optional<ValueOptions> value)
      implements DpokOptionsBuilder.With {
    public Options {
      require(
          rewardWeight >= 0 && Double.isFinite(rewardWeight),
          "rewardWeight must be at least 0 and finite, but was " + rewardWeight);
      Objects.requireNonNull(rewardFilter, "rewardFilter == null");
      Objects.requireNonNull(kl, "kl == null");
      require(clipRange > 0, "clipRange must be above 0, but was " + clipRange);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
      require(replay >= 0, "replay must be at least 0, but was " + replay);
      Objects.requireNonNull(value, "value == null: use Optional.empty() for none");
    }

    /**
     * The loss of a row, for workers that compute gradients.
     *
     * @return a function of the clip range and the form of the KL
     */
    public TransitionLoss loss() {
      return new ClampedLoss(clipRange, kl.form(), kl.weight() > 0);
    }

    /**
     * For one prompt: weights 10 and 0.01, clip range 1e-4, 5 updates of 32 transitions a round, no
     * value network, and none of the public code's additions.
     *
     * @return the paper's settings
     */
    public static Options singlePrompt() {
      return new Options(
          10, RewardFilter.NONE, KlOptions.of(0.01), 1e-4, 5, 32, 8, 0, Optional.empty());
    }

    /**
     * For several prompts: as for one, with a KL of weight 0.001 and a value network.
     *
     * @return the paper's settings
     */
    public static Options multiplePrompts() {
      return singlePrompt()
          .withKl(KlOptions.of(0.001))
          .withValue(Optional.of(ValueOptions.defaults()));
    }

    /**
     * Weights 100 and 0.01, the KL without its coefficient, 5 updates of 24 transitions (12 batches
     * of 2), those of the last 20 images (1,000 transitions of 50 steps), and a value network.
     *
     * @return the defaults of the public code
     */
    public static Options publicCode() {
      return multiplePrompts()
          .withRewardWeight(100)
          .withKl(KlOptions.of(0.01).withForm(KlForm.UNWEIGHTED))
          .withBatch(24)
          .withReplay(20);
    }
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
