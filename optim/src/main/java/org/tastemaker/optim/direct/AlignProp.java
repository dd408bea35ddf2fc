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
 * AlignProp: Prabhudesai, Goyal, Pathak and Fragkiadaki, "Aligning Text-to-Image Diffusion Models
 * with Reward Backpropagation" (2023).
 *
 * <p>Sampling is a recurrent policy that is trained by backpropagation through time, truncated
 * after a random number K of steps:
 *
 * <pre>
 *   L(theta)      = E_{z, x_T} loss(r(x_0(theta, z, x_T), z))
 *   TBTT          d L / d theta through the last K steps alone, for a fixed K
 *   randomized    the same with K drawn anew for each update
 * </pre>
 *
 * <p>The paper reports that a fixed K overfits to the reward, and that one drawn anew does so less.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>lastSteps</td><td>K; the paper's own K, from 0 to T, counts the steps before them</td></tr>
 * <tr><td>truncation</td><td>what K is drawn from</td></tr>
 * <tr><td>byClean</td><td>d L / d x_0, which goes back through the steps</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>Memory.</b> Kept are K + 1 latents of B images. One step's U-Net, for B images or 2 B with
 * guidance, is run forward again before it is gone through backward, which is the paper's gradient
 * checkpointing, step by step; D images are decoded at once. The memory of activations does not
 * grow with K ({@link DenoisingChain}). Not thread-safe.
 */
public final class AlignProp extends DirectOptimizer {
  private final Options options;

  /**
   * An optimizer that has not done a step.
   *
   * @param policy what is trained; stays the caller's to close
   * @param reward whose gradient is used
   * @param options hyper-parameters
   * @param seed of the orders of images and of K
   * @throws IllegalStateException if the policy is deterministic (eta 0)
   */
  public AlignProp(
      DiffusionPolicy policy, DifferentiableReward reward, Options options, Seed seed) {
    super("alignprop", policy, reward, options, options.batches(), seed);
    this.options = options;
  }

  @Override
  void update(List<Integer> images, Round round, Seed drawn) {
    DenoisingChain chain = round.chain();
    // 1. How many steps back the gradient goes: the same for all images of an update.
    int lastSteps = withAdapter(options.truncation().draw(chain.steps(), drawn), chain.steps());
    policy.begin();
    for (int[] rows : round.microBatches(images)) {
      // 2. Forward: the last K steps, from recorded latents.
      FloatBuffer clean = chain.forward(rows, lastSteps); // x_0, [B, C, h, w]

      // 3. Loss, the mean over all images, and its gradient by x_0.
      FloatBuffer byClean = round.lossGradient(rows, clean, options.loss(), 1.0 / images.size());

      // 4. Backward: through the K steps, added to the gradient.
      chain.backward(byClean);
    }
    // 5. Update: the gradient is clipped by its norm, then AdamW.
    double gradientNorm = policy.update();
    round.diagnostics().updated(gradientNorm);
  }

  /** As many steps that at least one has the adapter, and none before it that has none. */
  private int withAdapter(int lastSteps, int steps) {
    StepWindow active = policy.activeSteps();
    int least = steps - Math.min(steps, active.end()) + 1;
    return Math.min(Math.max(least, lastSteps), steps - active.first());
  }

  /**
   * Hyper-parameters. The learning rate and the bound of the gradient are the policy's.
   *
   * @param loss of a reward
   * @param truncation after how many steps the gradient ends
   * @param updates into how many updates a round's images are divided, at least 1: those after the
   *     first begin at latents of a policy that is some updates old
   * @param microBatch B, how many images go through the U-Net together, at least 1: memory against
   *     speed, and float rounding
   * @param decodedTogether D, how many go through the decoder and the reward together, at least 1:
   *     likewise
   */
  @RecordBuilder
  public record Options(
      DirectLoss loss, Truncation truncation, int updates, int microBatch, int decodedTogether)
      implements AlignPropOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(loss, "loss == null");
      Objects.requireNonNull(truncation, "truncation == null");
      Batches unused = new Batches(updates, microBatch, decodedTogether);
    }

    /**
     * For scores from 1 to 10, as the paper's program for aesthetics: {@code 0.01 |10 - r|}, K
     * about the last sixth of the steps; 4 updates a round, micro-batches of 4, one image decoded
     * at a time.
     *
     * @return the options
     */
    public static Options aesthetic() {
      return new Options(DirectLoss.distance(0.01, 10), Truncation.normal(0.16, 0.1), 4, 4, 1);
    }

    /**
     * For scores from 0 to 1, as the paper's program for human preference: {@code 0.01 (1 - r)},
     * otherwise the same.
     *
     * @return the options
     */
    public static Options preference() {
      return aesthetic().withLoss(new DirectLoss(DirectLoss.Form.LINEAR, 0.01, 1));
    }

    Batches batches() {
      return new Batches(updates, microBatch, decodedTogether);
    }
  }
}
