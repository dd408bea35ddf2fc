package org.tastemaker.examples.experiments;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.examples.align.RunFolders;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.nft.DiffusionNft;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;

/**
 * One arm on one seed: a fresh LoRA is trained, and then everything is measured. After a stop it
 * can be resumed in the same folder.
 */
final class Trial {
  private static final double TIE = 0.03;

  private final LatentDiffusion model;
  private final GlyphJudge judge;
  private final Experiment experiment;
  private final Experiment.Arm arm;
  private final long number;
  private final Seed seed;
  private final EmojiReport.Counts counts;

  /**
   * A trial that has not begun.
   *
   * @param model owned by the caller
   * @param judge labels and ranks
   * @param experiment to run
   * @param arm of the experiment
   * @param seed of everything
   * @param counts how many images are measured
   */
  Trial(
      LatentDiffusion model,
      GlyphJudge judge,
      Experiment experiment,
      Experiment.Arm arm,
      long seed,
      EmojiReport.Counts counts) {
    this.model = model;
    this.judge = judge;
    this.experiment = experiment;
    this.arm = arm;
    this.number = seed;
    this.seed = Seed.of(seed);
    this.counts = counts;
  }

  /** Measures a model. */
  static Outcome measure(
      LatentDiffusion model,
      GlyphJudge judge,
      Measured measured,
      EmojiReport.Counts counts,
      long seed,
      Training.Spent spent,
      Settings config) {
    EmojiReport report =
        EmojiReport.of(model.with(measured.sampling()), judge, counts, measuredSeed(seed));
    Findings findings =
        Findings.of(config, report, judge, spent.images(), spent.kl(), spent.message());
    return new Outcome(findings, report);
  }

  /** The seed of all measured images; no image that is trained on has it. */
  static Seed measuredSeed(long seed) {
    return Seed.of(seed).split("measured");
  }

  /** How {@link #measure} went, for comparison of files. */
  static Settings measured(Measured measured, EmojiReport.Counts counts, long seed) {
    return measured.config(counts).with("arm", "base").with("seed", seed);
  }

  /** The result of a trial, or of a measurement of the base model. */
  record Outcome(Findings findings, EmojiReport report) {}

  Outcome run(Path folder, RunListener listener, Cancellation cancellation) {
    LatentDiffusion sampled = model.with(arm.training().sampling(1));
    try (Lora lora =
            Lora.create(
                "tastemaker",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.ofRank(4),
                seed.split("lora"));
        DiffusionPolicy policy =
            DiffusionPolicy.lora(
                sampled,
                lora,
                DiffusionPolicy.Options.lora().withLearningRate(arm.training().learningRate()))) {
      String message = train(policy, folder, listener, cancellation).message();
      double kl = kl(policy);
      LoraFile.write(folder.resolve("lora.safetensors"), List.of(lora), LoraFile.Options.kohya());
      return measure(
          model.with(
              FunctionOptions.inference().withEngine(model.execution().engine()).withAdapter(lora)),
          judge,
          experiment.measured(),
          counts,
          number,
          new Training.Spent(images(), kl, message),
          experiment.config(arm, number, counts));
    }
  }

  private RunResult train(
      DiffusionPolicy policy, Path folder, RunListener listener, Cancellation cancellation) {
    FeedbackOracle oracle =
        MockOracle.of(experiment.quality(), MockJudge.Options.defaults().withTieThreshold(TIE));
    Seed rounds = seed.split("phase").split(0); // the stream of the tables in docs
    Map<String, String> config = experiment.config(arm, number).values();
    int imagesPerRound = experiment.prompts().size() * experiment.imagesPerPrompt();
    try (DiffusionNft nft =
            arm.training()
                .optimizer(
                    policy,
                    model.with(experiment.measured().sampling()),
                    EmojiPrompts.others(judge.labels()),
                    imagesPerRound,
                    rounds.split("optimizer"));
        RunFolder open = RunFolders.open(folder.resolve("training"), config, Set.of(), seed)) {
      long[] round = {open.latestCheckpoint().map(RunFolder.Checkpoint::step).orElse(0L)};
      RewardModel reward =
          (rollout, judgements) -> {
            Map<String, Rewards> parts = arm.reward().parts(rollout, judgements);
            open.appendMetrics(++round[0], means(parts));
            return arm.reward().combine(rollout, parts);
          };
      return AlignmentRun.of(
              PromptSource.all(experiment.prompts(), experiment.imagesPerPrompt()),
              arm.training().sampler(nft),
              reward,
              nft,
              rounds)
          .judgedBy(oracle, Rubrics.consistency())
          .in(open)
          .listener(listener)
          .cancellation(cancellation)
          .run(
              AlignmentRun.Options.rounds(experiment.rounds())
                  .withCheckpointEvery(2)
                  .withKeepCheckpoints(1));
    }
  }

  /**
   * The means of the reward's parts before centring: they show whether what is rewarded appears.
   */
  private static Map<String, Double> means(Map<String, Rewards> parts) {
    Map<String, Double> means = new TreeMap<>();
    parts.forEach(
        (name, rewards) ->
            rewards.values().stream()
                .flatMapToDouble(OptionalDouble::stream)
                .average()
                .ifPresent(mean -> means.put("part." + name, mean)));
    return means;
  }

  private double kl(DiffusionPolicy policy) {
    List<Prompt> prompts =
        experiment.prompts().stream()
            .flatMap(prompt -> Collections.nCopies(2, prompt).stream())
            .toList();
    try (Rollout rollout = policy.sampler().rollout(prompts, seed.split("divergence"))) {
      return policy.klToReference(
          rollout, Training.microBatch(rollout.size() * rollout.timesteps().size()));
    }
  }

  private long images() {
    return (long) experiment.rounds() * experiment.prompts().size() * experiment.imagesPerPrompt();
  }
}
