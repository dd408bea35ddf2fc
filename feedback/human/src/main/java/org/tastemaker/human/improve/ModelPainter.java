package org.tastemaker.human.improve;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraGains;
import org.tastemaker.diffusion.lora.LoraModule;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The images of a diffusion model: of one prompt, as a function of the initial noise, of the gains
 * of a LoRA, or of both.
 *
 * <pre>
 *   noise   [C * h * w]             standard normal deviates, as LatentProblem has them
 *   gains   [layers]                g of LoraGains, 0 at the start; the noise is that of the seed
 *   both    [C * h * w + layers]    the noise, then g / 0.5
 * </pre>
 *
 * <p>In a search over both, a probe changes a gain by half of what it changes the noise, so that
 * neither drowns the other: alone, gains are searched with smaller steps than noise is.
 *
 * <p>Images are made one at a time: the first of a set is there soonest, and no time is lost on the
 * others if someone chooses before they are there.
 */
public final class ModelPainter implements Painter, AutoCloseable {
  private static final double GAIN_IN_BOTH = 0.5;
  private static final int RANK = 16;

  private final LatentDiffusion model;
  private final String name;
  private final Prompt prompt;
  private final Over over;
  private final Seed seed;
  private final LatentShape shape;
  private final float[] noise;
  private final @Nullable Lora lora;
  private final @Nullable LoraGains gains;

  /**
   * The images of a prompt.
   *
   * @param model samples without drawing noise on the way if the noise is searched; owned by the
   *     caller, who uses it for nothing else meanwhile
   * @param name says which model it is, such as its folder: a run is not resumed with another name
   * @param prompt what to show
   * @param over what is searched
   * @param seed of the initial noise: the search begins at the image that the model makes of it
   */
  public ModelPainter(LatentDiffusion model, String name, Prompt prompt, Over over, Seed seed) {
    this.name = Objects.requireNonNull(name, "name == null");
    this.prompt = Objects.requireNonNull(prompt, "prompt == null");
    this.over = Objects.requireNonNull(over, "over == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    this.shape = model.latentShape();
    this.noise = new float[shape.size()];
    seed.gaussian(0, noise);
    LatentDiffusion single = model.with(model.options().withBatchSize(1));
    if (over.hasGains()) {
      Parameters unet = model.components().unet().parameters();
      this.lora = newLora(unet);
      this.gains = newGains(lora, unet);
      this.model = single.with(model.execution().withAdapter(lora));
    } else {
      this.lora = null;
      this.gains = null;
      this.model = single;
    }
  }

  @Override
  public float[] start() {
    float[] start = new float[dimension()];
    if (over.hasNoise()) {
      System.arraycopy(noise, 0, start, 0, noise.length);
    }
    return start;
  }

  @Override
  public Image paint(float[] point, Cancellation cancellation) {
    requireDimension(point);
    if (gains != null) {
      gains.set(gainsOf(point));
    }
    LatentDiffusion view = model.cancellation(cancellation);
    if (!over.hasNoise()) {
      return view.generate(List.of(prompt), List.of(seed)).get(0); // with any sampler
    }
    try (INDArray latents =
        Nd4j.createUninitialized(
            DataType.FLOAT, 1, shape.channels(), shape.height(), shape.width())) {
      FloatBuffer values = FloatBuffers.of(latents); // [1, C, h, w]
      values.put(0, point, 0, shape.size());
      return view.generateFrom(List.of(prompt), latents).get(0);
    }
  }

  @Override
  public Prompt prompt() {
    return prompt;
  }

  @Override
  public Settings settings() {
    return Settings.none()
        .with("model", name)
        .with("prompt", prompt.text())
        .with("negative", prompt.negativeText())
        .with("over", over)
        .with("seed", seed.key())
        .with("sampling", Settings.of(model.options(), "batchSize", "eta", "reduction"));
  }

  @Override
  public boolean hasLora() {
    return over.hasGains();
  }

  /** Made anew for each file, so that no image that is being made sees other gains. */
  @Override
  public Optional<byte[]> lora(float[] point) {
    if (!over.hasGains()) {
      return Optional.empty();
    }
    requireDimension(point);
    Parameters unet = model.components().unet().parameters();
    try (Lora copy = newLora(unet)) {
      newGains(copy, unet).set(gainsOf(point));
      Path folder = Files.createTempDirectory("tastemaker-lora");
      try {
        Path file = folder.resolve("gains.safetensors");
        LoraFile.write(file, List.of(copy), LoraFile.Options.kohya());
        return Optional.of(Files.readAllBytes(file));
      } finally {
        AtomicFiles.deleteRecursively(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the LoRA: " + e.getMessage(), e);
    }
  }

  /** Frees the LoRA; the model stays open. */
  @Override
  public void close() {
    if (lora != null) {
      lora.close();
    }
  }

  private int dimension() {
    return (over.hasNoise() ? shape.size() : 0) + (gains == null ? 0 : gains.layers().size());
  }

  /** g of each layer. */
  private float[] gainsOf(float[] point) {
    if (!over.hasNoise()) {
      return point;
    }
    float[] values = Arrays.copyOfRange(point, shape.size(), point.length);
    for (int i = 0; i < values.length; i++) {
      values[i] *= (float) GAIN_IN_BOTH;
    }
    return values;
  }

  private void requireDimension(float[] point) {
    if (point.length != dimension()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a point of this search, over %s, holds %s numbers, but this one holds %s",
              over.name().toLowerCase(Locale.ROOT),
              dimension(),
              point.length));
    }
  }

  /** On the output layers of self-attention and cross-attention. */
  private static Lora newLora(Parameters unet) {
    int rank = RANK; // or that of the smallest layer, which has no higher one
    try (Lora layers = newLora(unet, 1)) {
      for (LoraModule module : layers.modules().values()) {
        long out = module.weight().shape().get(0);
        rank = (int) Math.min(rank, Math.min(out, module.weight().fanIn()));
      }
    }
    return newLora(unet, rank);
  }

  private static Lora newLora(Parameters unet, int rank) {
    return Lora.create(
        "gains",
        LoraNetwork.UNET,
        unet,
        Lora.Options.ofRank(rank).withTargets(LoraTargets.named("to_out.0")),
        Seed.of(1));
  }

  private static LoraGains newGains(Lora lora, Parameters unet) {
    return LoraGains.of(lora, unet, Seed.of(2));
  }
}
