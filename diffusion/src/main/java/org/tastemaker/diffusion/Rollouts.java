package org.tastemaker.diffusion;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.SamplingRun;

/** Sampling that keeps all latents and log-probabilities, and the replay of what was kept. */
final class Rollouts {
  private final View view;

  Rollouts(View view) {
    this.view = view;
  }

  Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    SamplingRun run = view.rolloutSteps();
    LatentShape shape = view.latentShape();
    LatentCodec codec = LatentCodec.of(view);
    int steps = run.steps().size();
    int n = prompts.size();
    INDArray latents =
        Nd4j.createUninitialized(
            DataType.FLOAT, steps + 1, n, shape.channels(), shape.height(), shape.width());
    INDArray logProbabilities = Nd4j.createUninitialized(DataType.FLOAT, steps, n);
    List<Image> images = new ArrayList<>();
    try (DenoisingLoop loop = loop(shape, prompts)) {
      FloatBuffer trajectory = FloatBuffers.of(latents); // [T+1, N, C, h, w]
      FloatBuffer densities = FloatBuffers.of(logProbabilities); // [T, N]
      for (DenoisingLoop.Batch batch : loop.batches(prompts, seeds)) {
        DenoisingLoop.Recorder recorder =
            (step, next, density) -> {
              int at = ((step + 1) * n + batch.first()) * shape.size();
              trajectory.put(at, next, next.position(), batch.size() * shape.size());
              for (int i = 0; i < batch.size() && step >= 0; i++) {
                // A deterministic step has no density.
                float one = density.length == 0 ? Float.NaN : (float) density[i];
                densities.put(step * n + batch.first() + i, one);
              }
            };
        try (INDArray current =
            batch.withSeeds(view.rollouts()::initial).initialNoise(run.initialNoiseScale())) {
          recorder.record(-1, FloatBuffers.of(current), new double[0]);
          loop.denoise(run, batch, current, recorder);
          images.addAll(codec.decode(current).subList(0, batch.size()));
        }
      }
      return new Rollout(prompts, seeds, images, latents, logProbabilities, wholeTimesteps(run));
    } catch (RuntimeException | Error e) {
      latents.close();
      logProbabilities.close();
      throw e;
    }
  }

  INDArray replay(Rollout rollout) {
    SamplingRun run = view.denoisingSteps();
    LatentShape shape = view.latentShape();
    requireOwn(rollout, run, shape);
    int n = rollout.size();
    INDArray logProbabilities = Nd4j.createUninitialized(DataType.FLOAT, rollout.steps(), n);
    try (DenoisingLoop loop = loop(shape, rollout.prompts())) {
      FloatBuffer trajectory = FloatBuffers.of(rollout.latents()); // [T+1, N, C, h, w]
      FloatBuffer recorded = FloatBuffers.of(rollout.logProbabilities()); // [T, N]
      FloatBuffer densities = FloatBuffers.of(logProbabilities); // [T, N]
      for (DenoisingLoop.Batch batch : loop.batches(rollout.prompts(), rollout.seeds())) {
        int length = batch.size() * shape.size();
        try (INDArray current = batch.initialNoise(1)) { // padding rows stay noise
          for (int step = 0; step < rollout.steps(); step++) {
            int at = (step * n + batch.first()) * shape.size();
            FloatBuffer z = FloatBuffers.of(current); // [B, C, h, w]
            z.put(z.position(), trajectory, at, length);
            ModelOutput output = loop.predict(run, step, batch, z);
            double[] density = new double[batch.size()];
            view.kernel()
                .logProbability(
                    run.steps().get(step).coefficients(),
                    view.options().reduction(),
                    output.first(length),
                    trajectory.slice(at, length),
                    trajectory.slice(at + n * shape.size(), length),
                    density);
            for (int i = 0; i < batch.size(); i++) {
              int of = step * n + batch.first() + i;
              // What was deterministic when it was sampled has no density now either.
              densities.put(of, Float.isNaN(recorded.get(of)) ? Float.NaN : (float) density[i]);
            }
          }
        }
      }
      return logProbabilities;
    } catch (RuntimeException | Error e) {
      logProbabilities.close();
      throw e;
    }
  }

  /** With room for all texts, since training on the rollout asks for them again. */
  private DenoisingLoop loop(LatentShape shape, List<Prompt> prompts) {
    long texts =
        prompts.stream().flatMap(p -> Stream.of(p.text(), p.negativeText())).distinct().count();
    return new DenoisingLoop(view, shape, prompts, view.conditions((int) texts, shape));
  }

  private static void requireOwn(Rollout rollout, SamplingRun run, LatentShape shape) {
    if (!wholeTimesteps(run).equals(rollout.timesteps())) {
      throw new IllegalArgumentException(
          "the rollout was sampled at timesteps "
              + rollout.timesteps()
              + ", but this model's options step through "
              + wholeTimesteps(run));
    }
    long[] expected = {shape.channels(), shape.height(), shape.width()};
    long[] found = Arrays.copyOfRange(rollout.latents().shape(), 2, 5);
    if (!Arrays.equals(expected, found)) {
      throw new IllegalArgumentException(
          "the rollout's latents are [C, h, w] = "
              + Arrays.toString(found)
              + ", but this model's are "
              + Arrays.toString(expected));
    }
  }

  private static List<Integer> wholeTimesteps(SamplingRun run) {
    return Arrays.stream(run.timesteps()).mapToObj(t -> (int) Math.rint(t)).toList();
  }
}
