package org.tastemaker.examples.align;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Provenance;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.examples.report.Headline;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.Evaluation;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * The loop on the bundled model: images of some prompts, a judge that ranks them, win rates as
 * rewards, DDPO on LoRA weights, and a measurement on seeds that are never trained on.
 */
public final class Alignment implements AutoCloseable {
  private final LatentDiffusion model;
  private final EmojiTask task;
  private final Settings settings;
  private final Lora lora;
  private final DiffusionPolicy policy;
  private final HeldOut heldOut;
  private boolean fromTheBaseModel;

  /**
   * Hyper-parameters.
   *
   * @param rounds of sampling, judging and training
   * @param imagesPerPrompt ranked together
   * @param heldOutPerPrompt images for each prompt that are measured only
   * @param denoisingSteps of a trajectory
   * @param guidance in sampling and training
   * @param learningRate of AdamW on the LoRA weights
   * @param clipRange of DDPO's ratio
   * @param updates of the weights a round
   * @param rank of the LoRA
   * @param seed of everything
   */
  public record Settings(
      int rounds,
      int imagesPerPrompt,
      int heldOutPerPrompt,
      int denoisingSteps,
      double guidance,
      double learningRate,
      double clipRange,
      int updates,
      int rank,
      long seed) {
    public Settings {
      if (rounds < 1 || imagesPerPrompt < 2 || heldOutPerPrompt < 1 || updates < 1) {
        throw new IllegalArgumentException(
            "rounds, heldOutPerPrompt and updates must be at least 1 and imagesPerPrompt at least 2 (one image cannot be ranked), but were %d, %d, %d, %d"
                .formatted(rounds, heldOutPerPrompt, updates, imagesPerPrompt));
      }
    }

    /**
     * What the quick start uses.
     *
     * @return 16 rounds of 8 images a prompt
     */
    public static Settings defaults() {
      return new Settings(16, 8, 8, 10, 3, 1e-3, 1e-3, 4, 4, 1);
    }

    /**
     * These settings with another size of the groups.
     *
     * @param imagesPerPrompt at least 2, or there is nothing to rank
     * @return new settings
     */
    public Settings withImages(int imagesPerPrompt) {
      return new Settings(
          rounds,
          imagesPerPrompt,
          heldOutPerPrompt,
          denoisingSteps,
          guidance,
          learningRate,
          clipRange,
          updates,
          rank,
          seed);
    }

    /**
     * These settings with another length and seed.
     *
     * @param rounds at least 1
     * @param seed of everything
     * @return new settings
     */
    public Settings with(int rounds, long seed) {
      return new Settings(
          rounds,
          imagesPerPrompt,
          heldOutPerPrompt,
          denoisingSteps,
          guidance,
          learningRate,
          clipRange,
          updates,
          rank,
          seed);
    }
  }

  /**
   * How a run has changed the model, on the same held-out prompts and seeds.
   *
   * @param before scores of the base model's images, by prompt
   * @param after scores of the aligned model's images, by prompt
   * @param imagesBefore of the base model
   * @param imagesAfter of the aligned model
   * @param seeds each made one image of each model; with {@link Alignment}'s way of sampling and
   *     the LoRA file it makes them again
   */
  public record Outcome(
      Map<String, double[]> before,
      Map<String, double[]> after,
      List<Image> imagesBefore,
      List<Image> imagesAfter,
      List<Seed> seeds) {
    /**
     * The rise of the mean score. The prompts are those that were trained on, so what is drawn anew
     * for the interval is the seeds, image by image.
     *
     * @return before, after and the paired difference with its bootstrap interval
     */
    public Headline headline() {
      List<double[]> differences = new ArrayList<>();
      before.forEach(
          (prompt, from) -> {
            double[] to = Objects.requireNonNull(after.get(prompt));
            for (int i = 0; i < from.length; i++) {
              differences.add(new double[] {to[i] - from[i]});
            }
          });
      return new Headline(
          "score on held-out seeds",
          Estimate.mean(List.copyOf(before.values())),
          Estimate.mean(List.copyOf(after.values())),
          Estimate.bootstrap(differences, Estimate::mean, differences.size(), Seed.of(1)),
          0);
    }
  }

  /**
   * Makes the policy; nothing is sampled yet.
   *
   * @param model stays the caller's
   * @param task what to align to
   * @param settings hyper-parameters
   */
  public Alignment(LatentDiffusion model, EmojiTask task, Settings settings) {
    this.model =
        model.with(
            SamplingOptions.ddpo()
                .withSteps(settings.denoisingSteps)
                .withGuidanceScale(settings.guidance)
                .withBatchSize(32));
    this.task = task;
    this.settings = settings;
    this.lora =
        Lora.create(
            "tastemaker",
            LoraNetwork.UNET,
            model.components().unet().parameters(),
            Lora.Options.ofRank(settings.rank),
            Seed.of(settings.seed).split("lora"));
    this.policy =
        DiffusionPolicy.lora(
            this.model,
            lora,
            DiffusionPolicy.Options.lora().withLearningRate(settings.learningRate));
    this.heldOut =
        new HeldOut(task, settings.heldOutPerPrompt, Seed.of(settings.seed).split("held out"));
  }

