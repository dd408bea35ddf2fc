package org.tastemaker.optim.preference;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.Trajectory;
import org.tastemaker.optim.policy.Transitions;

/**
 * Step-by-step preference optimization: Liang, Yuan, Gu, Chen, Hang, Li and Zheng, "Step-aware
 * Preference Optimization: Aligning Preference with Denoising Performance at Each Step" (2024),
 * without its step-aware preference model.
 *
 * <p>An image that is better as a whole need not be better at every step. So candidates for the
 * same step, drawn from the same latent, are compared with each other:
 *
 * <pre>
 *   x^1, ..., x^k ~ p_theta(. | x_t, z)         candidates for x_{t-1}
 *   s^i  = r(decode(x0_hat(x^i)))               x0_hat: what the U-Net says x^i is a noisy version of
 *   w, l = the best and the worst,  kept if softmax(s^w, s^l)_w - softmax(s^w, s^l)_l &gt; gap
 *   loss = -log sigmoid(beta log rho_w - beta log rho_l)          rho clamped, as with {@link D3po}
 * </pre>
 *
 * <p>and sampling goes on from a random candidate. The recorded latent of a rollout was drawn like
 * the other candidates, and sampling went on from it: it is the random one, and k - 1 others are
 * drawn beside it. So a rollout of any {@code policy.sampler()} serves, and its own images are
 * those that the last candidates are.
 *
 * <p>The paper scores a noisy x^i with a preference model that knows the step. Here any reward of
 * images scores the one-step estimate, which is cheap and blurred at noisy steps: the first ones
 * are left out.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>candidates</td><td>k</td></tr>
 * <tr><td>scale</td><td>by which scores are multiplied before the softmax</td></tr>
 * <tr><td>gap</td><td>the bound of the softmax's difference</td></tr>
 * <tr><td>beta, clipRange</td><td>beta, the range of rho</td></tr>
 * <tr><td>keptShare (metric)</td><td>of the steps whose best and worst differ enough</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A step of T denoising steps on N images costs N T (k - 1) draws, N T k decoded and scored
 * estimates, and the updates. Only the kept candidates stay in memory. The rewards of the rollout
 * are reported and not used. Not thread-safe.
 */
public final class Spo extends TrajectoryPreferences {
  private final RewardModel scorer;
  private final Options options;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param scorer of decoded estimates, which it is given as a rollout of one step, without
   *     judgements; a missing score leaves a candidate out
   * @param options hyper-parameters
   * @param seed of candidates and orders
   * @throws IllegalStateException if the policy is deterministic (eta 0) and has no likelihood, or
   *     its weights have been trained and its reference was not kept
   */
  public Spo(DiffusionPolicy policy, RewardModel scorer, Options options, Seed seed) {
    super("spo", policy, options, options.shared(), seed);
    this.scorer = Objects.requireNonNull(scorer, "scorer == null");
    this.options = options;
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    Map<String, Double> metrics = new TreeMap<>(RewardedImages.of(rollout, rewards).metrics());
    Seed own = seed.split(number());
    if (options.firstStep() >= rollout.steps()) {
      throw new IllegalArgumentException(
          "firstStep is "
              + options.firstStep()
              + ", but the rollout has "
              + rollout.steps()
              + " steps: there is none to compare candidates at");
    }

    // 1. At each step: candidates for it, their scores, and the best and the worst.
    List<StepPair> pairs = new ArrayList<>();
    addPairs(rollout, own.split("candidates"), pairs);
    double compared = (double) rollout.size() * (rollout.steps() - options.firstStep());
    metrics.put("keptShare", pairs.size() / compared);
    if (pairs.isEmpty()) {
      return skip(metrics, "no step has two candidates whose scores differ enough");
    }

    // 2. The updates: all of them, or none if one fails.
    return learn(
        metrics,
        update -> {
          updates(pairs, own.split("order"), update);
          measureKl(rollout, options.microBatch(), update);
        });
  }

  void addPairs(Rollout rollout, Seed drawn, List<StepPair> pairs) {
    List<Trajectory> recorded = policy.trajectories(rollout); // N
    int k = options.candidates();
    for (int step = options.firstStep(); step < rollout.steps(); step++) {
      List<List<Trajectory>> candidates = candidates(recorded, step, drawn.split(step)); // [N][k]
      List<OptionalDouble> scores = scores(candidates, step); // [N k]
      for (int image = 0; image < recorded.size(); image++) {
        best(candidates.get(image), scores.subList(image * k, (image + 1) * k), image, step, pairs);
      }
    }
  }

