package org.tastemaker.diffusion;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.SamplingRun;
import org.tastemaker.diffusion.schedule.Scheduler;

/** Images from seeds, from given noise or from another image: the same loop from another start. */
final class ImageSampling {
  private final View view;
  private final LatentCodec codec;

  ImageSampling(View view) {
    this.view = view;
    this.codec = LatentCodec.of(view);
  }

  List<Image> fromSeeds(List<Prompt> prompts, List<Seed> seeds) {
    Scheduler scheduler = view.scheduler();
    return sample(
        view.latentShape(),
        prompts,
        seeds,
        () -> scheduler.begin(view.options().steps()),
        (run, batch) -> batch.initialNoise(run.initialNoiseScale()),
        (batch, latents) -> {});
  }

  /** Images from seeds with their first and last latents, and nothing of the way between. */
  Rollout endpoints(List<Prompt> prompts, List<Seed> seeds) {
    Scheduler scheduler = view.scheduler();
    LatentShape shape = view.latentShape();
    int n = prompts.size();
    INDArray latents =
        Nd4j.createUninitialized(
            DataType.FLOAT, 2, n, shape.channels(), shape.height(), shape.width());
    INDArray logProbabilities = Nd4j.valueArrayOf(new long[] {1, n}, Double.NaN, DataType.FLOAT);
    try {
      FloatBuffer ends = FloatBuffers.of(latents); // [2, N, C, h, w]
      List<Image> images =
          sample(
              shape,
              prompts,
              seeds,
              () -> scheduler.begin(view.options().steps()),
              (run, batch) -> {
                INDArray noise = batch.initialNoise(run.initialNoiseScale());
                keep(noise, batch, shape, ends, 0);
                return noise;
              },
              (batch, clean) -> keep(clean, batch, shape, ends, n * shape.size()));
      int first = (int) Math.rint(scheduler.begin(view.options().steps()).timesteps()[0]);
      return new Rollout(prompts, seeds, images, latents, logProbabilities, List.of(first));
    } catch (RuntimeException | Error e) {
      latents.close();
      logProbabilities.close();
      throw e;
    }
  }

  private static void keep(
      INDArray of, DenoisingLoop.Batch batch, LatentShape shape, FloatBuffer to, int from) {
    FloatBuffer values = FloatBuffers.of(of); // [B, C, h, w], with padding rows
    to.put(
        from + batch.first() * shape.size(),
        values,
        values.position(),
        batch.size() * shape.size());
  }

  List<Image> fromNoise(List<Prompt> prompts, INDArray initialLatents) {
    LatentShape shape = view.latentShape();
    FloatBuffer initial = requireLatents(prompts, initialLatents, shape);
    Scheduler scheduler = view.scheduler();
    List<Seed> seeds = Collections.nCopies(prompts.size(), Seed.of(0)); // no step draws
    return sample(
        shape,
        prompts,
        seeds,
        () -> scheduler.begin(view.options().steps()).requireDeterministic(),
        (run, batch) -> batch.rowsOf(initial, run.initialNoiseScale()),
        (batch, latents) -> {});
  }

  List<Image> fromImage(Image image, List<Prompt> prompts, List<Seed> seeds, double strength) {
    Scheduler scheduler = view.scheduler();
    LatentShape shape = view.components().latentShape(image.height(), image.width());
    Supplier<SamplingRun> runs = () -> scheduler.begin(view.options().steps(), strength);
    SamplingRun unused = runs.get(); // says what is wrong with it before the image is encoded
    try (INDArray clean = codec.encode(List.of(image))) { // [1, 4, h, w]
      return sample(
          shape,
          prompts,
          seeds,
          runs,
          (run, batch) -> noised(run, batch, clean),
          (batch, latents) -> {});
    }
  }

  private static INDArray noised(SamplingRun run, DenoisingLoop.Batch batch, INDArray clean) {
    INDArray latents = batch.initialNoise(1);
    FloatBuffer z = FloatBuffers.of(latents);
    try (INDArray repeated = Nd4j.tile(clean, (int) latents.size(0), 1, 1, 1)) {
      run.addNoise(FloatBuffers.of(repeated), z, z);
    }
    return latents;
  }

  private List<Image> sample(
      LatentShape shape,
      List<Prompt> prompts,
      List<Seed> seeds,
      Supplier<SamplingRun> runs,
      BiFunction<SamplingRun, DenoisingLoop.Batch, INDArray> start,
      BiConsumer<DenoisingLoop.Batch, INDArray> end) {
    SamplingRun unused = runs.get(); // says what is wrong with it before any work
    List<Image> images = new ArrayList<>();
    try (DenoisingLoop loop = new DenoisingLoop(view, shape, prompts, view.conditions(0, shape))) {
      for (DenoisingLoop.Batch batch : loop.batches(prompts, seeds)) {
        SamplingRun run = runs.get();
        try (INDArray latents = start.apply(run, batch)) { // [B, C, h, w]
          loop.denoise(run, batch, latents, DenoisingLoop.Recorder.NONE);
          end.accept(batch, latents);
          images.addAll(codec.decode(latents).subList(0, batch.size()));
        }
      }
    }
    return List.copyOf(images);
  }

  private static FloatBuffer requireLatents(
      List<Prompt> prompts, INDArray latents, LatentShape shape) {
    long[] expected = {prompts.size(), shape.channels(), shape.height(), shape.width()};
    if (prompts.isEmpty() || !Arrays.equals(expected, latents.shape())) {
      throw new IllegalArgumentException(
          "there must be at least one prompt and initial latents of shape [N, C, h, w] = "
              + Arrays.toString(expected)
              + " for "
              + prompts.size()
              + " prompts, but theirs is "
              + Arrays.toString(latents.shape()));
    }
    FloatBuffer values = FloatBuffers.of(latents);
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new IllegalArgumentException(
            "the initial latents of image "
                + i / shape.size()
                + " hold "
                + values.get(i)
                + "; have they diverged?");
      }
    }
    return values;
  }
}
