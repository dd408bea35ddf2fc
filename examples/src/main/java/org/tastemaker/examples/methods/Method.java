package org.tastemaker.examples.methods;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraGains;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.direct.AlignProp;
import org.tastemaker.optim.direct.DirectLoss;
import org.tastemaker.optim.direct.Draft;
import org.tastemaker.optim.direct.Refl;
import org.tastemaker.optim.dpok.Dpok;
import org.tastemaker.optim.dpok.KlOptions;
import org.tastemaker.optim.dpok.ValueOptions;
import org.tastemaker.optim.grpo.Grpo;
import org.tastemaker.optim.grpo.Objective;
import org.tastemaker.optim.grpo.SdeWindow;
import org.tastemaker.optim.likelihood.AdvantageWeightedMatching;
import org.tastemaker.optim.likelihood.DpokSupervised;
import org.tastemaker.optim.likelihood.RewardWeightedLikelihood;
import org.tastemaker.optim.likelihood.Rwr;
import org.tastemaker.optim.nft.DiffusionNft;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.preference.D3po;
import org.tastemaker.optim.preference.DiffusionDpo;
import org.tastemaker.optim.preference.DiffusionKto;
import org.tastemaker.optim.preference.Mapo;
import org.tastemaker.optim.preference.Spo;
import org.tastemaker.optim.zo.SearchSpace;

/** What is compared. */
enum Method {
  DDPO_IS("ddpo-is", "DDPO, importance sampling", "clip range", true, 1e-3, 4, 1e-3),
  DDPO_SF("ddpo-sf", "DDPO, score function", "", true, 1e-3, 1, 0),
  GRPO("grpo", "GRPO, as DanceGRPO", "clip range", true, 1e-3, 4, 1e-3),
  GRPO_GUARD("grpo-guard", "GRPO-Guard", "clip range", true, 1e-3, 4, 1e-3),
  FLOW_DPPO("flow-dppo", "GRPO with Flow-DPPO's mask", "largest KL", true, 1e-3, 4, 1e-4),
  MIX_GRPO("mix-grpo", "MixGRPO", "steps of the window", true, 1e-3, 4, 4),
  DPOK("dpok", "DPOK, online with KL", "KL weight", true, 1e-3, 4, 0.1),
  DPOK_KL_D("dpok-kl-d", "DPOK, supervised KL-D", "gamma", false, 3e-4, 4, 0.1),
  DPOK_KL_O("dpok-kl-o", "DPOK, supervised KL-O", "gamma", false, 3e-4, 4, 0.1),
  RWR("rwr", "RWR", "beta", true, 3e-4, 4, 20),
  LEE("lee", "Reward-weighted likelihood (Lee et al.)", "pre-training weight", true, 3e-4, 4, 0.5),
  BEST_OF_N("best-of-n", "Fine-tuning on the best of n", "", true, 3e-4, 4, 0),
  REFL("refl", "ReFL, by the score's gradient", "", true, 1e-3, 4, 0),
  DRAFT_K("draft-k", "DRaFT-K, by the score's gradient", "K", true, 1e-3, 4, 1),
  ALIGN_PROP("alignprop", "AlignProp, by the score's gradient", "", true, 1e-3, 4, 0),
  DIFFUSION_NFT("nft", "DiffusionNFT", "beta", true, 1e-3, 4, 1),
  MATCHING("awm", "Advantage-weighted matching", "ratio clip", true, 3e-4, 4, 0.2),
  DIFFUSION_DPO("dpo", "Diffusion-DPO, all pairs of a prompt", "beta", true, 1e-3, 8, 2000),
  DIFFUSION_KTO("kto", "Diffusion-KTO", "beta", true, 1e-3, 8, 2000),
  MAPO("mapo", "MaPO", "beta", true, 3e-4, 8, 1),
  D3PO("d3po", "D3PO", "beta", true, 1e-3, 4, 10),
  /** Its steps' candidates are scored beside the images that all methods have judged. */
  SPO("spo", "SPO, with scores of 10 more estimates for each image", "beta", true, 1e-3, 4, 10),
  /**
   * RWR with the same weight for every image: what training on the model's own images does by
   * itself.
   */
  CONTROL("control", "Control: own images, all weights equal", "", true, 3e-4, 4, 0),
  /** One number for each layer. */
  ZO_GAINS("zo-gains", "ZO-RankSGD on a LoRA's gains", "radius", true, 0.25, 2, 0.15),
  /** All the numbers of a small LoRA. */
  ZO_RANK_SGD("zo-rank-sgd", "ZO-RankSGD on all numbers of a LoRA", "radius", true, 0.03, 2, 0.02);

