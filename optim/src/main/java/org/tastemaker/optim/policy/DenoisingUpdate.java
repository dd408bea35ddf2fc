package org.tastemaker.optim.policy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * One update on weighted denoising, which likelihood methods have in common:
 *
 * <pre>
 *   loss = 1/N sum_n  weight_n |target_n - o(x_t, t, z_n)|^2 + divergenceWeight_n |o_ref - o|^2
 * </pre>
 *
 * <p>The reference is run only where some divergence has a weight.
 */
public final class DenoisingUpdate {
  private DenoisingUpdate() {}

  /**
   * A clean latent to be noised and denoised.
   *
   * @param image for messages; -1 for one that is not of the rollout
   * @param clean x_0, [C, h, w]
   * @param text z
   * @param weight of the squared error
   * @param divergenceWeight of the squared difference from the reference
   */
  public record Example(
      int image, FloatBuffer clean, String text, double weight, double divergenceWeight) {}

  /**
   * An image of a rollout as an example.
   *
   * @param rollout open as long as the example is used
   * @param image in the rollout
   * @param weight of the squared error
   * @param divergenceWeight of the squared difference from the reference
   * @return the example
   */
  public static Example of(Rollout rollout, int image, double weight, double divergenceWeight) {
    FloatBuffer trajectory = FloatBuffers.of(rollout.latents()); // [T+1, N, C, h, w]
    int size = trajectory.capacity() / (rollout.steps() + 1) / rollout.size();
    FloatBuffer last = trajectory.slice((rollout.steps() * rollout.size() + image) * size, size);
    return new Example(image, last, rollout.prompts().get(image).text(), weight, divergenceWeight);
  }

  /** Chooses what an update is made on. */
  @FunctionalInterface
  public interface Draw {
    /**
     * The examples of one update.
     *
     * @param update from 0
     * @param seed of what is drawn for it
     * @return at least one
     */
    List<Example> examples(int update, Seed seed);
  }

  /**
   * Some examples at random.
   *
   * @param all to choose from
   * @param count how many at most, each once
   * @param seed the choice is a function of it
   * @return the chosen ones
   */
  public static List<Example> some(List<Example> all, int count, Seed seed) {
    return Arrays.stream(Shuffle.order(all.size(), seed)).limit(count).mapToObj(all::get).toList();
  }

  /**
   * Does several updates, all of them or none.
   *
   * @param policy what is trained
   * @param rollout the round's images, on which the divergence from the reference is estimated
   * @param microBatch how many rows go through the U-Net together
   * @param updates how many
   * @param step of the optimizer, for messages
   * @param seed of everything drawn
   * @param draw chooses the examples
   * @return what was measured
   * @throws ArithmeticException if a loss or a gradient is not finite; the policy is unchanged
   */
  public static Map<String, Double> round(
      DiffusionPolicy policy,
      Rollout rollout,
      int microBatch,
      int updates,
      long step,
      Seed seed,
      Draw draw) {
    UpdateDiagnostics diagnostics = new UpdateDiagnostics(step);
    DenoisingExamples denoising = policy.examples(microBatch);
    return policy.atomically(
        () -> {
          for (int i = 0; i < updates; i++) {
            Seed ofUpdate = seed.split(step).split(i);
            List<Example> examples = draw.examples(i, ofUpdate.split("images"));
            apply(policy, denoising, examples, ofUpdate.split("noise"), diagnostics);
          }
          diagnostics.divergence(policy, rollout, microBatch, seed.split(step).split("divergence"));
          return diagnostics.metrics();
        });
  }

  /**
   * Does the update.
   *
   * @param policy what is trained
   * @param denoising made by the policy; its micro-batch is how many rows are run together
   * @param examples at least one
   * @param seed row n's timestep and noise are drawn from {@code seed.split(n)}
   * @param diagnostics takes the loss, {@code error} and, where it is weighted, {@code divergence}
   * @throws ArithmeticException if the loss or the gradient is not finite; the policy is unchanged
   */
  public static void apply(
      DiffusionPolicy policy,
      DenoisingExamples denoising,
      List<Example> examples,
      Seed seed,
      UpdateDiagnostics diagnostics) {
    boolean compared = examples.stream().anyMatch(e -> e.divergenceWeight() != 0);
    policy.begin();
    for (int first = 0; first < examples.size(); first += denoising.microBatch()) {
      List<Example> some =
          examples.subList(first, Math.min(first + denoising.microBatch(), examples.size()));
      List<Seed> seeds = new ArrayList<>();
      for (int n = 0; n < some.size(); n++) {
        seeds.add(seed.split(first + n));
      }
      denoising.forward(
          some.stream().map(Example::clean).toList(),
          some.stream().map(Example::text).toList(),
          seeds);
      double[] errors = denoising.errors(); // [B]
      double[] divergences = compared ? denoising.divergences() : new double[some.size()]; // [B]
      double[] byError = new double[some.size()];
      double[] byDivergence = new double[some.size()];
      for (int n = 0; n < some.size(); n++) {
        Example e = some.get(n);
        byError[n] = e.weight() / examples.size();
        byDivergence[n] = e.divergenceWeight() / examples.size();
        diagnostics.loss(e.image(), e.weight() * errors[n] + e.divergenceWeight() * divergences[n]);
        diagnostics.mean("error", e.image(), errors[n]);
        if (compared) {
          diagnostics.mean("divergence", e.image(), divergences[n]);
        }
      }
      denoising.backward(byError, compared ? byDivergence : null);
    }
    diagnostics.update(policy);
  }
}
