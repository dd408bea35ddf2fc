package org.tastemaker.examples.methods;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * A rollout and two updates of ours, with everything that another program needs to repeat them: it
 * must find the same latents, log-probabilities and images, and move the adapter the same way.
 *
 * <pre>
 *   task.json             as for a training, with two images for each prompt
 *   lora.safetensors      an adapter that does something: its up layers are not 0
 *   rollout.safetensors   latents [T + 1, N, C, h, w], noise of the same shape, logProbabilities
 *                         [T, N], images [N, 3, H, W], rewards [N], gradientNorm [1], the mean of
 *                         the two updates
 *   after.safetensors     the adapter after two updates on all of the rollout's steps
 * </pre>
 *
 * <p>Each update sees all steps of all images, so that no order of them matters; the second one is
 * off-policy, and so has clipped ratios.
 */
final class PeerAgreement {
  /** Of the up layers, beside down layers of 1 / rank. */
  private static final float UP = 0.05f;

  private static final int IMAGES = 2;

  private PeerAgreement() {}

  /**
   * Writes the files.
   *
   * @param folder must exist
   * @param model owned by the caller
   * @param task of the trainings
   */
  static void write(Path folder, LatentDiffusion model, PeerTask task) {
    Seed seed = Seed.of(0).split("agreement");
    Protocol protocol = task.protocol().withImages(IMAGES);
    List<Prompt> prompts = protocol.round();
    List<Seed> seeds = seed.split("images").splits(prompts.size());
    new PeerTask(task.model(), protocol, task.setting(), task.scoreEvery()).write(folder, 0);
    LatentDiffusion sampled = protocol.sampled(model);
    try (Lora lora = PeerTask.lora(model, seed);
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                sampled,
                lora,
                DiffusionPolicy.Options.lora().withLearningRate(task.setting().learningRate()))) {
      moveUp(policy, seed.split("up"));
      PeerTask.write(folder.resolve("lora.safetensors"), lora);
      Ddpo ddpo =
          new Ddpo(
              policy,
              Method.ddpo(protocol, task.setting()).withUpdatesPerEpoch(1).withInnerEpochs(2),
              seed.split("order"));
      try (Rollout rollout = policy.sampler().rollout(prompts, seeds)) {
        float[] rewards = new float[prompts.size()];
        seed.split("rewards").gaussian(0, rewards);
        StepReport report = ddpo.step(rollout, Rewards.of(wide(rewards)));
        PeerTask.noise(model.latentShape(), seeds)
            .add("latents", rollout.latents(), DType.F32)
            .add("logProbabilities", rollout.logProbabilities(), DType.F32)
            .add("images", values(rollout.images()), DType.F32, shape(rollout.images()))
            .add("rewards", rewards, DType.F32, rewards.length)
            .add("gradientNorm", norm(report), DType.F32, 1)
            .write(folder.resolve("rollout.safetensors"));
      }
      PeerTask.write(folder.resolve("after.safetensors"), lora);
    }
  }

  /** An adapter whose up layers are 0 would hide its down layers. */
  private static void moveUp(DiffusionPolicy policy, Seed seed) {
    policy
        .parameters()
        .forEach(
            (name, values) -> {
              if (name.endsWith(".up.weight")) {
                fill(values, seed.split(name));
              }
            });
  }

  private static void fill(FloatBuffer values, Seed seed) {
    float[] drawn = new float[values.limit()];
    seed.gaussian(0, drawn);
    for (int i = 0; i < drawn.length; i++) {
      values.put(i, UP * drawn[i]);
    }
  }

  private static float[] norm(StepReport report) {
    return new float[] {(float) (double) report.metrics().getOrDefault("gradientNorm", Double.NaN)};
  }

  private static double[] wide(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static float[] values(List<Image> images) {
    int size = images.get(0).toFloats().length;
    float[] all = new float[images.size() * size];
    for (int i = 0; i < images.size(); i++) {
      images.get(i).copyTo(all, i * size);
    }
    return all;
  }

  private static long[] shape(List<Image> images) {
    Image first = images.get(0);
    return new long[] {images.size(), first.channels(), first.height(), first.width()};
  }
}
