package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.dpok.Dpok;
import org.tastemaker.optim.grpo.Grpo;
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
import org.tastemaker.optim.preference.Mapo;

/** What every optimizer of a policy does with input that it cannot learn from. */
class BadInputTest {
  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);

  @AfterEach
  void close() {
    policy.close();
    lora.close();
    model.close();
  }

  private enum Method {
    DDPO("ddpo") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Ddpo(
            policy,
            Ddpo.Options.importanceSampling()
                .withUpdatesPerEpoch(1)
                .withPromptStatistics(Optional.empty()),
            seed);
      }
    },
    DDPO_BY_PROMPT("ddpo") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Ddpo(
            policy,
            Ddpo.Options.importanceSampling()
                .withUpdatesPerEpoch(1)
                .withPromptStatistics(Optional.of(new PromptStatistics.Options(4, 2))),
            seed);
      }
    },
    DPOK("dpok") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Dpok(
            policy,
            Dpok.Options.singlePrompt().withUpdates(1).withBatch(6).withMicroBatch(4).withReplay(4),
            seed);
      }
    },
    DPOK_KL_D("dpok-supervised") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new DpokSupervised(
            policy,
            DpokSupervised.Options.of(DpokSupervised.Variant.KL_D)
                .withUpdates(1)
                .withBatch(4)
                .withMicroBatch(4),
            seed);
      }
    },
    DPOK_KL_O("dpok-supervised") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new DpokSupervised(
            policy,
            DpokSupervised.Options.of(DpokSupervised.Variant.KL_O)
                .withUpdates(1)
                .withBatch(4)
                .withMicroBatch(4),
            seed);
      }
    },
    RWR("rwr") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Rwr(
            policy, Rwr.Options.exponential().withUpdates(1).withBatch(4).withMicroBatch(4), seed);
      }
    },
    BEST_OF_N("rwr") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Rwr(
            policy, Rwr.Options.bestOfN().withUpdates(1).withBatch(4).withMicroBatch(4), seed);
      }
    },
    REWARD_WEIGHTED_LIKELIHOOD("reward-weighted-likelihood") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        PretrainingData.Captioned image =
            new PretrainingData.Captioned(FloatBuffer.allocate(64), "a green bird");
        return new RewardWeightedLikelihood(
            policy,
            PretrainingData.of(List.of(image), Seed.of(6)),
            RewardWeightedLikelihood.Options.defaults()
                .withUpdates(1)
                .withBatch(4)
                .withPretrainingBatch(4)
                .withMicroBatch(4),
            seed);
      }
    },
    GRPO("grpo") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Grpo(
            policy, Grpo.Options.danceGrpo().withSharedLatents(false).withUpdatesPerEpoch(1), seed);
      }
    },
    GRPO_GUARD("grpo") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Grpo(
            policy,
            Grpo.Options.grpoGuard()
                .withSharedLatents(false)
                .withKlWeight(0.1)
                .withUpdatesPerEpoch(1),
            seed);
      }
    },
    DIFFUSION_NFT("diffusion-nft") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new DiffusionNft(
            policy, DiffusionNft.Options.defaults().withNoisings(2).withMicroBatch(4), seed);
      }
    },
    ADVANTAGE_WEIGHTED_MATCHING("advantage-weighted-matching") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new AdvantageWeightedMatching(
            policy,
            AdvantageWeightedMatching.Options.defaults()
                .withUpdates(1)
                .withBatch(4)
                .withMicroBatch(4),
            seed);
      }
    },
    DIFFUSION_DPO("diffusion-dpo") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new DiffusionDpo(
            policy,
            DiffusionDpo.Options.defaults().withUpdates(1).withBatch(4).withMicroBatch(4),
            seed);
      }
    },
    DIFFUSION_KTO("diffusion-kto") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new DiffusionKto(
            policy,
            DiffusionKto.Options.defaults().withUpdates(1).withBatch(4).withMicroBatch(4),
            seed);
      }
    },
    MAPO("mapo") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new Mapo(
            policy, Mapo.Options.defaults().withUpdates(1).withBatch(4).withMicroBatch(4), seed);
      }
    },
    D3PO("d3po") {
      @Override
      PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed) {
        return new D3po(
            policy, D3po.Options.defaults().withUpdates(1).withBatch(4).withMicroBatch(4), seed);
      }
    };

    private final String writer;

    Method(String writer) {
      this.writer = writer;
    }

    abstract PolicyOptimizer optimizer(DiffusionPolicy policy, Seed seed);

    /** Others compare the images of a prompt alone. */
    boolean comparesPrompts() {
      return !EnumSet.of(
              DIFFUSION_NFT,
              GRPO,
              GRPO_GUARD,
              ADVANTAGE_WEIGHTED_MATCHING,
              DIFFUSION_DPO,
              DIFFUSION_KTO,
              MAPO,
              D3PO)
          .contains(this);
    }

    boolean needsLikelihood() {
      return this == DDPO
          || this == DDPO_BY_PROMPT
          || this == DPOK
          || this == GRPO
          || this == GRPO_GUARD
          || this == D3PO;
    }
  }

  private StepReport step(PolicyOptimizer optimizer, Rewards rewards) {
    try (Rollout rollout = model.rollout(TinyModel.prompts(rewards.size()), Seed.of(3))) {
      return optimizer.step(rollout, rewards);
    }
  }

  private float[] weights() {
    return lora.parameters().arrays().values().stream()
        .map(array -> array.data().asFloat())
        .reduce(
            new float[0],
            (a, b) -> {
              float[] both = Arrays.copyOf(a, a.length + b.length);
              System.arraycopy(b, 0, both, a.length, b.length);
              return both;
            });
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void rewardsThatTellNothingMoveNothingAndSaySo(Method method) {
    PolicyOptimizer optimizer = method.optimizer(policy, Seed.of(4));
    float[] before = weights();

    StepReport equal = step(optimizer, Rewards.of(1, 1, 1));
    StepReport one =
        step(optimizer, new Rewards(List.of(OptionalDouble.of(5), OptionalDouble.empty())));
    StepReport none =
        step(optimizer, new Rewards(List.of(OptionalDouble.empty(), OptionalDouble.empty())));

    assertThat(equal.skippedReason())
        .isEqualTo("all 3 rewards are equal (1.0): no image is better than another");
    assertThat(one.skippedReason())
        .isEqualTo("one rewarded image alone is not better than another");
    assertThat(none.skippedReason()).isEqualTo("no image has a reward");
    assertThat(List.of(equal.step(), one.step(), none.step())).containsExactly(1L, 2L, 3L);
    assertThat(policy.updates()).isZero();
    assertThat(weights()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void equalRewardsMoveNothingAfterOtherRoundsEither(Method method) {
    PolicyOptimizer optimizer = method.optimizer(policy, Seed.of(4));
    StepReport first = step(optimizer, Rewards.of(1, 3, 2, 4, 0, 5));
    assertThat(first.skippedReason()).isNull();
    float[] before = weights();
    assertThat(step(optimizer, Rewards.of(7, 7, 7, 7, 7, 7)).skippedReason())
        .isEqualTo("all 6 rewards are equal (7.0): no image is better than another");
    assertThat(weights()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void oneImageOfEachPromptIsComparedWithThoseOfOthersOrNotLearnedFrom(Method method) {
    StepReport report = step(method.optimizer(policy, Seed.of(4)), Rewards.of(1, 3, 2));

    if (method.comparesPrompts()) {
      assertThat(report.skippedReason()).isNull();
      assertThat(report.metrics()).containsEntry("updates", 1.0);
    } else {
      assertThat(report.skippedReason()).isNotNull();
      assertThat(policy.updates()).isZero();
    }
  }

  @Test
  void aRewardThatIsNoNumberNeverReachesAnOptimizer() {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Rewards.of(1, bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "a reward must be a finite number or missing, but the one of image 1 is " + bad);
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aNumberOfRewardsThatIsNotThatOfImagesIsAnError(Method method) {
    PolicyOptimizer optimizer = method.optimizer(policy, Seed.of(4));
    try (Rollout rollout = model.rollout(TinyModel.prompts(2), Seed.of(3))) {
      assertThatThrownBy(() -> optimizer.step(rollout, Rewards.of(1, 2, 3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "there must be a reward, or a missing one, for each of the 2 images, but there were"
                  + " 3");
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aDeterministicPolicyIsRefusedByThoseThatNeedItsLikelihoodAlone(Method method) {
    try (DiffusionPolicy deterministic =
        DiffusionPolicy.lora(model.with(model.options().withEta(0)), lora)) {
      if (method.needsLikelihood()) {
        assertThatThrownBy(() -> method.optimizer(deterministic, Seed.of(4)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("eta");
      } else {
        StepReport report =
            step(method.optimizer(deterministic, Seed.of(4)), Rewards.of(1, 3, 2, 4, 0, 5));
        assertThat(report.metrics()).containsEntry("updates", 1.0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void aCheckpointOfAnotherRunIsAnErrorThatChangesNothing(Method method, @TempDir Path folder)
      throws IOException {
    PolicyOptimizer optimizer = method.optimizer(policy, Seed.of(4));
    StepReport unused = step(optimizer, Rewards.of(1, 3, 2, 4, 0, 5));
    Path saved = Files.createDirectory(folder.resolve("saved"));
    optimizer.save(saved);
    StepReport further = step(optimizer, Rewards.of(2, 1, 5, 3, 4, 0));
    float[] weights = weights();

    PolicyOptimizer otherSeed = method.optimizer(policy, Seed.of(5));
    assertThatThrownBy(() -> otherSeed.restore(saved))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is of a run with other settings: seed is 4 in the checkpoint");
    PolicyOptimizer another =
        (method.writer.equals("ddpo") ? Method.RWR : Method.DDPO).optimizer(policy, Seed.of(4));
    assertThatThrownBy(() -> another.restore(saved))
        .hasMessageContaining("holds a checkpoint of \"" + method.writer + "\", but this is");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThatThrownBy(() -> optimizer.restore(empty))
        .hasMessageContaining("there is no checkpoint in");
    try (Lora wide =
            Lora.create(
                "policy",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.ofRank(3),
                Seed.of(2));
        DiffusionPolicy larger = DiffusionPolicy.lora(model, wide)) {
      PolicyOptimizer ofOtherShape = method.optimizer(larger, Seed.of(4));
      assertThatThrownBy(() -> ofOtherShape.restore(saved))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(weights()).isEqualTo(weights);
    assertThat(policy.updates()).isEqualTo(2);
    assertThat(further.step()).isEqualTo(2);
  }

  @Test
  void aReferenceOfAnotherShapeIsAnError() {
    try (LatentDiffusion large = TinyModel.create(Seed.of(1), 8)) {
      assertThatThrownBy(() -> policy.useReference(large))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a reference must denoise the same latents as the policy")
          .hasMessageContaining("images are 8 x 8 pixels and 16 x 16 pixels");
    }
  }
}
