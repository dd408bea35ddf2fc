package org.tastemaker.optim.direct;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.optim.policy.DenoisingChain;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * Direct reward fine-tuning: Clark, Vicol, Swersky and Fleet, "Directly Fine-Tuning Diffusion
 * Models on Differentiable Rewards" (2024), algorithm 1.
 *
 * <p>The reward of the image is made larger by its own gradient, through the decoder and the
 * denoising steps:
 *
 * <pre>
 *   J(theta) = E_{z, x_T ~ N(0, I)} r(sample(theta, z, x_T), z)
 *   DRaFT-K   grad_theta r, through the last K steps; x_K is held fixed
 *   DRaFT-LV  the mean of the gradients of n last steps: DRaFT-1's, and those of n - 1
 *             x_1 = sqrt(abar_1) x_0 + sqrt(1 - abar_1) e with new e, whose x0^ is predicted at once
 * </pre>
 *
 * <p>K = T is the gradient of the whole sampling. The paper proposes the variants through few steps
 * as the more efficient ones.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>lastSteps</td><td>K</td></tr>
 * <tr><td>noisings</td><td>n of DRaFT-LV; 1 is DRaFT-K</td></tr>
 * <tr><td>byClean</td><td>d L / d x_0, which goes back through the steps</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>Memory.</b> Kept are K + 1 latents of B images. One step's U-Net, for B images or 2 B with
 * guidance, is run forward again before it is gone through backward, and D images are decoded at
 * once: the memory of activations does not grow with K, with the images of a round or with its
 * updates ({@link DenoisingChain}, {@link org.tastemaker.diffusion.DifferentiableDecoder}).
 *
 * <p>What the paper leaves out: the noise of a stochastic sampler is held fixed, so that eta above
 * 0 is differentiated too; the bound of the gradient's norm is the policy's option. Not
 * thread-safe.
 */
public final class Draft extends DirectOptimizer {
  private final Options options;
  private final int lastSteps; // K

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param reward whose gradient is used
   * @param options hyper-parameters
   * @param seed of the orders of images and of new noise
   * @throws IllegalArgumentException if the policy has fewer than K steps, or its adapter is not
   *     active in any of the last K
   * @throws IllegalStateException if the policy is deterministic (eta 0)
   */
  public Draft(DiffusionPolicy policy, DifferentiableReward reward, Options options, Seed seed) {
    super("draft", policy, reward, options, options.batches(), seed);
    this.options = options;
    int steps = policy.denoisingSteps().steps().size();
    if (options.lastSteps() > steps) {
      throw new IllegalArgumentException(
          "the policy samples with "
              + steps
              + " steps, but the last "
              + options.lastSteps()
              + " should be differentiated: take fewer, or sample with more");
    }
    StepWindow active = policy.activeSteps();
    if (active.end() <= steps - options.lastSteps()) {
      throw new IllegalArgumentException(
          "the adapter is active in "
              + active
              + " of "
              + steps
              + ", so a gradient through the last "
              + options.lastSteps()
              + " does not reach it: take more");
    }
    // Steps before the adapter is active have nothing to be trained.
    this.lastSteps = Math.min(options.lastSteps(), steps - active.first());
  }

  @Override
  void update(List<Integer> images, Round round, Seed drawn) {
    DenoisingChain chain = round.chain();
    double weight = 1.0 / images.size() / options.noisings();
    policy.begin();
    for (int[] rows : round.microBatches(images)) {
      // 1. Forward: the last K steps, from the recorded x_K.
      FloatBuffer clean = chain.forward(rows, lastSteps); // x_0, [B, C, h, w]

      // 2. Loss, the mean over all images, and its gradient by x_0: of the reward by the image, and
      // through the decoder.
      FloatBuffer byClean = round.lossGradient(rows, clean, options.loss(), weight);

      // 3. Backward: through the K steps, added to the gradient.
      chain.backward(byClean);

      // 4. DRaFT-LV: the same of the last step, from the image's own x_0 with new noise.
      for (int n = 1; n < options.noisings(); n++) {
        Seed noise = drawn.split(n);
        List<Seed> seeds = Arrays.stream(rows).mapToObj(noise::split).toList();
        FloatBuffer predicted = chain.predictCleanAgain(rows, seeds); // x0^, [B, C, h, w]
        chain.backward(round.lossGradient(rows, predicted, options.loss(), weight));
      }
    }
    // 5. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    round.diagnostics().updated(gradientNorm);
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's.
   *
   * @param loss of a reward
   * @param lastSteps K, at least 1 and at most the policy's steps
   * @param noisings n of DRaFT-LV, at least 1; more than 1 only where K is 1
   * @param updates into how many updates a round's images are divided, at least 1: those after the
   *     first begin at latents of a policy that is some updates old
   * @param microBatch B, how many images go through the U-Net together, at least 1: memory against
   *     speed, and float rounding
   * @param decodedTogether D, how many go through the decoder and the reward together, at least 1:
   *     likewise
   */
  @RecordBuilder
  public record Options(
      DirectLoss loss,
      int lastSteps,
      int noisings,
      int updates,
      int microBatch,
      int decodedTogether)
      implements DraftOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(loss, "loss == null");
      require(lastSteps >= 1, "lastSteps must be at least 1, but was " + lastSteps);
      require(noisings >= 1, "noisings must be at least 1, but was " + noisings);
      require(
          noisings == 1 || lastSteps == 1,
          "DRaFT-LV is of the last step alone, but noisings is "
              + noisings
              + " and lastSteps "
              + lastSteps);
      Batches unused = new Batches(updates, microBatch, decodedTogether);
    }

    /**
     * DRaFT-K: the reward itself as the loss, 4 updates a round, micro-batches of 4, one image
     * decoded at a time.
     *
     * @param steps K, at least 1
     * @return the options
     */
    public static Options lastSteps(int steps) {
      return new Options(DirectLoss.maximise(), steps, 1, 4, 4, 1);
    }

    /**
     * DRaFT-LV: as DRaFT-1, with n of 2.
     *
     * @return the options
     */
    public static Options lowVariance() {
      return lastSteps(1).withNoisings(2);
    }

    Batches batches() {
      return new Batches(updates, microBatch, decodedTogether);
    }
  }
}
