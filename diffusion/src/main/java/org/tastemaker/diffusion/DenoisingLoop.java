package org.tastemaker.diffusion;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.condition.UNetInputs;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.Guidance;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.SamplingStep;
import org.tastemaker.diffusion.schedule.StepNoise;

/**
 * The denoising of many images in batches of one shape: what sampling, rollouts and replays share.
 *
 * <p>All batches have the same number of rows, so that one compiled graph serves them: the last one
 * is filled up with copies of its first image, whose results are dropped. With guidance a batch of
 * B images is a batch of 2 B for the U-Net: first the negative prompts, then the prompts.
 */
final class DenoisingLoop implements AutoCloseable {
  private final View view;
  private final SamplingOptions options;
  private final LatentShape shape;
  private final int rows;
  private final boolean guided;
  private final GraphFunction unet;
  private final GraphFunction plain; // without the adapter, where there is one
  private final Conditions conditions;
  private final UNetInputs inputs; // [B or 2B, ...]
  private final FloatBuffer rescaled; // [B, C, h, w]
  private @Nullable Batch current;
  private long done;
  private final int batches;

  /** What happens to the latents after each step. */
  @FunctionalInterface
  interface Recorder {
    /** Records nothing. */
    Recorder NONE = (step, latents, logProbabilities) -> {};

    /**
     * Called after each step; the buffer is the loop's. The log-probabilities are empty unless they
     * were asked for, and where the step was deterministic.
     */
    void record(int step, FloatBuffer latents, double[] logProbabilities);
  }

  /** A part of the images: {@code size} of them from {@code first}, filled up to {@code rows}. */
  record Batch(int first, int size, List<Prompt> prompts, List<Seed> seeds, LatentShape shape) {
    /** The same images with seeds that are made of their prompts and seeds. */
    Batch withSeeds(BiFunction<Prompt, Seed, Seed> from) {
      List<Seed> others =
          IntStream.range(0, seeds.size())
              .mapToObj(i -> from.apply(prompts.get(i), seeds.get(i)))
              .toList();
      return new Batch(first, size, prompts, others, shape);
    }

    /** Stream 0 of each image's seed; the caller closes it. */
    INDArray initialNoise(double scale) {
      INDArray noise = newLatents(seeds.size(), shape); // [B, C, h, w]
      FloatBuffer z = FloatBuffers.of(noise);
      new StepNoise(seeds, 0).fill(z);
      for (int i = 0; i < z.limit() && scale != 1; i++) {
        z.put(i, (float) (scale * z.get(i)));
      }
      return noise;
    }

    /** This batch's part of all images' initial noise, times a scale; the caller closes it. */
    INDArray rowsOf(FloatBuffer all, double scale) {
      INDArray latents = newLatents(seeds.size(), shape); // [B, C, h, w]
      FloatBuffer z = FloatBuffers.of(latents);
      for (int row = 0; row < seeds.size(); row++) {
        int from = (first + (row < size ? row : 0)) * shape.size();
        for (int i = 0; i < shape.size(); i++) {
          z.put(row * shape.size() + i, (float) (scale * all.get(from + i)));
        }
      }
      return latents;
    }
  }

  DenoisingLoop(View view, LatentShape shape, List<Prompt> prompts, Conditions conditions) {
    this.view = view;
    this.options = view.options();
    this.shape = shape;
    this.rows = Math.min(options.batchSize(), prompts.size());
    this.guided = options.guided();
    this.batches = (prompts.size() + rows - 1) / rows;
    this.conditions = conditions;
    this.rescaled = FloatBuffer.allocate(options.rescaled() ? rows * shape.size() : 0);
    int unetRows = guided ? 2 * rows : rows;
    int textLength = view.conditioner().encoder().length();
    UNet2DConditionModel model = view.components().unet();
    this.unet =
        model.function(unetRows, shape.height(), shape.width(), textLength, view.execution());
    this.plain =
        view.adapted().isAll()
            ? unet
            : model.function(
                unetRows,
                shape.height(),
                shape.width(),
                textLength,
                view.execution().withAdapter(Adapter.NONE));
    this.inputs = UNetInputs.of(model, unetRows, shape.height(), shape.width(), textLength);
  }

  /** Cuts the images into batches. */
  List<Batch> batches(List<Prompt> prompts, List<Seed> seeds) {
    List<Batch> batches = new ArrayList<>();
    for (int first = 0; first < prompts.size(); first += rows) {
      int size = Math.min(rows, prompts.size() - first);
      List<Prompt> somePrompts = new ArrayList<>(prompts.subList(first, first + size));
      List<Seed> someSeeds = new ArrayList<>(seeds.subList(first, first + size));
      while (somePrompts.size() < rows) {
        somePrompts.add(somePrompts.get(0));
        someSeeds.add(someSeeds.get(0));
      }
      batches.add(new Batch(first, size, List.copyOf(somePrompts), List.copyOf(someSeeds), shape));
    }
    return batches;
  }