  /** How often methods that noise finished images do it with each of them, in a round. */
  private static final int NOISINGS = 5;

  /** How many pairs an update on finished images has. */
  private static final int PAIRS = 32;

  /** By which scores that differ by some hundredths are multiplied before a softmax. */
  private static final double SCORE_SCALE = 50;

  private final String id;
  private final String title;
  private final String strengthName;
  private final boolean online; // else the images are the pre-trained model's, as in the paper
  private final double learningRate;
  private final int updates;
  private final double strength;

  Method(
      String id,
      String title,
      String strengthName,
      boolean online,
      double learningRate,
      int updates,
      double strength) {
    this.id = id;
    this.title = title;
    this.strengthName = strengthName;
    this.online = online;
    this.learningRate = learningRate;
    this.updates = updates;
    this.strength = strength;
  }

  /** For options and file names. */
  String id() {
    return id;
  }

  String title() {
    return title;
  }

  /** What {@link Setting#strength} is here; empty where there is none. */
  String strengthName() {
    return strengthName;
  }

  /** The setting that was tuned on a seed that is not reported. */
  Setting tuned() {
    return new Setting(learningRate, updates, strength);
  }

  /** A setting in words, such as {@code rate 1e-03, 4 updates, clip range 0.001}. */
  String words(Setting setting) {
    if (searches()) {
      return String.format(
          Locale.ROOT,
          "largest step %s, %s steps tried, %s %s",
          plain(setting.learningRate()),
          setting.updates(),
          strengthName,
          plain(setting.strength()));
    }
    return String.format(
        Locale.ROOT,
        "rate %s, %s update%s%s",
        String.format(Locale.ROOT, "%.0e", setting.learningRate()),
        setting.updates(),
        setting.updates() == 1 ? "" : "s",
        strengthName.isEmpty() ? "" : ", " + strengthName + " " + plain(setting.strength()));
  }

  private static String plain(double value) {
    return String.format(Locale.ROOT, "%.3g", value)
        .replaceAll("(\\.\\d*?)0+($|e)", "$1$2")
        .replaceAll("\\.($|e)", "$1");
  }

  /** Whether it searches with rankings, without an optimizer of a policy. */
  boolean searches() {
    return this == ZO_GAINS || this == ZO_RANK_SGD;
  }

  /** Whether it trains on pre-training data beside the images that were judged. */
  boolean pretrains() {
    return this == LEE;
  }

  /** Whether it goes through the denoising steps backward, from a reward with a gradient. */
  boolean needsGradient() {
    return this == REFL || this == DRAFT_K || this == ALIGN_PROP;
  }

  /** The adapter that is trained, with few weights for the searches without gradients. */
  Lora.Options lora() {
    return switch (this) {
      case ZO_GAINS -> Lora.Options.ofRank(16).withTargets(LoraTargets.named("to_out.0"));
      case ZO_RANK_SGD ->
          Lora.Options.ofRank(1).withTargets(LoraTargets.matching(".*\\.attn2\\.to_out.*"));
      default -> Lora.Options.defaults();
    };
  }

