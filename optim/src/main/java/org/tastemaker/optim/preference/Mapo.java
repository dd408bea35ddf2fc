package org.tastemaker.optim.preference;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * Margin-aware preference optimization: Hong, Paul, Lee, Rasul, Thorne and Jeong, "Margin-aware
 * Preference Optimization for Aligning Diffusion Models without Reference" (2024).
 *
 * <p>There is no reference model. The winner is fitted as in pre-training, and the ratio of the two
 * images' odds is raised beside it, with the denoising error in the place of the negative
 * log-probability:
 *
 * <pre>
 *   L(x) = |e - e_theta(x_t, t, z)|^2                      mean over elements
 *   f(L) = s L / (exp(s L) - 1)
 *   odds = f(L(x_w)) - f(L(x_l))
 *   loss = L(x_w) - beta log sigmoid(T odds)
 * </pre>
 *
 * <p>t is uniform; t and e are the same for both images of a pair.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>winner, loser, text</td><td>x_w, x_l, z</td></tr>
 * <tr><td>errors</td><td>L of rows w, l, w, l, ...</td></tr>
 * <tr><td>beta, scale, timesteps</td><td>beta, s (the authors' snr_value), T</td></tr>
 * <tr><td>insideTerm, implicitAccuracy (metrics)</td><td>T odds; how often it is above 0</td></tr>
 * </tbody>
 * </table>
 *
 * <p>With one model instead of two a step needs about half of Diffusion-DPO's time, and with all
 * weights trained half of its memory. A KL to the pre-trained model is reported where there is one
 * that costs nothing to keep, as with a LoRA; the loss does not know of it. Not thread-safe.
 */
public final class Mapo extends LatentPreferences<List<Pair>> {
  private final Options options;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the pairs' order, timesteps and noise
   */
  public Mapo(DiffusionPolicy policy, Options options, Seed seed) {
    super(
        "mapo",
        policy,
        options,
        new Shared(options.updates(), options.microBatch(), options.guard()),
        seed);
    this.options = options;
  }

  @Override
  Optional<List<Pair>> examples(List<RatedGroup> groups) {
    List<Pair> pairs = Pair.of(groups, options.pairing(), options.ties());
    return pairs.isEmpty() ? Optional.empty() : Optional.of(pairs);
  }

  @Override
  String reasonOfNone() {
    return Pair.NONE;
  }

  @Override
  void update(
      List<Pair> all,
      long number,
      Seed order,
      DenoisingExamples denoising,
      Seed noise,
      PreferenceUpdate update) {
    List<Pair> pairs = PairRows.draw(all, number, options.batch(), order); // K
    policy.begin();
    for (PairRows rows : PairRows.of(pairs, denoising.microBatch(), noise)) {
      // 1. Forward: both images of a pair are noised alike.
      denoising.forward(rows.clean(), rows.texts(), rows.seeds());
      double[] errors = denoising.errors(); // L(x_w), L(x_l), ..., [2B]

      // 2. Loss: the mean over all K pairs, and its derivative by each error.
      double[] slopes = new double[errors.length]; // [2B]
      for (int k = 0; k < rows.size(); k++) {
        int w = 2 * k;
        int l = 2 * k + 1;
        Pair pair = rows.pairs().get(k);
        MarginOdds odds =
            MarginOdds.of(
                errors[w],
                errors[l],
                options.beta(),
                options.scale(),
                options.timesteps(),
                pair.probability());
        slopes[w] = odds.byWinner() / pairs.size();
        slopes[l] = odds.byLoser() / pairs.size();
        update.row(
            pair.image(),
            odds.loss(),
            options.timesteps() * odds.odds(),
            Map.of("denoisingErrorWinner", errors[w], "denoisingErrorLoser", errors[l]));
      }

      // 3. Backward: sum_n slopes[n] grad L_n, added to the gradient.
      denoising.backward(slopes, null);
    }
    // 4. Update, unless the loss has spiked: the gradient is clipped by its norm, then AdamW.
    update.finish();
  }

  /**
   * Hyper-parameters.
   *
   * @param beta weight of the odds, above 0
   * @param scale s of the errors, above 0
   * @param timesteps T, by which the odds are multiplied: those of the training schedule, at least
   *     1
   * @param pairing which images of a prompt are compared
   * @param ties what becomes of equal images
   * @param updates a step, at least 1
   * @param batch pairs an update, at least 1
   * @param microBatch how many rows, two for each pair, go through the U-Net together, at least 2
   * @param guard against spikes of the loss
   */
  @RecordBuilder
  public record Options(
      double beta,
      double scale,
      int timesteps,
      Pairing pairing,
      Ties ties,
      int updates,
      int batch,
      int microBatch,
      SpikeGuard.Options guard)
      implements MapoOptionsBuilder.With {
    public Options {
      OptionChecks.positive("beta", beta);
      OptionChecks.positive("scale", scale);
      OptionChecks.require(timesteps >= 1, "timesteps must be at least 1, but was " + timesteps);
      Objects.requireNonNull(pairing, "pairing == null");
      Objects.requireNonNull(ties, "ties == null");
      OptionChecks.pairs(updates, batch, microBatch);
      Objects.requireNonNull(guard, "guard == null: use SpikeGuard.Options.none()");
    }

    /**
     * The authors' beta 0.1, scale 0.5 and 1000 timesteps, all pairs without ties, 5 updates of 16
     * pairs a step.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(
          0.1, 0.5, 1000, Pairing.ALL_PAIRS, Ties.DROPPED, 5, 16, 8, SpikeGuard.Options.defaults());
    }
  }
}
