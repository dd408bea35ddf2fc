package org.tastemaker.optim.rows;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * Samples on other machines: a {@link DiffusionSampler} like any other, whose images, latents and
 * log-probabilities are those of the policy's own sampler.
 *
 * <pre>{@code
 * DiffusionSampler sampler =
 *     RowSampler.of(RowDriver.of(carrier), recipe, policy.sampler(), () -> Optional.of(RowAdapter.of(lora)));
 * AlignmentRun run = AlignmentRun.of(prompts, sampler, reward, optimizer, seed);
 * }</pre>
 *
 * <p>The adapter is read anew for each call, so it is the one of the round. Not thread-safe.
 */
public final class RowSampler implements DiffusionSampler {
  private final RowDriver driver;
  private final ModelRecipe recipe;
  private final LatentDiffusion view;
  private final Supplier<Optional<RowAdapter>> adapter;
  private final RolloutOptions rollouts;
  private long calls;

  private RowSampler(
      RowDriver driver,
      ModelRecipe recipe,
      LatentDiffusion view,
      Supplier<Optional<RowAdapter>> adapter,
      RolloutOptions rollouts) {
    this.driver = driver;
    this.recipe = recipe;
    this.view = view;
    this.adapter = adapter;
    this.rollouts = rollouts;
  }

  /**
   * A sampler.
   *
   * @param driver has the rows done
   * @param recipe by which the workers load the model
   * @param view the driver's own view of the same model, which says how to sample
   * @param adapter as it is now, asked for at each call; empty for none
   * @return the sampler
   */
  public static RowSampler of(
      RowDriver driver,
      ModelRecipe recipe,
      LatentDiffusion view,
      Supplier<Optional<RowAdapter>> adapter) {
    return new RowSampler(
        Objects.requireNonNull(driver, "driver == null"),
        Objects.requireNonNull(recipe, "recipe == null"),
        Objects.requireNonNull(view, "view == null"),
        Objects.requireNonNull(adapter, "adapter == null"),
        view.rollouts());
  }

  /**
   * The same, but for what its rollouts draw: for methods that say so anew each round.
   *
   * @param options what rollouts draw
   * @return a sampler
   */
  public RowSampler with(RolloutOptions options) {
    return new RowSampler(driver, recipe, view, adapter, Objects.requireNonNull(options));
  }

  @Override
  public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    List<ResultRow> results = results(prompts, seeds, WorkRow.Asked.ROLLOUT);
    List<ResultRow.Steps> steps = new ArrayList<>();
    for (ResultRow result : results) {
      steps.add(result.steps().orElseThrow(() -> incomplete(result, "steps")));
    }
    return join(prompts, seeds, images(results), steps);
  }

  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    return images(results(prompts, seeds, WorkRow.Asked.IMAGE));
  }

  private List<ResultRow> results(List<Prompt> prompts, List<Seed> seeds, WorkRow.Asked asked) {
    if (prompts.isEmpty() || prompts.size() != seeds.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least one prompt and a seed for each, but there were %s prompts and"
                  + " %s seeds",
              prompts.size(),
              seeds.size()));
    }
    Optional<RowAdapter> now = adapter.get();
    String settings = ModelRecipe.settingsHash(view);
    List<WorkRow> rows = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      rows.add(
          new WorkRow.Sample(
              new WorkRow.Label("", calls, i),
              prompts.get(i),
              seeds.get(i),
              asked,
              asked == WorkRow.Asked.ROLLOUT ? rollouts : RolloutOptions.defaults(),
              recipe.sha256(),
              now.map(RowAdapter::sha256).orElse(""),
              settings));
    }
    calls++;
    return driver.run(rows, now.stream().toList());
  }

  private static List<Image> images(List<ResultRow> results) {
    return results.stream()
        .map(result -> result.image().orElseThrow(() -> incomplete(result, "image")))
        .toList();
  }

  private static IllegalStateException incomplete(ResultRow result, String what) {
    return new IllegalStateException(
        "worker " + result.delivery().worker() + " gave no " + what + " for row " + result.row());
  }

  private static Rollout join(
      List<Prompt> prompts, List<Seed> seeds, List<Image> images, List<ResultRow.Steps> parts) {
    ResultRow.Steps first = parts.get(0);
    int n = parts.size();
    int steps = first.timesteps().size();
    int size = first.channels() * first.height() * first.width();
    for (ResultRow.Steps part : parts) {
      if (!part.timesteps().equals(first.timesteps())
          || part.channels() != first.channels()
          || part.height() != first.height()
          || part.width() != first.width()) {
        throw new IllegalStateException(
            "the workers sampled rows of one round with other timesteps or sizes");
      }
    }
    INDArray latents =
        Nd4j.createUninitialized(
            DataType.FLOAT, steps + 1, n, first.channels(), first.height(), first.width());
    INDArray logProbabilities = Nd4j.createUninitialized(DataType.FLOAT, steps, n);
    FloatBuffer allLatents = FloatBuffers.of(latents); // [T+1, N, C, h, w]
    FloatBuffer allLogs = FloatBuffers.of(logProbabilities); // [T, N]
    for (int i = 0; i < n; i++) {
      FloatBuffer own = parts.get(i).latents().buffer(); // [T+1, C, h, w]
      FloatBuffer logs = parts.get(i).logProbabilities().buffer(); // [T]
      for (int t = 0; t <= steps; t++) {
        allLatents.put((t * n + i) * size, own, t * size, size);
      }
      for (int t = 0; t < steps; t++) {
        allLogs.put(t * n + i, logs.get(t));
      }
    }
    return new Rollout(prompts, seeds, images, latents, logProbabilities, first.timesteps());
  }
}
