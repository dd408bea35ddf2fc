package org.tastemaker.examples.align;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.card.ModelCard;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraGains;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.nft.DiffusionNft;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.Evaluation;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.optim.run.RunResult;
import org.tastemaker.optim.run.SearchRun;
import org.tastemaker.optim.zo.ParameterProblem;
import org.tastemaker.optim.zo.SearchSpace;
import org.tastemaker.optim.zo.ZoRankSgd;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * The loop on the bundled model: images of some prompts, a judge that ranks them, win rates as
 * rewards, an optimizer of LoRA weights, and a measurement on seeds that are never trained on.
 */
public final class Alignment implements AutoCloseable {
  /** The settings that may be others when a run is resumed: for one that has diverged, mostly. */
  public static final Set<String> MAY_CHANGE = Set.of("imagesPerPrompt", "learningRate", "updates");

  /** Images of a prompt in each round of a search: probes, and steps along their direction. */
  public static final int SEARCHED_IMAGES =
      ZoRankSgd.Options.forGains().probes() + ZoRankSgd.Options.forGains().stepCandidates() + 2;

  private static final int SEARCHED_RANK = 16;

  private static final int AT_ONCE = 32;

  /** How often DiffusionNFT noises each image of a round. */
  private static final int NOISINGS = 5;

  private final LatentDiffusion model;
  private final EmojiTask task;
  private final Settings settings;
  private final Method method;
  private final Lora lora;
  private final DiffusionPolicy policy;
  private final HeldOut heldOut;
  private final int atOnce;
  private boolean fromTheBaseModel;

  /** How the model learns. */
  public enum Method {
    /** Policy gradients on all numbers of a LoRA. */
    ddpo,
    /** DiffusionNFT on all numbers of a LoRA: from finished images, good and bad ones. */
    nft,
    /** ZO-RankSGD, a search over the gains of a LoRA. */
    zo
  }

