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
 * Diffusion-DPO: Wallace, Dang, Rafailov, Zhou, Lou, Purushwalkam, Ermon, Xiong, Joty and Naik,
 * "Diffusion Model Alignment Using Direct Preference Optimization" (2023).
 *
 * <p>The reward that a policy is optimal for, with a KL to the reference, is the logarithm of the
 * ratio of the two (Rafailov et al., 2023). Put into the Bradley-Terry model of the preference of
 * x_w over x_l, and with the denoising error in the place of the negative log-probability, the
 * likelihood of a pair gives the loss (equation 14)
 *
 * <pre>
 *   L(x)   = |e - e_theta(x_t, t, z)|^2 ,  L_ref(x) the reference's, means over elements
 *   m      = (L_ref(x_w) - L_ref(x_l)) - (L(x_w) - L(x_l))
 *   inside = beta m / 2
 *   loss   = -log sigmoid(inside)                                                     SIGMOID
 *            max(0, 1 - inside)                                                       HINGE
 *            (m - 1 / beta)^2                                                         IPO
 * </pre>
 *
 * <p>t is uniform; t and e are the same for both images of a pair, and for both models. There is no
 * trajectory, no guidance, and no reward but the order of a prompt's images.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>winner, loser, text</td><td>x_w, x_l, z (the paper's x_0^w, x_0^l, c)</td></tr>
 * <tr><td>errors, reference</td><td>L, L_ref of rows w, l, w, l, ...</td></tr>
 * <tr><td>margin</td><td>m</td></tr>
 * <tr><td>beta</td><td>beta: the paper's beta T times its weight omega of a timestep, a
 *     constant</td></tr>
 * <tr><td>insideTerm, implicitAccuracy (metrics)</td><td>inside; how often it is above 0</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>Beta.</b> Two conventions are about. This class has the paper's authors' one, with the
 * half: their 5000 is 5000 here. The script of diffusers and what comes from it have no half: their
 * beta of 2500 is the same loss. {@link Options#withDiffusersBeta} and {@link
 * Options#diffusersBeta} convert; hinge and IPO are those of diffusers, in these terms.
 *
 * <p>The reference is {@link DiffusionPolicy#reference}: with a LoRA the model without it. A pair's
 * two rows go through the U-Net together, so the loss's slope is known before the backward pass. An
 * update whose loss has spiked is left out ({@link SpikeGuard}). Not thread-safe.
 */
public final class DiffusionDpo extends LatentPreferences<List<Pair>> {
  private final Options options;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of the pairs' order, timesteps and noise
   * @throws IllegalStateException if the policy's weights have been trained and its reference was
   *     not kept
   */
  public DiffusionDpo(DiffusionPolicy policy, Options options, Seed seed) {
    super(
        "diffusion-dpo",
        policy,
        options,
        new Shared(options.updates(), options.microBatch(), options.guard()),
        seed);
    this.options = options;
    policy.keepReference();
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
      // 1. Forward: both images of a pair are noised alike, and denoised by policy and reference.
      denoising.forward(rows.clean(), rows.texts(), rows.seeds());
      double[] errors = denoising.errors(); // L(x_w), L(x_l), ..., [2B]
      double[] reference = denoising.referenceErrors(); // L_ref, [2B]

      // 2. Loss: the mean over all K pairs, and its derivative by each error.
      double[] slopes = new double[errors.length]; // [2B]
      for (int k = 0; k < rows.size(); k++) {
        int w = 2 * k;
        int l = 2 * k + 1;
        double margin = (reference[w] - reference[l]) - (errors[w] - errors[l]); // m
        Pair pair = rows.pairs().get(k);
        DpoLoss.Value value = options.loss().at(options.beta(), margin, pair.probability());
        slopes[w] = -value.slope() / pairs.size();
        slopes[l] = value.slope() / pairs.size();
        double inside = options.beta() * margin / 2;
        update.row(
            pair.image(),
            value.loss(),
            inside,
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
   * @param loss of a pair
   * @param beta how much the reference binds, with the half of the paper's authors, above 0
   * @param pairing which images of a prompt are compared
   * @param ties what becomes of equal images
   * @param updates a step, at least 1
   * @param batch pairs an update, at least 1
   * @param microBatch how many rows, two for each pair, go through the U-Net together, at least 2
   * @param guard against spikes of the loss
   */
  @RecordBuilder
  public record Options(
      DpoLoss loss,
      double beta,
      Pairing pairing,
      Ties ties,
      int updates,
      int batch,
      int microBatch,
      SpikeGuard.Options guard)
      implements DiffusionDpoOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(loss, "loss == null");
      OptionChecks.positive("beta", beta);
      Objects.requireNonNull(pairing, "pairing == null");
      Objects.requireNonNull(ties, "ties == null");
      OptionChecks.pairs(updates, batch, microBatch);
      Objects.requireNonNull(guard, "guard == null: use SpikeGuard.Options.none()");
    }

    /**
     * The paper's loss with its beta of 5000, all pairs without ties, 5 updates of 16 pairs a step.
     * (The paper's batches have 2048 pairs.)
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(
          DpoLoss.SIGMOID,
          5000,
          Pairing.ALL_PAIRS,
          Ties.DROPPED,
          5,
          16,
          8,
          SpikeGuard.Options.defaults());
    }

    /**
     * The same with beta as the script of diffusers counts it, without the half.
     *
     * @param beta such as its default of 2500, above 0
     * @return with twice that
     */
    public Options withDiffusersBeta(double beta) {
      return withBeta(2 * beta);
    }

    /**
     * Beta as the script of diffusers counts it.
     *
     * @return half of {@link #beta}
     */
    public double diffusersBeta() {
      return beta / 2;
    }
  }
}
