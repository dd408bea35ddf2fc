package org.tastemaker.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.onednn.OneDnnEngine;
import org.tastemaker.diffusion.engine.onednn.Profile;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.policy.DiffusionPolicy;

/**
 * The time of whole rounds of DDPO: sampling with log-probabilities and decoding, and the updates
 * of a LoRA of rank 4 on attention, with random rewards in place of a judge.
 *
 * <pre>
 *   java ... org.tastemaker.benchmarks.DdpoRound [name=value ...]
 * </pre>
 *
 * <table class="striped">
 * <caption>Settings</caption>
 * <thead><tr><th>name</th><th>default</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>model</td><td>sd15</td><td>random weights of Stable Diffusion 1.5's size, so images of
 * 512 x 512; {@code small}; or a folder in the diffusers layout</td></tr>
 * <tr><td>images, steps, guidance</td><td>64, 50, 5</td><td>of the rollout</td></tr>
 * <tr><td>batch, micro</td><td>8, 8</td><td>images that are sampled, rows that are trained,
 * together</td></tr>
 * <tr><td>updates</td><td>4</td><td>in a round</td></tr>
 * <tr><td>rounds</td><td>3</td><td>that are measured; one goes before</td></tr>
 * <tr><td>profile</td><td>false</td><td>prints where the time of the measured rounds went; {@code
 * onednn} only, which then runs each batch whole</td></tr>
 * <tr><td>engine, device, precision, checkpointing</td><td>torch, cuda, bfloat16, false</td><td>as
 * in {@link PolicyStepBenchmark}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Its peer is ddpo-pytorch on the same numbers of images, steps, updates and rows; that program
 * runs the text encoder once for each prompt too, and keeps its VAE in the same precision.
 */
public final class DdpoRound implements AutoCloseable {
  private final List<Profile> profiles = new ArrayList<>(); // of each graph that has run
  private final int images;
  private final LatentDiffusion model;
  private final Lora lora;
  private final DiffusionPolicy policy;
  private final Ddpo ddpo;

  /**
   * A round's time.
   *
   * @param sampling seconds
   * @param training seconds
   */
  record Times(double sampling, double training) {
    double whole() {
      return sampling + training;
    }
  }

  /**
   * Measures.
   *
   * @param args settings, as above
   */
  public static void main(String[] args) {
    Arguments settings = settings(args);
    System.out.println(settings.values());
    List<Times> times = run(settings, System::nanoTime, System.out::println);
    Times median =
        times.stream().sorted(Comparator.comparing(Times::whole)).toList().get(times.size() / 2);
    System.out.println("median: " + text(median, settings.count("images")));
  }

  static Arguments settings(String... args) {
    return Arguments.parse(
        args,
        "model",
        "sd15",
        "images",
        "64",
        "steps",
        "50",
        "guidance",
        "5",
        "batch",
        "8",
        "micro",
        "8",
        "updates",
        "4",
        "rounds",
        "3",
        "engine",
        "torch",
        "device",
        "cuda",
        "precision",
        "bfloat16",
        "checkpointing",
        "false",
        "profile",
        "false");
  }

  private static String text(Times times, int images) {
    return String.format(
        Locale.ROOT,
        "%.2f s, sampling %.2f s, training %.2f s; %.3f images a second",
        times.whole(),
        times.sampling(),
        times.training(),
        images / times.whole());
  }

  private static LatentDiffusion model(String name) {
    return switch (name) {
      case "small" -> RandomModels.small(Seed.of(1));
      case "sd15" -> RandomModels.stableDiffusion15(Seed.of(1));
      default -> LatentDiffusion.load(Path.of(name));
    };
  }

  /** The times of the measured rounds. */
  static List<Times> run(Arguments settings, LongSupplier nanoTime, Consumer<String> out) {
    int images = settings.count("images");
    List<Times> all = new ArrayList<>();
    try (DdpoRound rounds = new DdpoRound(settings)) {
      for (int round = 0; round <= settings.count("rounds"); round++) {
        Times times = rounds.round(round, nanoTime);
        out.accept((round == 0 ? "warm-up: " : "round " + round + ": ") + text(times, images));
        if (round > 0) {
          all.add(times);
        } else {
          rounds.profiles.forEach(Profile::reset);
        }
      }
      rounds.profiles.forEach(profile -> out.accept(profile.toString()));
    }
    return all;
  }

  /** Makes the model, the adapter and the optimizer. */
  DdpoRound(Arguments settings) {
    Engine engine = engine(settings); // fails before work is done
    images = settings.count("images");
    SamplingOptions sampling =
        SamplingOptions.ddpo()
            .withSteps(settings.count("steps"))
            .withGuidanceScale(Double.parseDouble(settings.get("guidance")))
            .withBatchSize(settings.count("batch"));
    Ddpo.Options options =
        Ddpo.Options.importanceSampling()
            .withPromptStatistics(Optional.empty())
            .withUpdatesPerEpoch(settings.count("updates"))
            .withMicroBatch(settings.count("micro"));
    model = model(settings.get("model"));
    lora =
        Lora.create(
            "policy",
            LoraNetwork.UNET,
            model.components().unet().parameters(),
            Lora.Options.ofRank(4),
            Seed.of(2));
    policy = DiffusionPolicy.lora(model.with(sampling).on(engine), lora);
    ddpo = new Ddpo(policy, options, Seed.of(3));
  }

  private Engine engine(Arguments settings) {
    if (!settings.flag("profile")) {
      return Workload.engine(
          settings.get("engine"),
          settings.get("device"),
          settings.get("precision"),
          settings.flag("checkpointing"));
    }
    if (!settings.get("engine").equals("onednn")) {
      throw new IllegalArgumentException(
          "only onednn is profiled here, but the engine was " + settings.get("engine"));
    }
    return OneDnnEngine.profiled(System::nanoTime, profiles::add)
        .on(Placement.of("cpu", settings.get("precision")));
  }

  /**
   * Samples and trains.
   *
   * @param number of the round, which is its seed
   */
  Times round(int number, LongSupplier nanoTime) {
    Seed seed = Seed.of(4).split(number);
    List<Prompt> prompts = new ArrayList<>();
    List<Seed> seeds = new ArrayList<>();
    float[] rewards = new float[images];
    seed.split("rewards").gaussian(0, rewards);
    double[] wide = new double[images];
    for (int i = 0; i < images; i++) {
      prompts.add(Prompt.of(RandomModels.PROMPTS.get(i % RandomModels.PROMPTS.size())));
      seeds.add(seed.split(i));
      wide[i] = rewards[i];
    }
    long start = nanoTime.getAsLong();
    try (Rollout rollout = policy.sampler().rollout(prompts, seeds)) {
      long sampled = nanoTime.getAsLong();
      String skipped = ddpo.step(rollout, Rewards.of(wide)).skippedReason();
      if (skipped != null) {
        throw new IllegalStateException("the round was not trained: " + skipped);
      }
      return new Times((sampled - start) / 1e9, (nanoTime.getAsLong() - sampled) / 1e9);
    }
  }

  @Override
  public void close() {
    policy.close();
    lora.close();
    model.close();
  }
}