  /**
   * Hyper-parameters.
   *
   * @param rounds of sampling, judging and training
   * @param imagesPerPrompt images per prompt, ranked together
   * @param heldOutPerPrompt held-out images per prompt
   * @param denoisingSteps of a trajectory
   * @param guidance guidance scale, in sampling and training
   * @param learningRate of AdamW on the LoRA weights
   * @param clipRange of DDPO's ratio
   * @param updates of the weights per round
   * @param rank of the LoRA
   * @param seed of everything
   */
  @RecordBuilder
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
      long seed)
      implements AlignmentSettingsBuilder.With {
    public Settings {
      if (rounds < 1 || imagesPerPrompt < 2 || heldOutPerPrompt < 1 || updates < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "rounds, heldOutPerPrompt and updates must be at least 1 and imagesPerPrompt at least 2 (one image cannot be ranked), but were %s, %s, %s, %s",
                rounds,
                heldOutPerPrompt,
                updates,
                imagesPerPrompt));
      }
    }

    /**
     * What the quick start uses.
     *
     * @return 16 rounds of 8 images per prompt
     */
    public static Settings defaults() {
      return new Settings(16, 8, 8, 10, 3, 1e-3, 1e-3, 4, 4, 1);
    }
  }

  /**
   * Creates the policy; nothing is sampled yet.
   *
   * @param model owned by the caller
   * @param task what to align to
   * @param settings hyper-parameters
   * @param method how it learns
   */
  public Alignment(LatentDiffusion model, EmojiTask task, Settings settings, Method method) {
    this(model, task, settings, method, AT_ONCE);
  }

  /**
   * Creates the policy of a model whose images may need much memory; nothing is sampled yet.
   *
   * @param model owned by the caller; the size of its images is kept
   * @param task what to align to
   * @param settings hyper-parameters
   * @param method how it learns
   * @param atOnce how many images, or rows of a U-Net, are computed together, at least 1
   */
  public Alignment(
      LatentDiffusion model, EmojiTask task, Settings settings, Method method, int atOnce) {
    this.method = method;
    this.atOnce = atOnce;
    this.model =
        model.with(
            SamplingOptions.ddpo()
                .withSteps(settings.denoisingSteps)
                .withGuidanceScale(settings.guidance)
                .withHeight(model.options().height())
                .withWidth(model.options().width())
                .withBatchSize(atOnce));
    this.task = task;
    this.settings = settings;
    this.lora =
        Lora.create(
            "tastemaker",
            LoraNetwork.UNET,
            model.components().unet().parameters(),
            method == Method.zo
                ? Lora.Options.ofRank(SEARCHED_RANK).withTargets(LoraTargets.named("to_out.0"))
                : Lora.Options.ofRank(settings.rank),
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
   * Runs the loop, or resumes it from the folder's latest checkpoint if there is one.
   *
   * @param oracle that ranks
   * @param rubric to rank by
   * @param folder of the run
   * @param listener receives every round and every evaluation with its interval
   * @param cancellation stops the run before the next round; a view of the model with the same
   *     cancellation stops before the next denoising step
   * @return how it went
   */
  public RunResult run(
      FeedbackOracle oracle,
      Rubric rubric,
      RunFolder folder,
      RunListener listener,
      Cancellation cancellation) {
    fromTheBaseModel = folder.latestCheckpoint().isEmpty();
    RunListener measuring = heldOut.withInterval(folder, listener);
    return switch (method) {
      case ddpo -> {
        Ddpo ddpo = new Ddpo(policy, ddpoOptions(), seed().split("ddpo"));
        yield train(ddpo, policy.sampler(), oracle, rubric, folder, measuring, cancellation);
      }
      case nft -> {
        try (DiffusionNft nft = new DiffusionNft(policy, nftOptions(), seed().split("nft"))) {
          yield train(nft, nft.sampler(), oracle, rubric, folder, measuring, cancellation);
        }
      }
      case zo -> search(oracle, rubric, folder, measuring, cancellation);
    };
  }

  /** How many rows the U-Net computes at once: it computes as many where there are fewer. */
  private int rowsAtOnce(int rows) {
    return Math.min(atOnce, rows);
  }

  private Evaluation evaluation() {
    return Evaluation.every(5, heldOut.prompts(), heldOut.seed())
        .withReward(heldOut.reward())
        .withKlOf(policy, rowsAtOnce(heldOut.prompts().size() * settings.denoisingSteps));
  }

  private RunResult search(
      FeedbackOracle oracle,
      Rubric rubric,
      RunFolder folder,
      RunListener listener,
      Cancellation cancellation) {
    Seed seed = seed();
    LoraGains gains =
        LoraGains.of(lora, model.components().unet().parameters(), seed.split("gains"));
    ParameterProblem problem =
        new ParameterProblem(
            policy.sampler(),
            SearchSpace.of(gains),
            task.prompts(),
            seed.split("rounds"),
            oracle,
            rubric);
    ZoRankSgd.Options options = ZoRankSgd.Options.forGains();
    return SearchRun.of(
            problem, new ZoRankSgd(problem, problem.start(), options, seed.split("search")))
        .evaluated(evaluation().withSampler(policy.sampler()))
        .in(folder)
        .listener(listener)
        .cancellation(cancellation)
        .run(SearchRun.Options.rounds(settings.rounds));
  }

  private Seed seed() {
    return Seed.of(settings.seed);
  }

  private Ddpo.Options ddpoOptions() {
    int rows = imagesPerRound() * settings.denoisingSteps;
    return Ddpo.Options.importanceSampling()
        .withClipRange(settings.clipRange)
        .withUpdatesPerEpoch(settings.updates)
        .withMicroBatch(rowsAtOnce(1 + rows / settings.updates))
        .withPromptStatistics(
            Optional.of(
                new PromptStatistics.Options(
                    4 * settings.imagesPerPrompt, settings.imagesPerPrompt)));
  }

  private DiffusionNft.Options nftOptions() {
    return DiffusionNft.Options.defaults()
        .withNoisings(NOISINGS)
        .withUpdates(settings.updates)
        .withMicroBatch(rowsAtOnce(imagesPerRound() * NOISINGS));
  }

  private int imagesPerRound() {
    return task.prompts().size() * settings.imagesPerPrompt;
  }

  private RunResult train(
      PolicyOptimizer optimizer,
      DiffusionSampler sampler,
      FeedbackOracle oracle,
      Rubric rubric,
      RunFolder folder,
      RunListener listener,
      Cancellation cancellation) {
    return AlignmentRun.of(
            PromptSource.all(task.prompts(), settings.imagesPerPrompt),
            sampler,
            WinRateReward.overall(),
            optimizer,
            seed().split("rounds"))
        .judgedBy(oracle, rubric)
        .evaluated(evaluation())
        .in(folder)
        .listener(listener)
        .cancellation(cancellation)
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
   * @return empty if this process has not measured both, as in a resumed run
   */
  public Optional<Outcome> soFar() {
    return heldOut.soFar(fromTheBaseModel);
  }

  /**
   * The prompts of {@link Outcome}'s images, in order.
   *
   * @return each prompt once per measured image
   */
  public List<Prompt> heldOut() {
    return heldOut.prompts();
  }

  /**
   * What the model is aligned to.
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
   * How the model learns, for a report.
   *
   * @return a few words
   */
  public String methodWords() {
    return switch (method) {
      case ddpo -> "DDPO on LoRA weights";
      case nft -> "DiffusionNFT on LoRA weights";
      case zo -> "a search without gradients, ZO-RankSGD, over the gains of a LoRA";
    };
  }

  /**
   * The policy.
   *
   * @return the policy that is trained; closed with this
   */
  public DiffusionPolicy policy() {
    return policy;
  }

  /**
   * Writes the LoRA weights with kohya's keys, which diffusers, ComfyUI and AUTOMATIC1111 load.
   *
   * @param file replaced if it exists
   */
  public void writeLora(Path file) {
    LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
  }

  /**
   * Writes the LoRA weights as {@link #writeLora(Path)} does, with a {@code README.md} beside them.
   *
   * @param file replaced if it exists
   * @param card what the file says about itself
   */
  public void writeLora(Path file, ModelCard card) {
    LoraFile.write(file, List.of(lora), LoraFile.Options.kohya().describedBy(card));
  }

  /**
   * What is known before anything is measured.
   *
   * @param title of the card
   * @param model that the LoRA is for, in words
   * @param judge its name
   * @param folder of the run
   * @return a card of the LoRA
   */
  public ModelCard card(String title, String model, String judge, RunFolder folder) {
    return ModelCard.of(title)
        .withSummary("A LoRA of " + model + ", aligned to a judge's rankings.")
        .withMethod(Optional.of(methodWords()))
        .withJudge(Optional.of(judge).filter(ModelCard::mayShow))
        .withPrompts(task.prompts().stream().map(Prompt::text).filter(ModelCard::mayShow).toList())
        .withRun(folder);
  }

  /**
   * The settings as a run folder stores them: all but how many rounds there are.
   *
   * @param task what is aligned to
   * @param settings hyper-parameters
   * @param judge its name
   * @return texts by name
   */
  public static Map<String, String> config(EmojiTask task, Settings settings, String judge) {
    return org.tastemaker.core.run.Settings.of(settings, "rounds") // more of them are a longer run
        .with("task", task.name())
        .with("judge", judge)
        .with("prompts", task.prompts().stream().map(Prompt::text).toList())
        .values();
  }

  @Override
  public void close() {
    policy.close();
    lora.close();
  }
}