  /** What a search without gradients searches. */
  SearchSpace space(Lora lora, Parameters unet, Seed seed) {
    return this == ZO_GAINS
        ? SearchSpace.of(LoraGains.of(lora, unet, seed))
        : SearchSpace.of(lora.parameters());
  }

  static Method of(String id) {
    return Arrays.stream(values())
        .filter(method -> method.id.equals(id.strip().toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "there is no method '%s'; there are %s",
                        id,
                        String.join(", ", Arrays.stream(values()).map(Method::id).toList()))));
  }

  /** What makes the images of each round. */
  DiffusionSampler sampler(PolicyOptimizer optimizer, DiffusionPolicy policy) {
    if (optimizer instanceof DiffusionNft nft) {
      return nft.sampler();
    }
    if (optimizer instanceof Grpo grpo) {
      return grpo.sampler();
    }
    return online ? policy.sampler() : policy.reference();
  }

  /** The optimizer of a method that has one. */
  PolicyOptimizer optimizer(
      DiffusionPolicy policy, Protocol protocol, Setting setting, Teaching teaching, Seed seed) {
    int images = protocol.imagesPerRound();
    int microBatch = microBatch(protocol, setting);
    return switch (this) {
      case DDPO_IS -> new Ddpo(policy, ddpo(protocol, setting), seed);
      case DDPO_SF ->
          new Ddpo(
              policy,
              Ddpo.Options.scoreFunction()
                  .withUpdatesPerEpoch(setting.updates())
                  .withMicroBatch(microBatch)
                  .withPromptStatistics(statistics(protocol)),
              seed);
      case GRPO ->
          new Grpo(policy, grpo(setting, microBatch).withClipRange(setting.strength()), seed);
      case GRPO_GUARD ->
          new Grpo(
              policy,
              grpo(setting, microBatch)
                  .withObjective(Objective.GUARDED)
                  .withClipRange(setting.strength()),
              seed);
      case FLOW_DPPO ->
          new Grpo(
              policy,
              grpo(setting, microBatch)
                  .withObjective(Objective.MASKED)
                  .withMaskKl(setting.strength()),
              seed);
      case MIX_GRPO ->
          new Grpo(
              policy,
              grpo(setting, microBatch)
                  .withClipRange(1e-3)
                  .withWindow(
                      Optional.of(
                          SdeWindow.progressive()
                              .withSize((int) Math.round(setting.strength()))
                              .withEvery(1))),
              seed);
      case DPOK ->
          new Dpok(
              policy,
              Dpok.Options.multiplePrompts()
                  .withKl(KlOptions.of(setting.strength()))
                  .withClipRange(1e-3)
                  // All transitions of a round once, as DDPO sees them.
                  .withUpdates(setting.updates())
                  .withBatch(Math.max(1, images * Protocol.STEPS / setting.updates()))
                  .withMicroBatch(microBatch)
                  .withValue(Optional.of(new ValueOptions(256, 1e-3, 0.01, 15, 256))),
              seed);
      case DPOK_KL_D ->
          new DpokSupervised(
              policy,
              DpokSupervised.Options.of(DpokSupervised.Variant.KL_D)
                  .withGamma(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case DPOK_KL_O ->
          new DpokSupervised(
              policy,
              DpokSupervised.Options.of(DpokSupervised.Variant.KL_O)
                  .withGamma(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case RWR ->
          new Rwr(
              policy,
              Rwr.Options.exponential()
                  .withBeta(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case REFL ->
          new Refl(
              policy,
              teaching.gradient().get(),
              Refl.Options.defaults()
                  .withLoss(DirectLoss.maximise())
                  .withUpdates(setting.updates())
                  .withMicroBatch(directBatch(setting, images))
                  .withDecodedTogether(directBatch(setting, images)),
              seed);
      case DRAFT_K ->
          new Draft(
              policy,
              teaching.gradient().get(),
              Draft.Options.lastSteps((int) setting.strength())
                  .withUpdates(setting.updates())
                  .withMicroBatch(directBatch(setting, images))
                  .withDecodedTogether(directBatch(setting, images)),
              seed);
      case ALIGN_PROP ->
          new AlignProp(
              policy,
              teaching.gradient().get(),
              AlignProp.Options.preference()
                  .withUpdates(setting.updates())
                  .withMicroBatch(directBatch(setting, images))
                  .withDecodedTogether(directBatch(setting, images)),
              seed);
      case CONTROL ->
          new Rwr(
              policy,
              Rwr.Options.exponential()
                  .withBeta(Double.MIN_NORMAL)
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case BEST_OF_N ->
          new Rwr(
              policy,
              Rwr.Options.bestOfN()
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case LEE ->
          new RewardWeightedLikelihood(
              policy,
              teaching.pretraining(),
              RewardWeightedLikelihood.Options.defaults()
                  .withPretrainingWeight(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withPretrainingBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case DIFFUSION_NFT ->
          new DiffusionNft(
              policy,
              DiffusionNft.Options.defaults()
                  .withBeta(setting.strength())
                  .withNoisings(NOISINGS)
                  .withUpdates(setting.updates())
                  .withMicroBatch(microBatch),
              seed);
      case MATCHING ->
          new AdvantageWeightedMatching(
              policy,
              AdvantageWeightedMatching.Options.defaults()
                  .withRatioClip(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case DIFFUSION_DPO ->
          new DiffusionDpo(
              policy,
              DiffusionDpo.Options.defaults()
                  .withBeta(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(PAIRS)
                  .withMicroBatch(2 * PAIRS),
              seed);
      case DIFFUSION_KTO ->
          new DiffusionKto(
              policy,
              DiffusionKto.Options.defaults()
                  .withBeta(setting.strength())
                  .withLikedShare(0.5)
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(images),
              seed);
      case MAPO ->
          new Mapo(
              policy,
              Mapo.Options.defaults()
                  .withBeta(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(PAIRS)
                  .withMicroBatch(2 * PAIRS),
              seed);
      case D3PO ->
          new D3po(
              policy,
              D3po.Options.defaults()
                  .withBeta(setting.strength())
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case SPO ->
          new Spo(
              policy,
              teaching.scorer(),
              Spo.Options.defaults()
                  .withBeta(setting.strength())
                  .withCandidates(2)
                  .withFirstStep(Protocol.STEPS / 2)
                  .withScale(SCORE_SCALE)
                  .withUpdates(setting.updates())
                  .withBatch(images)
                  .withMicroBatch(microBatch),
              seed);
      case ZO_GAINS, ZO_RANK_SGD ->
          throw new IllegalArgumentException(
              title + " searches over parameters; it has no optimizer of a policy");
    };
  }

  /** The options of {@link #DDPO_IS}. */
  static Ddpo.Options ddpo(Protocol protocol, Setting setting) {
    return Ddpo.Options.importanceSampling()
        .withClipRange(setting.strength())
        .withUpdatesPerEpoch(setting.updates())
        .withMicroBatch(microBatch(protocol, setting))
        .withPromptStatistics(statistics(protocol));
  }

  private static int microBatch(Protocol protocol, Setting setting) {
    int images = protocol.imagesPerRound();
    return Protocol.microBatch(Math.max(images, 1 + images * Protocol.STEPS / setting.updates()));
  }

  private static Optional<PromptStatistics.Options> statistics(Protocol protocol) {
    return Optional.of(
        new PromptStatistics.Options(4 * protocol.imagesPerPrompt(), protocol.imagesPerPrompt()));
  }

  private static Grpo.Options grpo(Setting setting, int microBatch) {
    return Grpo.Options.danceGrpo()
        .withUpdatesPerEpoch(setting.updates())
        .withMicroBatch(microBatch);
  }

  /** The images of an update, as far as they go through the U-Net at once. */
  private static int directBatch(Setting setting, int images) {
    return Protocol.microBatch(Math.max(1, images / setting.updates()));
  }
}