  /**
   * Runs, from the folder's latest checkpoint if there is one.
   *
   * @param oracle ranks
   * @param rubric by what
   * @param folder of the run
   * @param listener hears every round and evaluation, the latter with their intervals
   * @param cancellation ends it before the next round; a model that has it too, as a view, ends
   *     before the next denoising step
   * @return how it went
   */
  public AlignmentRun.Result run(
      FeedbackOracle oracle,
      Rubric rubric,
      RunFolder folder,
      RunListener listener,
      Cancellation cancellation) {
    Ddpo.Options options =
        Ddpo.Options.importanceSampling()
            .withClipRange(settings.clipRange)
            .withUpdatesPerEpoch(settings.updates)
            .withMicroBatch(32)
            .withPromptStatistics(
                Optional.of(
                    new PromptStatistics.Options(
                        4 * settings.imagesPerPrompt, settings.imagesPerPrompt)));
    Seed seed = Seed.of(settings.seed);
    fromTheBaseModel = folder.latestCheckpoint().isEmpty();
    return AlignmentRun.of(
            PromptSource.all(task.prompts(), settings.imagesPerPrompt),
            policy.sampler(),
            WinRateReward.overall(),
            new Ddpo(policy, options, seed.split("ddpo")),
            seed.split("rounds"))
        .judgedBy(oracle, rubric)
        .evaluated(
            Evaluation.every(5, heldOut.prompts(), heldOut.seed())
                .withReward(heldOut.reward())
                .withKlOf(policy, 32))
        .in(folder)
        .toldTo(heldOut.withInterval(folder, listener))
        .stoppable(cancellation)
        .run(AlignmentRun.Options.rounds(settings.rounds).withCheckpointEvery(1));
  }

  /**
   * Compares the model as it is now with the base model, on held-out seeds.
   *
   * @return scores and images of both
   */
  public Outcome outcome() {
    try (Rollout after = policy.sampler().rollout(heldOut.prompts(), heldOut.seed());
        Rollout before = policy.reference().rollout(heldOut.prompts(), heldOut.seed())) {
      return heldOut.compare(heldOut.measure(before), heldOut.measure(after));
    }
  }

  /**
   * Compares the latest evaluation of a run with its first, without sampling.
   *
   * @return empty where this process has not measured both, as in a run that went on
   */
  public Optional<Outcome> soFar() {
    return heldOut.soFar(fromTheBaseModel);
  }

  /**
   * The prompts of {@link Outcome}'s images, in order.
   *
   * @return each prompt as often as it is measured
   */
  public List<Prompt> heldOut() {
    return heldOut.prompts();
  }

  /**
   * What is aligned to.
   *
   * @return the task
   */
  public EmojiTask task() {
    return task;
  }

  /**
   * The hyper-parameters.
   *
   * @return as given
   */
  public Settings settings() {
    return settings;
  }

  /**
   * The policy.
   *
   * @return what is trained; closed with this
   */
  public DiffusionPolicy policy() {
    return policy;
  }

  /**
   * Writes the LoRA weights with kohya's keys, which diffusers, ComfyUI and AUTOMATIC1111 load.
   *
   * @param file replaced if it is there
   */
  public void writeLora(Path file) {
    LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
  }

  /**
   * Opens a run's folder: a new one, or one of the same settings to go on with.
   *
   * @param path where
   * @param config what must be the same
   * @param seed for the provenance
   * @return the folder: the caller closes it
   * @throws IllegalArgumentException if the folder is of a run with other settings, or no run's and
   *     not empty; nothing is overwritten
   */
  public static RunFolder open(Path path, Map<String, Object> config, Seed seed) {
    Clock clock = Clock.systemUTC();
    if (RunFolder.exists(path)) {
      RunFolder folder = RunFolder.open(path, clock);
      try {
        folder.requireConfig(config);
        return folder;
      } catch (RuntimeException e) {
        folder.close();
        throw new IllegalArgumentException(e.getMessage(), e);
      }
    }
    requireFree(path);
    return RunFolder.create(
        path, config, Provenance.capture(clock).withSeed("alignment", seed), clock);
  }

  /**
   * Checks a run's folder before anything is asked or written.
   *
   * @param path where a run is or will be
   * @param config what must be the same
   * @param seed of the run
   * @return how many rounds are done, as the latest checkpoint says; 0 where there is no run yet
   * @throws IllegalArgumentException as {@link #open}
   */
  public static long roundsDone(Path path, Map<String, Object> config, Seed seed) {
    if (!RunFolder.exists(path)) {
      requireFree(path);
      return 0;
    }
    try (RunFolder folder = open(path, config, seed)) {
      return folder.latestCheckpoint().map(RunFolder.Checkpoint::step).orElse(0L);
    }
  }

  private static void requireFree(Path path) {
    boolean free = !Files.exists(path);
    if (Files.isDirectory(path)) {
      try (Stream<Path> entries = Files.list(path)) {
        free = entries.allMatch(entry -> entry.getFileName().toString().startsWith("."));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot list " + path + ": " + e.getMessage(), e);
      }
    }
    if (!free) {
      throw new IllegalArgumentException(
          path + " is there, holds no run, and is not overwritten: choose another folder");
    }
  }

  /**
   * The settings as a run folder keeps them.
   *
   * @param task what is aligned to
   * @param settings hyper-parameters
   * @param judge its name
   * @return names and values
   */
  public static Map<String, Object> config(EmojiTask task, Settings settings, String judge) {
    Map<String, Object> config = new TreeMap<>();
    config.put("task", task.name());
    config.put("judge", judge);
    config.put("prompts", task.prompts().stream().map(Prompt::text).toList());
    config.put("imagesPerPrompt", settings.imagesPerPrompt);
    config.put("denoisingSteps", settings.denoisingSteps);
    config.put("guidance", settings.guidance);
    config.put("learningRate", settings.learningRate);
    config.put("clipRange", settings.clipRange);
    config.put("updates", settings.updates);
    config.put("rank", settings.rank);
    config.put("seed", settings.seed);
    return config;
  }

  @Override
  public void close() {
    policy.close();
    lora.close();
  }
}