  /**
   * Runs all denoising steps, in place: where the U-Net has its inputs and outputs, if the steps'
   * kernel works there too, and otherwise on the host.
   *
   * @param latents [B, C, h, w]: on entry the noisiest sample, on return the clean one
   * @param recorder called after each step; log-probabilities are computed unless it is {@link
   *     Recorder#NONE}
   */
  void denoise(SamplingRun run, Batch batch, INDArray latents, Recorder recorder) {
    FloatBuffer z = FloatBuffers.of(latents); // [B, C, h, w]
    boolean recorded = recorder != Recorder.NONE;
    // A run may have more or fewer steps than were asked for: two for each of Heun's, for instance.
    long total = (long) batches * run.steps().size();
    double[] densities = new double[recorded ? rows : 0];
    GraphFunction running = function(run.steps().isEmpty() ? 0 : run.steps().get(0).timestep());
    Optional<ResidentDenoiser> resident = resident(running, run, z);
    for (int i = 0; i < run.steps().size(); i++) {
      SamplingStep step = begin(run, i, batch);
      if (function(step.timestep()) != running) {
        resident.ifPresent(there -> there.read(z));
        running = function(step.timestep());
        resident = resident(running, run, z);
      }
      StepNoise noise = new StepNoise(batch.seeds(), step.index() + 1);
      double[] density = step.rule().sigma() == 0 ? new double[0] : densities;
      if (resident.isPresent()) {
        resident.get().step(step, inputs, noise, density);
        if (recorded) {
          resident.get().read(z);
        }
      } else {
        ModelOutput output = predict(run, i, z);
        run.step(view.kernel(), i, options.reduction(), output, z, noise, z, density);
      }
      recorder.record(i, z, density);
      view.listener().on(new RunEvent.Progress("sampling", Math.min(++done, total), total));
    }
    resident.ifPresent(there -> there.read(z));
  }

  private Optional<ResidentDenoiser> resident(GraphFunction of, SamplingRun run, FloatBuffer z) {
    Optional<ResidentDenoiser> resident =
        ResidentDenoiser.of(of, view.kernel(), run, options, rows, shape);
    resident.ifPresent(there -> there.begin(z));
    return resident;
  }

  /** With the adapter or without. */
  private GraphFunction function(double timestep) {
    int trainSteps = view.components().scheduler().trainSteps();
    return view.adapted().contains(timestep, trainSteps) ? unet : plain;
  }

  /**
   * The U-Net's output at one step, for guidance in both halves.
   *
   * @param z [B, C, h, w]
   * @return each [B, C, h, w], valid until the next call
   */
  ModelOutput predict(SamplingRun run, int i, Batch batch, FloatBuffer z) {
    SamplingStep unused = begin(run, i, batch);
    return predict(run, i, z);
  }

  /** Sets the inputs that do not depend on the sample: the timestep, and the texts. */
  private SamplingStep begin(SamplingRun run, int i, Batch batch) {
    SamplingStep step = run.steps().get(i);
    view.cancellation().throwIfRequested("denoising " + step + " of " + run.steps().size());
    inputs.setTimesteps(step.timestep());
    if (!batch.equals(current)) {
      setConditions(batch);
      current = batch;
    }
    return step;
  }

  private ModelOutput predict(SamplingRun run, int i, FloatBuffer z) {
    // 1. The sample, once or twice.
    FloatBuffer input = inputs.samples(); // [B or 2B, C, h, w]
    int half = rows * shape.size();
    run.scaleInput(i, z, input.slice(0, half));
    if (guided) {
      input.put(half, input, 0, half);
    }
    // 2. The network.
    GraphFunction function = function(run.steps().get(i).timestep());
    INDArray output = function.forward(inputs.arrays()).get(UNet2DConditionModel.OUT);
    FloatBuffer answer = FloatBuffers.of(Objects.requireNonNull(output));
    // 3. Guidance: e = u + g (c - u), which the step's kernel computes unless it is scaled.
    if (options.rescaled()) {
      FloatBuffer e = rescaled.slice(0, half);
      FloatBuffer c = answer.slice(half, half);
      Guidance.guide(options.guidanceScale(), answer.slice(0, half), c, e);
      Guidance.rescale(options.guidanceRescale(), rows, c, e);
      return ModelOutput.of(e);
    }
    return guided
        ? ModelOutput.guided(
            options.guidanceScale(), answer.slice(0, half), answer.slice(half, half))
        : ModelOutput.of(answer);
  }

  private void setConditions(Batch batch) {
    for (int row = 0; row < rows; row++) {
      Prompt prompt = batch.prompts().get(row);
      if (guided) {
        inputs.setCondition(row, conditions.negative(prompt.negativeText()));
      }
      inputs.setCondition(guided ? rows + row : row, conditions.of(prompt.text()));
    }
  }

  private static INDArray newLatents(int rows, LatentShape shape) {
    return Nd4j.create(DataType.FLOAT, rows, shape.channels(), shape.height(), shape.width());
  }

  @Override
  public void close() {
    inputs.close();
  }
}
