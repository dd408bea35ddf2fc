package org.tastemaker.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Precision;
import org.tastemaker.diffusion.engine.Updates;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.policy.Transitions;

/**
 * DDPO on a small model: that sampling and training agree on the likelihood of a step, that an
 * update moves the weights as it does on the reference, and that it does so wherever it is made.
 *
 * @param reference what is right
 * @param seed of everything
 */
record PolicyCheck(Engine reference, Seed seed) {
  private static final int IMAGES = 4;
  private static final Rewards REWARDS = Rewards.of(1, 4, -2, 0.5);

  /** How far the first ratio may be from 1: well below DDPO's usual clip range of 1e-4. */
  private static double ratio(Precision precision) {
    return precision == Precision.FLOAT32 ? 1e-6 : 1e-5;
  }

  /**
   * Bounds of the update's norm and of 1 minus its cosine. The advantages' sum is zero, so that the
   * gradient is a difference of larger ones: rounding shows more in it than in that of a U-Net.
   */
  private static double[] update(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> new double[] {1e-3, 1e-6};
      case TF32 -> new double[] {1e-2, 1e-2};
      case BFLOAT16 -> new double[] {5e-2, 0.1};
    };
  }

  /** By how much updates may differ that are made in two places, as a share of their norm. */
  private static final double[] PLACES = {1e-5, 1e-9};

  /**
   * Two checks, and two more of an engine with memory of its own: an update there is the same as on
   * the host.
   *
   * @param engines the engine, by where it updates
   */
  void run(Checks checks, Precision precision, Function<Updates, Engine> engines) {
    Engine engine = engines.apply(Updates.AUTO);
    try (LatentDiffusion model =
        RandomModels.small(seed.split("policy"))
            .with(SamplingOptions.ddpo().withSteps(3).withGuidanceScale(3).withBatchSize(IMAGES))) {
      checks.run(
          precision + " first ratio of DDPO",
          () ->
              List.of(new Measure("|1 - ratio|", firstRatio(model, engine), ratio(precision), "")));
      checks.run(
          precision + " update of DDPO",
          () -> update(model, engine, reference, true, update(precision)));
      for (boolean adapter : new boolean[] {true, false}) {
        checks.run(
            precision + " update on the device, " + (adapter ? "LoRA" : "all weights"),
            () ->
                update(
                    model,
                    engines.apply(Updates.DEVICE),
                    engines.apply(Updates.HOST),
                    adapter,
                    PLACES));
      }
    }
  }

  private double firstRatio(LatentDiffusion model, Engine engine) {
    try (Lora lora = lora(model);
        DiffusionPolicy policy = DiffusionPolicy.lora(model.on(engine), lora);
        Rollout rollout = rollout(policy.sampler())) {
      Transitions transitions = policy.transitions(rollout, IMAGES);
      double worst = 0;
      for (int step = 0; step < rollout.steps(); step++) {
        int now = step;
        transitions.forward(
            IntStream.range(0, IMAGES).toArray(),
            IntStream.range(0, IMAGES).map(i -> now).toArray());
        double[] found = transitions.logProbabilities();
        double[] recorded = transitions.recordedLogProbabilities();
        for (int i = 0; i < IMAGES; i++) {
          worst = Math.max(worst, Math.abs(Math.expm1(found[i] - recorded[i]))); // keeps NaN
        }
      }
      return worst;
    }
  }

  private List<Measure> update(
      LatentDiffusion model, Engine engine, Engine expected, boolean adapter, double[] bounds) {
    try (Rollout rollout = rollout(model.on(reference))) {
      Difference difference =
          Difference.of(
              Map.of(),
              Map.of(),
              step(model, engine, adapter, rollout),
              step(model, expected, adapter, rollout));
      return List.of(
          new Measure("norm", Math.abs(difference.norm() - 1), bounds[0], ""),
          new Measure("1 - cosine", 1 - difference.cosine(), bounds[1], ""));
    }
  }

  /**
   * By how much one step moves each weight. AdamW's epsilon is far above the gradient, so that it
   * moves them along it: with the usual one it would move them by the gradient's signs, which
   * rounding decides where a gradient is next to nothing.
   */
  private Map<String, double[]> step(
      LatentDiffusion model, Engine engine, boolean adapter, Rollout rollout) {
    DiffusionPolicy.Options options =
        DiffusionPolicy.Options.lora()
            .withLearningRate(1)
            .withAdamW(new AdamW.Options(0.9, 0.999, 0.999, 0))
            .withMaxGradientNorm(Double.POSITIVE_INFINITY);
    try (Lora lora = lora(model);
        DiffusionPolicy policy =
            adapter
                ? DiffusionPolicy.lora(model.on(engine), lora, options)
                : DiffusionPolicy.fullWeights(model.on(engine), options)) {
      Map<String, double[]> before = copy(policy.parameters());
      Ddpo ddpo =
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withPromptStatistics(Optional.empty())
                  .withClipRange(10)
                  .withUpdatesPerEpoch(1)
                  .withMicroBatch(IMAGES),
              seed.split("order"));
      StepReport report = ddpo.step(rollout, REWARDS);
      if (report.skippedReason() != null) {
        throw new IllegalStateException("no update: " + report.skippedReason());
      }
      Map<String, double[]> after = copy(policy.parameters());
      policy
          .parameters()
          .forEach(
              (name, values) -> { // the model as it was, for the next step
                double[] old = before.getOrDefault(name, new double[0]);
                for (int i = 0; i < old.length; i++) {
                  values.put(i, (float) old[i]);
                }
              });
      after.forEach(
          (name, values) -> {
            double[] old = before.getOrDefault(name, values);
            for (int i = 0; i < values.length; i++) {
              values[i] -= old[i];
            }
          });
      return after;
    }
  }

  private Rollout rollout(LatentDiffusion sampler) {
    List<Prompt> prompts = RandomModels.PROMPTS.stream().map(Prompt::of).toList();
    List<Seed> seeds = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      seeds.add(seed.split("images").split(i));
    }
    return sampler.rollout(prompts, seeds);
  }

  /** A new LoRA is zero at one end, and so would be half of its gradients. */
  private Lora lora(LatentDiffusion model) {
    Lora lora =
        Lora.create(
            "policy",
            LoraNetwork.UNET,
            model.components().unet().parameters(),
            Lora.Options.ofRank(4),
            seed.split("lora"));
    lora.parameters()
        .arrays()
        .forEach(
            (name, array) -> {
              FloatBuffer values = FloatBuffers.of(array);
              float[] drawn = new float[values.remaining()];
              seed.split("lora").split(name).gaussian(0, drawn);
              for (int i = 0; i < drawn.length; i++) {
                drawn[i] *= 0.1f;
              }
              values.put(0, drawn);
            });
    return lora;
  }

  private static Map<String, double[]> copy(Map<String, FloatBuffer> buffers) {
    Map<String, double[]> copies = new LinkedHashMap<>();
    buffers.forEach(
        (name, buffer) -> {
          double[] values = new double[buffer.remaining()];
          for (int i = 0; i < values.length; i++) {
            values[i] = buffer.get(i);
          }
          copies.put(name, values);
        });
    return copies;
  }
}
