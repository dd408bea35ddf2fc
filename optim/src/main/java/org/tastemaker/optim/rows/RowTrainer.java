package org.tastemaker.optim.rows;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.TrainingOrder;
import org.tastemaker.optim.policy.Trajectory;
import org.tastemaker.optim.policy.TransitionLoss;
import org.tastemaker.optim.policy.TransitionLoss.Numbers;
import org.tastemaker.optim.policy.Transitions;

/** A worker's gradients of a LoRA: the policy, which is never updated here. */
final class RowTrainer implements AutoCloseable {
  private final LatentDiffusion model;
  private final Lora lora;
  private final DiffusionPolicy policy;

  /**
   * A trainer.
   *
   * @param model the view that says how to sample, without an adapter; stays the caller's
   * @param lora whose weights may change between rows; stays the caller's
   */
  RowTrainer(LatentDiffusion model, Lora lora) {
    this.model = model;
    this.lora = lora;
    this.policy = DiffusionPolicy.lora(model, lora);
  }

  boolean isOf(Lora other) {
    return lora == other;
  }

  ResultRow.Gradient gradient(WorkRow.Gradient row, TransitionLoss loss) {
    // Only the two latents of a row's step are read, so the others may be any.
    FloatBuffer unread = FloatBuffer.allocate(model.latentShape().size());
    int steps = policy.denoisingSteps().steps().size();
    List<Trajectory> trajectories = new ArrayList<>();
    List<TrainingOrder.Row> rows = new ArrayList<>();
    for (WorkRow.Transition each : row.transitions()) {
      if (each.step() >= steps) {
        throw new RowException("a row has step " + each.step() + ", but there are " + steps);
      }
      List<FloatBuffer> latents = new ArrayList<>(Collections.nCopies(steps + 1, unread));
      latents.set(each.step(), each.latent().buffer());
      latents.set(each.step() + 1, each.next().buffer());
      double[] logProbabilities = new double[steps];
      Arrays.fill(logProbabilities, Double.NaN);
      logProbabilities[each.step()] = each.logProbability();
      rows.add(new TrainingOrder.Row(trajectories.size(), each.step(), each.advantage()));
      trajectories.add(
          new Trajectory(
              each.prompt(),
              each.seed(),
              ImmutableList.copyOf(latents),
              ImmutableDoubleArray.copyOf(logProbabilities)));
    }
    Transitions transitions = policy.transitions(trajectories, row.capacity());
    policy.begin();
    List<Numbers> numbers = new ArrayList<>();
    transitions.update(
        rows, row.rows(), loss, row.klWeight(), (n, each, terms) -> numbers.add(each));
    return new ResultRow.Gradient(values(), numbers);
  }

  private FloatBlock values() {
    Map<String, Integer> layout = RowGradients.layout(policy);
    Map<String, FloatBuffer> gradients = policy.gradients();
    FloatBuffer all =
        FloatBuffer.allocate(layout.values().stream().mapToInt(Integer::intValue).sum());
    layout
        .keySet()
        .forEach(name -> all.put(Objects.requireNonNull(gradients.get(name)).duplicate().clear()));
    return FloatBlock.of(all.flip());
  }

  @Override
  public void close() {
    policy.close();
  }
}
