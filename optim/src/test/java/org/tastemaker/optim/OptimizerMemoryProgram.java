package org.tastemaker.optim;

import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.direct.Draft;
import org.tastemaker.optim.direct.Refl;
import org.tastemaker.optim.dpok.Dpok;
import org.tastemaker.optim.dpok.ValueOptions;
import org.tastemaker.optim.grpo.Grpo;
import org.tastemaker.optim.grpo.SdeWindow;
import org.tastemaker.optim.likelihood.AdvantageWeightedMatching;
import org.tastemaker.optim.likelihood.DpokSupervised;
import org.tastemaker.optim.likelihood.PretrainingData;
import org.tastemaker.optim.likelihood.RewardWeightedLikelihood;
import org.tastemaker.optim.likelihood.Rwr;
import org.tastemaker.optim.nft.DiffusionNft;
import org.tastemaker.optim.policy.DiffusionPolicy;
import org.tastemaker.optim.preference.D3po;
import org.tastemaker.optim.preference.DiffusionDpo;
import org.tastemaker.optim.preference.DiffusionKto;
import org.tastemaker.optim.preference.KtoOffset;
import org.tastemaker.optim.preference.Mapo;
import org.tastemaker.optim.preference.SpikeGuard;
import org.tastemaker.optim.preference.Spo;
import org.tastemaker.reward.image.PixelReward;
import org.tastemaker.testing.MemoryGrowth;

/**
 * Fifty steps of each kind, each with a rollout of its own. Prints by how many bytes resident
 * memory grew with the steps of each kind, and how many arrays they left open. A program of its
 * own, because in the tests' process the Java heap grows and shrinks by more than what is looked
 * for.
 */
final class OptimizerMemoryProgram {
  private static final int WARM_UP = 17;
  private static final int FIRST = 2;
  private static final int STEPS = 50;

  private OptimizerMemoryProgram() {}

