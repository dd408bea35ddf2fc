package org.tastemaker.optim.likelihood;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DenoisingExamples;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.UpdateDiagnostics;

/**
 * Reward-weighted likelihood: Lee et al., "Aligning Text-to-Image Models using Human Feedback"
 * (2023), section 3.3.
 *
 * <pre>
 *   min  E_{(x, z) ~ D_model} [ -r(x, z) log p_theta(x | z) ]  +  beta E_{(x, z) ~ D_pre} [ -log p_theta(x | z) ]     (3)
 *   -log p_theta(x_0 | z)  ~  E_{t, e} |e - e_theta(x_t, t, z)|^2
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>rollout's last latents and prompts</td><td>D_model: x_0, z</td></tr>
 * <tr><td>rewards</td><td>r, made for [0, 1]</td></tr>
 * <tr><td>pretraining</td><td>D_pre</td></tr>
 * <tr><td>pretrainingWeight</td><td>beta</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Without the second term images lose quality: the paper's FID rises from 14 to 27. A reward
 * below 0 pushes away from an image without bound; shift such rewards. Not thread-safe.
 */
public final class RewardWeightedLikelihood extends LikelihoodOptimizer {
  private final @Nullable PretrainingData pretraining;
  private final Options options;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param pretraining the second term's images; null only where its weight is 0
   * @param options hyper-parameters
   * @param seed of images, timesteps and noise drawn
   */
  public RewardWeightedLikelihood(
      DiffusionPolicy policy, @Nullable PretrainingData pretraining, Options options, Seed seed) {
    super(
        "reward-weighted-likelihood",
        policy,
        options,
        options.updates(),
        options.microBatch(),
        seed);
    this.pretraining = pretraining;
    this.options = options;
    if (pretraining == null && options.pretrainingWeight() > 0) {
      throw new IllegalArgumentException(
          "the pre-training term has the weight "
              + options.pretrainingWeight()
              + " but no data: give some, or set the weight to 0");
    }
  }

  @Override
  List<Example> weigh(Rollout rollout, RewardedImages batch) {
    int model = Math.min(options.batch(), batch.size()); // M of an update's N examples
    int all = model + pretrainingBatch();
    List<Example> images = new ArrayList<>();
    for (int k = 0; k < batch.size(); k++) {
      double weight = batch.rewards().get(k) * all / model; // the mean over N is that over M
      images.add(Example.of(rollout, batch.images().get(k), weight));
    }
    return images;
  }

  /** Examples of both terms, weighted so that the mean over all of them is equation 3. */
  @Override
  List<Example> draw(List<Example> weighted, long update, Seed drawn) {
    int model = Math.min(options.batch(), weighted.size());
    int pre = pretrainingBatch();
    List<Example> examples = new ArrayList<>(Example.draw(weighted, model, drawn));
    if (pretraining != null && pre > 0) {
      double weight = options.pretrainingWeight() * (model + pre) / pre;
      for (PretrainingData.Captioned image : pretraining.batch(update, pre)) {
        examples.add(new Example(-1, image.latents(), image.text(), weight));
      }
    }
    return examples;
  }

  private int pretrainingBatch() {
    return options.pretrainingWeight() > 0 ? options.pretrainingBatch() : 0;
  }

  @Override
  void update(
      List<Example> examples,
      DenoisingExamples denoising,
      Seed noise,
      UpdateDiagnostics diagnostics) {
    policy.begin();
    for (MicroBatch rows : MicroBatch.of(examples, denoising.microBatch(), noise)) {
      // 1. Forward: x_0 is noised to x_t, which the U-Net denoises.
      denoising.forward(rows.clean(), rows.texts(), rows.seeds());
      double[] errors = denoising.errors(); // |e - e_theta(x_t, t, z)|^2, [B]

      // 2. Loss: both terms of equation 3, the mean of w_n error_n over all N examples, and its
      // derivative by each error.
      double[] slopes = new double[rows.size()]; // [B]
      for (int n = 0; n < slopes.length; n++) {
        Example row = rows.examples().get(n);
        slopes[n] = row.weight() / examples.size();
        diagnostics.loss(row.image(), row.weight() * errors[n]);
        diagnostics.mean("denoisingError", row.image(), errors[n]);
      }

      // 3. Backward: sum_n slopes[n] grad error_n, added to the gradient.
      denoising.backward(slopes, null);
    }
    // 4. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    diagnostics.updated(gradientNorm);
  }

  /**
   * Hyper-parameters.
   *
   * @param pretrainingWeight beta, at least 0; 0 for no second term
   * @param updates a round, at least 1
   * @param batch images of the model an update, at least 1
   * @param pretrainingBatch images of the pre-training data an update, at least 1
   * @param microBatch how many rows go through the U-Net together, at least 1
   */
  @RecordBuilder
  public record Options(
      double pretrainingWeight, int updates, int batch, int pretrainingBatch, int microBatch)
      implements RewardWeightedLikelihoodOptionsBuilder.With {
    public Options {
      require(
          pretrainingWeight >= 0 && Double.isFinite(pretrainingWeight),
          "pretrainingWeight must be at least 0 and finite, but was " + pretrainingWeight);
      require(updates >= 1, "updates must be at least 1, but was " + updates);
      require(batch >= 1, "batch must be at least 1, but was " + batch);
      require(
          pretrainingBatch >= 1,
          "pretrainingBatch must be at least 1, but was " + pretrainingBatch);
      require(microBatch >= 1, "microBatch must be at least 1, but was " + microBatch);
    }

    /**
     * Beta 0.5 (that of ImageReward's re-implementation), half of each batch of 32 pre-training
     * data as in the paper, 5 updates a round.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(0.5, 5, 16, 16, 8);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
