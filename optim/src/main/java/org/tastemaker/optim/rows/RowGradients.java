package org.tastemaker.optim.rows;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.GradientSource;
import org.tastemaker.optim.policy.TrainingOrder;
import org.tastemaker.optim.policy.Trajectory;

/**
 * Computes gradients on other machines: each micro-batch of an update is a row, and the policy adds
 * what comes back in the order of the micro-batches. So the weights are those of one machine, to
 * the last bit, with any number of workers.
 *
 * <pre>{@code
 * RowSetup setup = RowSetup.none().withModel(recipe).withLoss(options.loss());   // of Ddpo.Options
 * policy.computeGradientsBy(RowGradients.of(driver, recipe, policy, () -> RowAdapter.of(lora)));
 * new Ddpo(policy, options, seed);
 * }</pre>
 *
 * <p>With each update the adapter goes out, and a gradient of its size comes back for each
 * micro-batch. The optimizer's own state, and the KL that a round reports, stay with the driver.
 */
public final class RowGradients implements GradientSource {
  /** What comes back is in memory until it is its turn. */
  private static final long MOST_BYTES = 512L << 20;

  private final RowDriver driver;
  private final ModelRecipe recipe;
  private final DiffusionPolicy policy;
  private final Supplier<RowAdapter> adapter;
  private long updates;

  private RowGradients(
      RowDriver driver, ModelRecipe recipe, DiffusionPolicy policy, Supplier<RowAdapter> adapter) {
    this.driver = driver;
    this.recipe = recipe;
    this.policy = policy;
    this.adapter = adapter;
  }

  /**
   * A source of gradients.
   *
   * @param driver has the rows done
   * @param recipe by which the workers load the model
   * @param policy that trains a LoRA of the same model; only read
   * @param adapter the LoRA as it is now, asked for at each update
   * @return for {@link DiffusionPolicy#computeGradientsBy}
   */
  public static RowGradients of(
      RowDriver driver, ModelRecipe recipe, DiffusionPolicy policy, Supplier<RowAdapter> adapter) {
    return new RowGradients(
        Objects.requireNonNull(driver, "driver == null"),
        Objects.requireNonNull(recipe, "recipe == null"),
        Objects.requireNonNull(policy, "policy == null"),
        Objects.requireNonNull(adapter, "adapter == null"));
  }

  @Override
  public void run(Work work, Taker taker) {
    RowAdapter now = adapter.get();
    LatentDiffusion view = policy.sampler();
    String settings = ModelRecipe.settingsHash(view);
    String loss = Hashes.of(work.loss().settings());
    List<WorkRow.Gradient> rows = new ArrayList<>();
    for (List<TrainingOrder.Row> some : work.microBatches()) {
      rows.add(
          new WorkRow.Gradient(
              new WorkRow.Label("", updates, rows.size()),
              some.stream().map(row -> transition(work, row)).toList(),
              work.capacity(),
              work.rows(),
              work.klWeight(),
              recipe.sha256(),
              now.sha256(),
              settings,
              loss));
    }
    updates++;
    Map<String, Integer> layout = layout(policy);
    int window = (int) Math.max(1, Math.min(2048, MOST_BYTES / Math.max(1, now.size())));
    driver.window(window).stream(
        rows.iterator(),
        List.of(now),
        (row, result) -> {
          ResultRow.Gradient gradient =
              result
                  .gradient()
                  .orElseThrow(
                      () ->
                          new IllegalStateException(
                              "worker "
                                  + result.delivery().worker()
                                  + " gave no gradient for row "
                                  + result.row()));
          taker.take(gradient.rows(), split(gradient.values().buffer(), layout));
        });
  }

  private static WorkRow.Transition transition(Work work, TrainingOrder.Row row) {
    Trajectory image = work.trajectories().get(row.image());
    return new WorkRow.Transition(
        image.prompt(),
        image.seed(),
        row.step(),
        image.logProbabilities().get(row.step()),
        row.advantage(),
        FloatBlock.of(image.latents().get(row.step()).duplicate().clear()),
        FloatBlock.of(image.latents().get(row.step() + 1).duplicate().clear()));
  }

  /**
   * The trained parameters with their sizes, in the order in which a gradient has them: that of
   * their names without the LoRA's own, {@code unet/lora.<name>.}, which is another on a worker.
   */
  static Map<String, Integer> layout(DiffusionPolicy policy) {
    Map<String, Integer> layout = new LinkedHashMap<>();
    policy.parameters().entrySet().stream()
        .sorted((a, b) -> path(a.getKey()).compareTo(path(b.getKey())))
        .forEach(entry -> layout.put(entry.getKey(), entry.getValue().capacity()));
    return layout;
  }

  private static String path(String name) {
    return name.substring(name.indexOf('.', name.indexOf('.') + 1) + 1);
  }

  private static Map<String, FloatBuffer> split(FloatBuffer all, Map<String, Integer> layout) {
    long expected = layout.values().stream().mapToLong(size -> size).sum();
    if (all.capacity() != expected) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the LoRA has %s numbers, but a worker's gradient has %s",
              expected,
              all.capacity()));
    }
    Map<String, FloatBuffer> split = new LinkedHashMap<>();
    int first = 0;
    for (Map.Entry<String, Integer> entry : layout.entrySet()) {
      split.put(entry.getKey(), all.slice(first, entry.getValue()));
      first += entry.getValue();
    }
    return split;
  }
}