  public static void main(String[] arguments) {
    try (LatentDiffusion whole = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(whole, Seed.of(2))) {
      LatentDiffusion model = whole.with(whole.options().withSteps(2).withBatchSize(2));
      try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
          Dpok dpok =
              new Dpok(
                  policy,
                  Dpok.Options.singlePrompt().withUpdates(1).withBatch(4).withMicroBatch(4),
                  Seed.of(3));
          Dpok dpokWithValue =
              new Dpok(
                  policy,
                  Dpok.Options.multiplePrompts()
                      .withUpdates(1)
                      .withBatch(4)
                      .withMicroBatch(4)
                      .withValue(Optional.of(new ValueOptions(16, 1e-4, 0.01, 1, 4))),
                  Seed.of(3));
          DiffusionNft nft =
              new DiffusionNft(
                  policy,
                  captioned(),
                  DiffusionNft.Options.defaults()
                      .withNoisings(2)
                      .withPreservation(1)
                      .withPreservedBatch(2)
                      .withMicroBatch(4),
                  Seed.of(9));
          AdvantageWeightedMatching matching =
              new AdvantageWeightedMatching(
                  policy,
                  AdvantageWeightedMatching.Options.defaults()
                      .withUpdates(1)
                      .withBatch(4)
                      .withMicroBatch(4),
                  Seed.of(10))) {
        Map<String, PolicyOptimizer> all = optimizers(policy, dpok, dpokWithValue);
        all.put("nft", nft);
        all.put("matching", matching);
        run(policy, all);
      }
    }
  }

  private static PretrainingData captioned() {
    return PretrainingData.of(
        List.of(
            new PretrainingData.Captioned(FloatBuffer.allocate(64), "a green bird"),
            new PretrainingData.Captioned(FloatBuffer.allocate(64), "a red bird")),
        Seed.of(7));
  }

  private static Map<String, PolicyOptimizer> optimizers(
      DiffusionPolicy policy, Dpok dpok, Dpok dpokWithValue) {
    Map<String, PolicyOptimizer> all = new LinkedHashMap<>();
    all.put(
        "ddpo",
        new Ddpo(
            policy,
            Ddpo.Options.importanceSampling().withUpdatesPerEpoch(1).withMicroBatch(4),
            Seed.of(4)));
    all.put("dpok", dpok);
    all.put(
        "rwr",
        new Rwr(
            policy,
            Rwr.Options.exponential().withUpdates(1).withBatch(4).withMicroBatch(4),
            Seed.of(5)));
    all.put(
        "kl-o",
        new DpokSupervised(
            policy,
            DpokSupervised.Options.of(DpokSupervised.Variant.KL_O)
                .withUpdates(1)
                .withBatch(4)
                .withMicroBatch(4),
            Seed.of(6)));
    all.put(
        "likelihood",
        new RewardWeightedLikelihood(
            policy,
            captioned(),
            RewardWeightedLikelihood.Options.defaults()
                .withUpdates(1)
                .withBatch(2)
                .withPretrainingBatch(2)
                .withMicroBatch(4),
            Seed.of(8)));
    all.put("dpok-with-value", dpokWithValue);
    all.put(
        "grpo",
        new Grpo(
            policy,
            Grpo.Options.grpoGuard()
                .withWindow(Optional.of(SdeWindow.random(1)))
                .withKlWeight(0.1)
                .withUpdatesPerEpoch(1)
                .withMicroBatch(4),
            Seed.of(10)));
    all.put(
        "draft",
        new Draft(
            policy,
            PixelReward.redness(),
            Draft.Options.lastSteps(2).withUpdates(1).withMicroBatch(2),
            Seed.of(15)));
    all.put(
        "refl",
        new Refl(
            policy,
            PixelReward.redness(),
            Refl.Options.defaults().withUpdates(1).withMicroBatch(2),
            Seed.of(16)));
    all.putAll(preferences(policy));
    return all;
  }

  private static Map<String, PolicyOptimizer> preferences(DiffusionPolicy policy) {
    SpikeGuard.Options none = SpikeGuard.Options.none(); // the others have moved the policy far
    Map<String, PolicyOptimizer> all = new LinkedHashMap<>();
    all.put(
        "dpo",
        new DiffusionDpo(
            policy,
            DiffusionDpo.Options.defaults()
                .withGuard(none)
                .withUpdates(1)
                .withBatch(2)
                .withMicroBatch(4),
            Seed.of(10)));
    all.put(
        "kto",
        new DiffusionKto(
            policy,
            DiffusionKto.Options.defaults()
                .withGuard(none)
                .withOffset(KtoOffset.MISMATCHED)
                .withUpdates(1)
                .withBatch(4)
                .withMicroBatch(4),
            Seed.of(11)));
    all.put(
        "mapo",
        new Mapo(
            policy,
            Mapo.Options.defaults().withGuard(none).withUpdates(1).withBatch(2).withMicroBatch(4),
            Seed.of(12)));
    all.put(
        "d3po",
        new D3po(
            policy,
            D3po.Options.defaults().withGuard(none).withUpdates(1).withBatch(2).withMicroBatch(4),
            Seed.of(13)));
    all.put(
        "spo",
        new Spo(
            policy,
            (rollout, judgements) ->
                new Rewards(
                    IntStream.range(0, rollout.size())
                        .mapToObj(i -> OptionalDouble.of(i))
                        .toList()),
            Spo.Options.defaults()
                .withGuard(none)
                .withFirstStep(0)
                .withUpdates(1)
                .withBatch(2)
                .withMicroBatch(4),
            Seed.of(14)));
    return all;
  }

  private static void run(DiffusionPolicy policy, Map<String, PolicyOptimizer> optimizers) {
    optimizers.forEach((name, optimizer) -> steps(policy, optimizer, WARM_UP, () -> {}));
    optimizers.forEach(
        (name, optimizer) -> {
          steps(policy, optimizer, FIRST, () -> {}); // the model keeps the latest plans alone
          MemoryGrowth growth = MemoryGrowth.over(0, STEPS);
          long left = steps(policy, optimizer, STEPS, growth::called);
          System.out.println("left %s %d".formatted(name, left));
          growth.print(name);
        });
  }

  /** Returns how many arrays the steps left open. */
  private static long steps(
      DiffusionPolicy policy, PolicyOptimizer optimizer, int count, Runnable afterEach) {
    OpenArrays open = new OpenArrays();
    long left = 0;
    for (int i = 0; i < count; i++) {
      long before = open.count();
      List<Prompt> two = Collections.nCopies(2, TinyModel.prompts(1).get(0));
      DiffusionSampler sampler = optimizer instanceof Grpo grpo ? grpo.sampler() : policy.sampler();
      try (Rollout rollout = sampler.rollout(two, Seed.of(6).split(i))) {
        var report = optimizer.step(rollout, Rewards.of(1 + Math.sin(i), 1 + Math.cos(i)));
        if (report.skippedReason() != null) {
          throw new IllegalStateException(report.skippedReason());
        }
      }
      left += Math.max(0, open.count() - before); // fewer where garbage was collected meanwhile
      afterEach.run();
    }
    return left;
  }
}
