package org.tastemaker.optim.direct;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.optim.policy.DenoisingChain;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * Reward feedback learning: Xu et al., "ImageReward: Learning and Evaluating Human Preferences for
 * Text-to-Image Generation" (2023), algorithm 1.
 *
 * <p>Late in denoising the image that will come can be seen already, and a reward of it tells good
 * from poor. So sampling stops at a random late step t, the clean image is predicted at once, and
 * its reward is made larger by its gradient through this one step:
 *
 * <pre>
 *   L(theta) = lambda E_{z, t} max(0, margin - r(x0^(x_t, t, z), z))
 *   x0^      = the prediction of x_0 of the U-Net's answer to x_t, which is held fixed
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>step</td><td>t, counted from 0, the noisiest</td></tr>
 * <tr><td>earliest</td><td>T_1 / T: t is uniform from that share of the steps on</td></tr>
 * <tr><td>loss.scale, loss.target</td><td>lambda, margin</td></tr>
 * <tr><td>byClean</td><td>d L / d x0^</td></tr>
 * </tbody>
 * </table>
 *
 * <p>The paper adds the denoising loss of pre-training data, its released program does not; nor
 * does this: the hinge alone keeps from over-optimising. Unlike that program, guidance is part of
 * the policy here, in sampling and training alike.
 *
 * <p><b>Memory.</b> One step's U-Net, for B images or 2 B with guidance, and the decoder for D
 * images. Not thread-safe.
 */
public final class Refl extends DirectOptimizer {
  private final Options options;
  private final StepWindow stops; // where t is drawn from

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param reward whose gradient is used
   * @param options hyper-parameters
   * @param seed of the orders of images and of the steps
   * @throws IllegalArgumentException if the adapter is not active in any of the late steps
   * @throws IllegalStateException if the policy is deterministic (eta 0)
   */
  public Refl(DiffusionPolicy policy, DifferentiableReward reward, Options options, Seed seed) {
    super("refl", policy, reward, options, options.batches(), seed);
    this.options = options;
    int steps = policy.denoisingSteps().steps().size();
    StepWindow active = policy.activeSteps();
    int first = Math.max(active.first(), (int) Math.floor(options.earliest() * steps));
    int end = Math.min(active.end(), steps);
    if (first >= end) {
      throw new IllegalArgumentException(
          "the adapter is active in "
              + active
              + " of "
              + steps
              + ", and not in the last ones, at which sampling should stop: begin with an earlier"
              + " share of the steps than "
              + options.earliest());
    }
    this.stops = new StepWindow(first, end);
  }

  @Override
  void update(List<Integer> images, Round round, Seed drawn) {
    DenoisingChain chain = round.chain();
    // 1. The step at which sampling stops: the same for all images of an update.
    int step = stops.first() + drawn.generator().nextInt(stops.end() - stops.first());
    policy.begin();
    for (int[] rows : round.microBatches(images)) {
      // 2. Forward: x0^ of the recorded x_t.
      FloatBuffer clean = chain.predictClean(rows, step); // [B, C, h, w]

      // 3. Loss, the mean over all images, and its gradient by x0^.
      FloatBuffer byClean = round.lossGradient(rows, clean, options.loss(), 1.0 / images.size());

      // 4. Backward: through the step, added to the gradient.
      chain.backward(byClean);
    }
    // 5. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    round.diagnostics().updated(gradientNorm);
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's.
   *
   * @param loss of a reward
   * @param earliest from which share of the steps on sampling may stop, in [0, 1)
   * @param updates into how many updates a round's images are divided, at least 1: those after the
   *     first begin at latents of a policy that is some updates old
   * @param microBatch B, how many images go through the U-Net together, at least 1: memory against
   *     speed, and float rounding
   * @param decodedTogether D, how many go through the decoder and the reward together, at least 1:
   *     likewise
   */
  @RecordBuilder
  public record Options(
      DirectLoss loss, double earliest, int updates, int microBatch, int decodedTogether)
      implements ReflOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(loss, "loss == null");
      require(earliest >= 0 && earliest < 1, "earliest must be in [0, 1), but was " + earliest);
      Batches unused = new Batches(updates, microBatch, decodedTogether);
    }

    /**
     * As the paper's released program: {@code 1e-3 max(0, 2 - r)} of a reward whose deviation is 1,
     * and steps 30 to 39 of 40; 4 updates a round, micro-batches of 4, one image decoded at a time.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options(DirectLoss.hinge(1e-3, 2), 0.75, 4, 4, 1);
    }

    Batches batches() {
      return new Batches(updates, microBatch, decodedTogether);
    }
  }
}
