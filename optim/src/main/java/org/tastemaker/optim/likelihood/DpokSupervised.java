package org.tastemaker.optim.likelihood;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * The supervised fine-tuning that DPOK is compared with: Fan et al., 2023, section 4.4, reward
 * weighted likelihood on images of the pre-trained model, regularised in one of two ways.
 *
 * <pre>
 *   KL_D:  min E_{x_0 ~ p_pre} (r(x_0, z) + gamma) |e - e_theta(x_t, t, z)|^2
 *   KL_O:  min E_{x_0 ~ p_pre} r(x_0, z) |e - e_theta(x_t, t, z)|^2 + gamma |e_pre(x_t, t, z) - e_theta(x_t, t, z)|^2
 * </pre>
 *
 * <p>KL_D bounds the KL from the data: every image counts gamma more. KL_O bounds it from the
 * predictions. The images should be those of {@link DiffusionPolicy#reference}: give that as the
 * run's sampler, and the policy's as the evaluation's. A weight below 0 pushes away from an image
 * without bound; shift such rewards.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>rollout's last latents</td><td>x_0</td></tr>
 * <tr><td>gamma</td><td>gamma; the paper tries 0.1, 1, 2 and 5</td></tr>
 * <tr><td>error, difference (metrics)</td><td>the two squares, means over elements</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Not thread-safe.
 */
public final class DpokSupervised extends LikelihoodOptimizer {
  private final Options options;

  /** From where the KL to the pre-trained model is bounded. */
  public enum Variant {
    /** On the data: the weight of every image is shifted by gamma. */
    KL_D,
    /** On the outputs: a squared difference from the pre-trained model's, times gamma. */
    KL_O
  }

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param options hyper-parameters
   * @param seed of images, timesteps and noise drawn
   */
  public DpokSupervised(DiffusionPolicy policy, Options options, Seed seed) {
    super("dpok-supervised", policy, options, options.updates(), options.microBatch(), seed);
    this.options = options;
    if (options.variant() == Variant.KL_O) {
      policy.keepReference(); // e_pre
    }
  }

  @Override
  List<Example> weigh(Rollout rollout, RewardedImages batch) {
    List<Example> examples = new ArrayList<>();
    for (int k = 0; k < batch.size(); k++) {
      double r = batch.rewards().get(k);
      double weight =
          switch (options.variant()) {
            case KL_D -> r + options.gamma();
            case KL_O -> r;
          };
      examples.add(Example.of(rollout, batch.images().get(k), weight));
    }
    return examples;
  }

  @Override
  List<Example> draw(List<Example> weighted, long update, Seed drawn) {
    return Example.draw(weighted, options.batch(), drawn);
  }

  @Override
  void update(
      List<Example> examples,
      DenoisingExamples denoising,
      Seed noise,
      UpdateDiagnostics diagnostics) {
    double gamma = options.variant() == Variant.KL_O ? options.gamma() : 0;
    policy.begin();
    for (MicroBatch rows : MicroBatch.of(examples, denoising.microBatch(), noise)) {
      // 1. Forward: x_0 is noised to x_t, which the U-Net and, for KL_O, the reference denoise.
      denoising.forward(rows.clean(), rows.texts(), rows.seeds());
      double[] errors = denoising.errors(); // |e - e_theta(x_t, t, z)|^2, [B]
      double[] differences = // |e_pre(x_t, t, z) - e_theta(x_t, t, z)|^2, [B]
          gamma > 0 ? denoising.differences() : new double[rows.size()];

      // 2. Loss: the mean of w_n error_n + gamma difference_n over all N examples.
      double[] byError = new double[rows.size()]; // [B]
      double[] byDifference = new double[rows.size()]; // [B]
      for (int n = 0; n < rows.size(); n++) {
        Example row = rows.examples().get(n);
        byError[n] = row.weight() / examples.size();
        byDifference[n] = gamma / examples.size();
        diagnostics.loss(row.image(), row.weight() * errors[n] + gamma * differences[n]);
        diagnostics.mean("denoisingError", row.image(), errors[n]);
        if (gamma > 0) {
          diagnostics.mean("differenceToReference", row.image(), differences[n]);
        }
      }

      // 3. Backward: sum_n byError[n] grad error_n + byDifference[n] grad difference_n.
      denoising.backward(byError, gamma > 0 ? byDifference : null);
    }
    // 4. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  /**
   * Hyper-parameters.
   *
   * @param variant how it is regularised
   * @param gamma at least 0
   * @param updates a round, at least 1
   * @param batch images an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  @RecordBuilder
  public record Options(Variant variant, double gamma, int updates, int batch, int microBatch)
      implements DpokSupervisedOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(variant, "variant == null");
      require(
          gamma >= 0 && Double.isFinite(gamma),
          "gamma must be at least 0 and finite, but was " + gamma);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * Gamma 2, 5 updates of 32 images a round.
     *
     * @param variant how it is regularised
     * @return the options
     */
    public static Options of(Variant variant) {
      return new Options(variant, 2, 5, 32, 8);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
