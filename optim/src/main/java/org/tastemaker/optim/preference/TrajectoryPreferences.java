package org.tastemaker.optim.preference;

import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.train.EpochOrder;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.Trajectory;
import org.tastemaker.optim.policy.Transitions;

/**
 * The update that D3PO and SPO share: pairs of denoising steps, and for each step the clamped ratio
 * of its probabilities under the policy and the reference.
 */
abstract class TrajectoryPreferences extends PreferenceOptimizer {
  private final Shared shared;

  /**
   * The options that both have.
   *
   * @param beta how much the reference binds
   * @param clipRange of the ratios
   * @param updates a step
   * @param batch pairs of steps an update
   * @param microBatch rows that go through the U-Net together
   * @param guard against spikes
   */
  record Shared(
      double beta,
      double clipRange,
      int updates,
      int batch,
      int microBatch,
      SpikeGuard.Options guard) {
    void check() {
      OptionChecks.positive("beta", beta);
      OptionChecks.require(
          clipRange > 0 && clipRange < 1, "clipRange must be in (0, 1), but was " + clipRange);
      OptionChecks.pairs(updates, batch, microBatch);
      Objects.requireNonNull(guard, "guard == null: use SpikeGuard.Options.none()");
    }
  }

  TrajectoryPreferences(
      String name, DiffusionPolicy policy, Record options, Shared shared, Seed seed) {
    super(name, policy, options, shared.guard(), seed);
    this.shared = shared;
    policy.requireLikelihood();
    policy.keepReference();
  }

  /** A step's updates on some pairs, each pair once an epoch. */
  final void updates(List<StepPair> all, Seed order, PreferenceUpdate update) {
    EpochOrder epochs = new EpochOrder(all.size(), order);
    int batch = Math.min(shared.batch(), all.size());
    for (int i = 0; i < shared.updates(); i++) {
      update(epochs.batch(i, batch).stream().mapToObj(all::get).toList(), update);
    }
  }

  /** One update on K pairs, which go through the U-Net in micro-batches of B pairs. */
  private void update(List<StepPair> pairs, PreferenceUpdate update) {
    IdentityHashMap<Trajectory, Integer> places =
        new IdentityHashMap<>(); // equality would compare latents
    List<Trajectory> trajectories = new ArrayList<>();
    for (StepPair pair : pairs) {
      for (Trajectory one : List.of(pair.winner(), pair.loser())) {
        if (places.putIfAbsent(one, trajectories.size()) == null) {
          trajectories.add(one);
        }
      }
    }
    Transitions transitions = policy.transitions(trajectories, shared.microBatch());
    policy.begin();
    for (List<StepPair> some : Lists.partition(pairs, shared.microBatch() / 2)) {
      // 1. Forward: the log-probabilities of both steps of each pair, by policy and reference.
      int[] rows = // winner, loser, winner, loser, ...
          some.stream()
              .flatMap(pair -> List.of(pair.winner(), pair.loser()).stream())
              .mapToInt(places::get)
              .toArray();
      int[] steps =
          some.stream().flatMapToInt(pair -> IntStream.of(pair.step(), pair.step())).toArray();
      transitions.forward(rows, steps);
      double[] now = transitions.logProbabilities(); // log p, [2B]
      double[] reference = transitions.referenceLogProbabilities(); // log p_ref, [2B]

      // 2. Loss: the mean over all K pairs, and its derivative by each log p.
      double[] slopes = new double[rows.length]; // [2B]
      for (int k = 0; k < some.size(); k++) {
        int w = 2 * k;
        int l = 2 * k + 1;
        StepPair pair = some.get(k);
        ClampedPreference clamped =
            ClampedPreference.of(
                now[w] - reference[w],
                now[l] - reference[l],
                shared.beta(),
                shared.clipRange(),
                pair.probability());
        slopes[w] = clamped.byWinner() / pairs.size();
        slopes[l] = clamped.byLoser() / pairs.size();
        double share = (clamped.winnerClamped() ? 0.5 : 0) + (clamped.loserClamped() ? 0.5 : 0);
        update.row(
            pair.image(),
            clamped.loss(),
            clamped.inside(),
            Map.of(
                "clampedShare",
                share,
                "logRatioWinner",
                now[w] - reference[w],
                "logRatioLoser",
                now[l] - reference[l]));
      }

      // 3. Backward: sum_n slopes[n] grad log p_n, added to the gradient.
      transitions.backward(slopes, null);
    }
    // 4. Update, unless the loss has spiked: the gradient is clipped by its norm, then AdamW.
    update.finish();
  }
}
