package org.tastemaker.diffusion;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.condition.UNetInputs;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.NoiseSchedule;

/**
 * What the U-Net sees in an image, given a text: the activations of one of its blocks at one noise
 * level, averaged over space.
 *
 * <pre>
 *   x_t = sqrt(abar_t) z + sqrt(1 - abar_t) e        [C, h, w], e the same for every image
 *   a   = block(x_t, t, tau(text))                   [K, h', w']
 *   out = mean of a over h' and w'                   [K]
 * </pre>
 *
 * <p>Baranchuk et al., "Label-Efficient Semantic Segmentation with Diffusion Models" (ICLR 2022),
 * find that the middle blocks at little noise (t of 50 to 250 in 1000) tell most about what an
 * image shows.
 *
 * <p>The weights are the model's own at the time of the call, without an adapter. Not thread-safe,
 * like the model.
 */
public final class UNetActivations {
  private static final int NOISE = 0;

  private final LatentDiffusion model;
  private final Options options;
  private final LatentShape shape;
  private final NoiseSchedule schedule;
  private final FloatBuffer noise; // [C, h, w]

  /**
   * Where to look.
   *
   * @param block one of {@link UNet2DConditionModel#blocks}
   * @param timestep t, from 0, the least noise, to the schedule's last
   * @param seed of e
   */
  @RecordBuilder
  public record Options(String block, int timestep, Seed seed)
      implements UNetActivationsOptionsBuilder.With {
    public Options {
      Objects.requireNonNull(block, "block == null");
      Objects.requireNonNull(seed, "seed == null");
      if (timestep < 0) {
        throw new IllegalArgumentException("timestep must be at least 0, but was " + timestep);
      }
    }

    /**
     * The middle block at t = 100.
     *
     * @return the options
     */
    public static Options defaults() {
      return new Options("mid_block", 100, Seed.of(0));
    }
  }

  private UNetActivations(LatentDiffusion model, Options options) {
    this.model = Objects.requireNonNull(model, "model == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.shape = model.latentShape();
    this.schedule = NoiseSchedule.of(model.components().scheduler());
    if (!unet().blocks().containsKey(options.block())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there is no block \"%s\"; the model has %s",
              options.block(),
              unet().blocks().keySet()));
    }
    if (options.timestep() >= schedule.trainSteps()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "timestep must be below %d, but was %d",
              schedule.trainSteps(),
              options.timestep()));
    }
    float[] e = new float[shape.size()];
    options.seed().gaussian(NOISE, e);
    this.noise = FloatBuffer.wrap(e);
  }

  /**
   * The activations of a model.
   *
   * @param model whose U-Net and text encoder are used, for latents of the size and in batches of
   *     the size that its options name; owned by the caller, who keeps it open while this is used
   * @param options where to look
   * @return the function
   * @throws IllegalArgumentException if the model has no such block or timestep
   */
  public static UNetActivations of(LatentDiffusion model, Options options) {
    return new UNetActivations(model, options);
  }

  /**
   * How many features there are.
   *
   * @return K, the block's channels
   */
  public int size() {
    return Objects.requireNonNull(unet().blocks().get(options.block()));
  }

  /**
   * Computes the features.
   *
   * @param texts N texts
   * @param latents [N, C, h, w], without noise, as {@link LatentDiffusion#encode} gives them; owned
   *     by the caller
   * @return [N][K], row {@code i} of the latents with text {@code i}; up to float rounding it does
   *     not depend on the other rows
   */
  public float[][] of(List<String> texts, INDArray latents) {
    int n = texts.size();
    FloatBuffer clean = requireLatents(n, latents);
    int rows = Math.min(model.options().batchSize(), n);
    int length = model.conditioner().encoder().length();
    Conditions conditions = model.conditions(0);
    float[][] all = new float[n][];
    GraphFunction function =
        unet()
            .activations(
                options.block(),
                rows,
                shape.height(),
                shape.width(),
                length,
                model.execution().engine());
    try (UNetInputs inputs =
        UNetInputs.of(unet(), rows, shape.height(), shape.width(), length)) { // [B, ...]
      inputs.setTimesteps(options.timestep());
      for (int first = 0; first < n; first += rows) {
        // 1. Noisy latents and their texts; rows that are not used repeat the first.
        for (int row = 0; row < rows; row++) {
          int i = first + row < n ? first + row : first;
          schedule.addNoise(
              new int[] {options.timestep()},
              clean.slice(i * shape.size(), shape.size()),
              noise.duplicate(),
              inputs.samples().slice(row * shape.size(), shape.size()));
          inputs.setCondition(row, conditions.of(texts.get(i)));
        }
        // 2. The block, and its means over space.
        INDArray made =
            Objects.requireNonNull(
                function
                    .forward(inputs.arrays())
                    .get(UNet2DConditionModel.ACTIVATIONS)); // [B, K, h', w']
        FloatBuffer values = FloatBuffers.of(made);
        int pixels = values.capacity() / rows / size();
        for (int row = 0; row < rows && first + row < n; row++) {
          all[first + row] = means(values, row * size() * pixels, pixels);
        }
      }
    }
    return all;
  }

  private float[] means(FloatBuffer values, int offset, int pixels) {
    float[] means = new float[size()];
    for (int k = 0; k < means.length; k++) {
      double sum = 0;
      for (int p = 0; p < pixels; p++) {
        sum += values.get(offset + k * pixels + p);
      }
      means[k] = (float) (sum / pixels);
    }
    return means;
  }

  private FloatBuffer requireLatents(int texts, INDArray latents) {
    long[] expected = {texts, shape.channels(), shape.height(), shape.width()};
    if (texts == 0 || !Arrays.equals(expected, latents.shape())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least one text, and latents of shape %s for %d texts, but theirs is %s",
              Arrays.toString(expected),
              texts,
              Arrays.toString(latents.shape())));
    }
    return FloatBuffers.of(latents);
  }

  private UNet2DConditionModel unet() {
    return model.components().unet();
  }
}