  /** The recorded trajectories, and beside each k - 1 that take the step with other noise. */
  private List<List<Trajectory>> candidates(List<Trajectory> recorded, int step, Seed drawn) {
    Transitions transitions = policy.transitions(recorded, options.microBatch());
    List<List<Trajectory>> all = new ArrayList<>();
    for (List<Integer> some : parts(recorded.size())) {
      transitions.forward(ints(some), ints(Collections.nCopies(some.size(), step)));
      List<List<FloatBuffer>> draws = new ArrayList<>(); // [k-1][B]
      for (int i = 1; i < options.candidates(); i++) {
        int candidate = i;
        draws.add(
            transitions.draw(
                some.stream().map(image -> drawn.split(image).split(candidate)).toList()));
      }
      for (int n = 0; n < some.size(); n++) {
        Trajectory own = recorded.get(some.get(n));
        List<Trajectory> group = new ArrayList<>(List.of(own));
        for (List<FloatBuffer> draw : draws) {
          group.add(with(own, step + 1, draw.get(n)));
        }
        all.add(group);
      }
    }
    return all;
  }

  private static Trajectory with(Trajectory recorded, int place, FloatBuffer latents) {
    List<FloatBuffer> all = new ArrayList<>(recorded.latents());
    all.set(place, latents);
    return new Trajectory(
        recorded.prompt(), recorded.seed(), ImmutableList.copyOf(all), recorded.logProbabilities());
  }

  /** The scores of the candidates' clean estimates, [N k]. */
  private List<OptionalDouble> scores(List<List<Trajectory>> candidates, int step) {
    List<Trajectory> flat = candidates.stream().flatMap(List::stream).toList();
    int next = step + 1;
    List<FloatBuffer> clean = new ArrayList<>(); // x0_hat, [N k]
    if (next == flat.get(0).steps()) { // what was drawn is clean
      flat.forEach(trajectory -> clean.add(trajectory.latents().get(next)));
    } else {
      Transitions transitions = policy.transitions(flat, options.microBatch());
      for (List<Integer> some : parts(flat.size())) {
        transitions.forward(ints(some), ints(Collections.nCopies(some.size(), next)));
        clean.addAll(transitions.cleanEstimates());
      }
    }
    return CleanScores.of(policy.sampler(), scorer, flat, clean);
  }

  /** Adds the pair of the best and the worst, if their scores differ enough. */
  private void best(
      List<Trajectory> candidates,
      List<OptionalDouble> scores,
      int image,
      int step,
      List<StepPair> pairs) {
    int best = -1;
    int worst = -1;
    for (int i = 0; i < scores.size(); i++) {
      if (scores.get(i).isPresent()) {
        double score = scores.get(i).getAsDouble();
        best = best < 0 || score > scores.get(best).getAsDouble() ? i : best;
        worst = worst < 0 || score < scores.get(worst).getAsDouble() ? i : worst;
      }
    }
    if (best >= 0
        && gap(scores.get(best).getAsDouble() - scores.get(worst).getAsDouble()) > options.gap()) {
      pairs.add(new StepPair(image, candidates.get(best), candidates.get(worst), step, 1));
    }
  }

  /** The difference of the two entries of a softmax of two scores. */
  private double gap(double difference) {
    return Math.tanh(options.scale() * difference / 2);
  }

  private List<List<Integer>> parts(int rows) {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      all.add(i);
    }
    return Lists.partition(all, options.microBatch());
  }

  private static int[] ints(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's.
   *
   * @param beta how much the reference binds, above 0
   * @param clipRange of the ratios, in (0, 1)
   * @param candidates k, at least 2
   * @param firstStep from which on candidates are compared, from 0; at the steps before an estimate
   *     shows little
   * @param gap of the softmax of the best and the worst score, in [0, 1)
   * @param scale by which scores are multiplied before the softmax, above 0: it makes up for a
   *     reward of small differences
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
      int candidates,
      int firstStep,
      double gap,
      double scale,
      int updates,
      int batch,
      int microBatch,
      SpikeGuard.Options guard)
      implements SpoOptionsBuilder.With {
    public Options {
      new Shared(beta, clipRange, updates, batch, microBatch, guard).check();
      OptionChecks.require(candidates >= 2, "candidates must be at least 2, but was " + candidates);
      OptionChecks.require(firstStep >= 0, "firstStep must be at least 0, but was " + firstStep);
      OptionChecks.require(gap >= 0 && gap < 1, "gap must be in [0, 1), but was " + gap);
      OptionChecks.positive("scale", scale);
    }

    private Shared shared() {
      return new Shared(beta, clipRange, updates, batch, microBatch, guard);
    }

    /**
     * The authors' settings for Stable Diffusion 1.5: beta 10, clip range 0.1, 4 candidates from
     * the fifth of 20 steps on, a gap of 0.3; scores as they are, 5 updates of 32 pairs a step.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(10, 0.1, 4, 4, 0.3, 1, 5, 32, 8, SpikeGuard.Options.defaults());
    }
  }
}
