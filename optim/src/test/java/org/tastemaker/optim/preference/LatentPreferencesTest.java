package org.tastemaker.optim.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.Checkpoints;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** The methods that learn from pairs and labels of clean latents. */
class LatentPreferencesTest {
  private static final Rewards REWARDS = Rewards.of(0.3, 0.2, 1, 0.5, 0.7, 0.1);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy still = Policies.still(model, lora);

  @AfterEach
  void close() {
    still.close();
    lora.close();
    model.close();
  }

  private enum Method {
    DPO {
      @Override
      OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch) {
        return new DiffusionDpo(policy, dpo(DpoLoss.SIGMOID, updates, microBatch), Seed.of(4));
      }
    },
    DPO_HINGE {
      @Override
      OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch) {
        return new DiffusionDpo(policy, dpo(DpoLoss.HINGE, updates, microBatch), Seed.of(4));
      }
    },
    DPO_IPO {
      @Override
      OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch) {
        return new DiffusionDpo(policy, dpo(DpoLoss.IPO, updates, microBatch), Seed.of(4));
      }
    },
    KTO {
      @Override
      OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch) {
        return kto(policy, KtoUtility.SIGMOID, KtoOffset.MIDDLE, updates, microBatch);
      }
    },
    KTO_LOSS_AVERSE {
      @Override
      OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch) {
        return kto(policy, KtoUtility.LOSS_AVERSE, KtoOffset.MEAN, updates, microBatch);
      }
    },
    KTO_RISK_SEEKING {
      @Override
      OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch) {
        return kto(policy, KtoUtility.RISK_SEEKING, KtoOffset.MISMATCHED, updates, microBatch);
      }
    },
    MAPO {
      @Override
      OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch) {
        return new Mapo(
            policy,
            Mapo.Options.defaults()
                .withBeta(0.5)
                .withTimesteps(20)
                .withTies(Ties.KEPT)
                .withUpdates(updates)
                .withBatch(6)
                .withMicroBatch(microBatch),
            Seed.of(4));
      }
    };

    abstract OfflineOptimizer of(DiffusionPolicy policy, int updates, int microBatch);

    private static DiffusionDpo.Options dpo(DpoLoss loss, int updates, int microBatch) {
      return DiffusionDpo.Options.defaults()
          .withLoss(loss)
          .withBeta(20)
          .withUpdates(updates)
          .withBatch(6)
          .withMicroBatch(microBatch);
    }

    private static DiffusionKto kto(
        DiffusionPolicy policy, KtoUtility utility, KtoOffset offset, int updates, int microBatch) {
      return new DiffusionKto(
          policy,
          DiffusionKto.Options.defaults()
              .withUtility(utility)
              .withOffset(offset)
              .withBeta(20)
              .withLikedShare(0.5)
              .withOtherWeight(0.7)
              .withUpdates(updates)
              .withBatch(6)
              .withMicroBatch(microBatch),
          Seed.of(4));
    }
  }

  /** Three images of each of two prompts. */
  private Rollout rollout() {
    List<Prompt> two = TinyModel.prompts(2);
    return model.rollout(
        List.of(two.get(0), two.get(1), two.get(0), two.get(1), two.get(0), two.get(1)),
        Seed.of(3));
  }

  private PreferenceData data() {
    PreferenceData.Builder data = PreferenceData.builder(model);
    for (int g = 0; g < 3; g++) {
      List<Prompt> prompts = Collections.nCopies(3, TinyModel.prompts(3).get(g));
      List<Image> images = model.generate(prompts, Seed.of(30 + g).splits(3));
      data.add(new ImageGroup(prompts.get(0), images), Ranking.of(g, (g + 1) % 3, (g + 2) % 3));
    }
    return data.build();
  }

  private static double loss(StepReport report) {
    return report.metrics().getOrDefault("loss", Double.NaN);
  }

  /**
   * An offset has no gradient, so a loss with one has differences that are not the gradient. But a
   * policy that has been moved at random is worse than its reference: the mean gain is below 0, and
   * the offset 0.
   */
  @ParameterizedTest
  @EnumSource(
      value = Method.class,
      names = {"KTO"},
      mode = EnumSource.Mode.EXCLUDE)
  void theGradientIsThatOfTheLoss(Method method) {
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    try (Rollout rollout = rollout()) {
      StepReport unused = method.of(still, 1, 5).step(rollout, REWARDS);
      GradientCheck.assertGradient(
          still,
          GradientCheck.gradientOf(still),
          () -> loss(method.of(still, 1, 5).step(rollout, REWARDS)),
          0.01,
          5e-3);
    }
  }

  @ParameterizedTest
  @EnumSource(Method.class)
  void microBatchesOfAnotherSizeGiveTheSameLossAndGradient(Method method) {
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    try (Rollout rollout = rollout()) {
      double whole = loss(method.of(still, 1, 12).step(rollout, REWARDS));
      Map<String, float[]> gradient = GradientCheck.gradientOf(still);
      double parts = loss(method.of(still, 1, 4).step(rollout, REWARDS));
      assertThat(parts).isCloseTo(whole, within(1e-5 * (1 + Math.abs(whole))));
      Map<String, float[]> again = GradientCheck.gradientOf(still);
      double size = norm(gradient, Map.of());
      assertThat(size).isPositive();
      assertThat(norm(gradient, again)).isLessThan(1e-4 * size); // float rounding of the graphs
    }
  }

  private static double norm(Map<String, float[]> a, Map<String, float[]> b) {
    double sum = 0;
    for (Map.Entry<String, float[]> entry : a.entrySet()) {
      float[] other = b.get(entry.getKey());
      for (int i = 0; i < entry.getValue().length; i++) {
        double difference = entry.getValue()[i] - (other == null ? 0 : other[i]);
        sum += difference * difference;
      }
    }
    return Math.sqrt(sum);
  }

  @Test
  void aNewAdapterHasTheLossOfACoinAndNoInsideTerm() {
    try (Rollout rollout = rollout()) {
      StepReport dpo = Method.DPO.of(still, 1, 4).step(rollout, REWARDS);
      // The two graphs of one network round alike or nearly so.
      assertThat(loss(dpo)).isCloseTo(Math.log(2), within(1e-4));
      StepReport kto = Method.KTO.of(still, 1, 4).step(rollout, REWARDS);
      assertThat(loss(kto)).isCloseTo((1 + 0.7) / 2 * 0.5, within(1e-4));
    }
  }

  @Test
  void trainingOnTheSamePairsTeachesThem() {
    try (DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(0.01));
        Rollout rollout = rollout()) {
      OfflineOptimizer optimizer = Method.DPO.of(policy, 20, 12);
      StepReport first = optimizer.step(rollout, REWARDS);
      StepReport second = optimizer.step(rollout, REWARDS);
      assertThat(second.metrics().getOrDefault("implicitAccuracy", 0.0)).isGreaterThan(0.6);
      assertThat(loss(second)).isLessThan(loss(first));
    }
  }

  @Test
  void bothImagesOfAPairHaveOneTimestepAndOneNoise() {
    // The winner and the loser are the same latent: with the same draws the margin is exactly 0.
    GradientCheck.perturb(still, Seed.of(5), 0.3);
    Prompt prompt = TinyModel.prompts(1).get(0);
    Image image = model.generate(List.of(prompt), Seed.of(8)).get(0);
    PreferenceData data =
        PreferenceData.builder(model)
            .add(new ImageGroup(prompt, List.of(image, image)), Ranking.of(1, 0))
            .build();
    StepReport report = Method.DPO.of(still, 3, 2).step(data);
    assertThat(report.metrics()).containsEntry("insideTerm", 0.0);
    assertThat(loss(report)).isEqualTo(Math.log(2));
  }

  @Test
  void tiesThatAreKeptHoldTheirImagesTogether() {
    try (Rollout rollout = rollout()) {
      DiffusionDpo.Options options =
          DiffusionDpo.Options.defaults().withUpdates(1).withBatch(16).withMicroBatch(4);
      Rewards byPrompt = Rewards.of(1, 0, 1, 0, 1, 0); // each prompt's images are all alike
      assertThat(new DiffusionDpo(still, options, Seed.of(4)).step(rollout, byPrompt))
          .extracting(StepReport::skippedReason)
          .isEqualTo(
              "no prompt has two images of which one is better: there is no pair to learn from");
      assertThat(
              new DiffusionDpo(still, options.withTies(Ties.KEPT), Seed.of(4))
                  .step(rollout, byPrompt)
                  .skippedReason())
          .isNull();
    }
  }

  @Test
  void mapoAsksForNoReference() {
    try (LatentDiffusion other = TinyModel.create(Seed.of(9));
        DiffusionPolicy policy = DiffusionPolicy.fullWeights(other);
        Rollout rollout = other.rollout(Collections.nCopies(2, Prompt.of("a dog")), Seed.of(3))) {
      Mapo mapo =
          new Mapo(
              policy,
              Mapo.Options.defaults().withUpdates(1).withBatch(2).withMicroBatch(2),
              Seed.of(4));
      StepReport report = mapo.step(rollout, Rewards.of(1, 0));
      assertThat(report.metrics())
          .containsEntry("updates", 1.0)
          .doesNotContainKey("klToReferenceEstimate");
      // A copy of the pre-trained weights can be had no more: so none was made.
      assertThatThrownBy(policy::reference).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void methodsWithAReferenceKeepItBeforeTheyTrainAllWeights() {
    try (LatentDiffusion other = TinyModel.create(Seed.of(9));
        DiffusionPolicy policy = DiffusionPolicy.fullWeights(other);
        Rollout rollout = other.rollout(Collections.nCopies(2, Prompt.of("a dog")), Seed.of(3))) {
      OfflineOptimizer dpo = Method.DPO.of(policy, 2, 2);
      assertThat(dpo.step(rollout, Rewards.of(1, 0)).metrics())
          .containsEntry("updates", 2.0)
          .containsKey("klToReferenceEstimate");
      assertThat(policy.reference()).isNotNull();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Method.class,
      names = {"DPO", "KTO_RISK_SEEKING", "MAPO"})
  void aResumedRunOnRolloutsGoesOnBitForBit(Method method, @TempDir Path folder)
      throws IOException {
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora);
        Rollout rollout = rollout()) {
      OfflineOptimizer one = method.of(policy, 2, 4);
      StepReport first = one.step(rollout, REWARDS);
      assertThat(first.step()).isEqualTo(1);
      one.save(Files.createDirectory(folder.resolve("one")));
      StepReport second = one.step(rollout, REWARDS);
      one.save(Files.createDirectory(folder.resolve("two")));
      OfflineOptimizer again = method.of(policy, 2, 4);
      assertThat(again.restore(folder.resolve("one"))).isEmpty();
      assertThat(again.step(rollout, REWARDS)).isEqualTo(second);
      again.save(Files.createDirectory(folder.resolve("again")));
      Checkpoints.assertSame(folder.resolve("two"), folder.resolve("again"));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Method.class,
      names = {"DPO", "KTO", "MAPO"})
  void aResumedRunOnDataGoesOnBitForBitWithTheNextPairs(Method method, @TempDir Path folder)
      throws IOException {
    PreferenceData data = data();
    try (DiffusionPolicy policy = DiffusionPolicy.lora(model, lora)) {
      OfflineOptimizer one = method.of(policy, 2, 4);
      StepReport first = one.step(data);
      one.save(Files.createDirectory(folder.resolve("one")));
      StepReport second = one.step(data);
      one.save(Files.createDirectory(folder.resolve("two")));
      assertThat(second.metrics().get("loss")).isNotEqualTo(first.metrics().get("loss"));
      OfflineOptimizer again = method.of(policy, 2, 4);
      assertThat(again.restore(folder.resolve("one"))).isEmpty();
      assertThat(again.step(data)).isEqualTo(second);
      again.save(Files.createDirectory(folder.resolve("again")));
      Checkpoints.assertSame(folder.resolve("two"), folder.resolve("again"));
    }
  }

  @Test
  void aSpikeIsLeftOutCountedAndSaid(@TempDir Path folder) throws IOException {
    SpikeGuard.Options guard = new SpikeGuard.Options(2, 1e-9, 1e-9, 4, 1, 1000);
    DiffusionDpo.Options options =
        DiffusionDpo.Options.defaults()
            .withBeta(20)
            .withUpdates(1)
            .withBatch(6)
            .withMicroBatch(12)
            .withGuard(guard);
    try (DiffusionPolicy policy =
            DiffusionPolicy.lora(
                model, lora, DiffusionPolicy.Options.lora().withLearningRate(1e-4));
        Rollout rollout = rollout()) {
      DiffusionDpo dpo = new DiffusionDpo(policy, options, Seed.of(4));
      assertThat(dpo.step(rollout, REWARDS).metrics())
          .containsEntry("skippedUpdates", 0.0)
          .containsEntry("updates", 1.0);
      GradientCheck.perturb(policy, Seed.of(5), 3); // now it is far from its reference
      float[] before = weights();
      StepReport spiked = dpo.step(rollout, REWARDS);
      assertThat(spiked.skippedReason())
          .startsWith("every update was left out as a spike: the ")
          .contains("where the median of the last 1 updates is");
      assertThat(spiked.metrics()).containsEntry("skippedUpdates", 1.0);
      assertThat(spiked.metrics()).doesNotContainKey("loss");
      assertThat(weights()).isEqualTo(before);
      assertThat(policy.updates()).isEqualTo(1);

      // What the guard remembers is in the checkpoint.
      dpo.save(Files.createDirectory(folder.resolve("saved")));
      DiffusionDpo again = new DiffusionDpo(policy, options, Seed.of(4));
      again.restore(folder.resolve("saved"));
      assertThat(again.step(rollout, REWARDS).skippedReason()).isNotNull();
      // And without the guard the same update is made.
      DiffusionDpo unguarded =
          new DiffusionDpo(policy, options.withGuard(SpikeGuard.Options.none()), Seed.of(4));
      assertThat(unguarded.restore(folder.resolve("saved")))
          .contains("guard.factor is 2.0 in the checkpoint and Infinity now");
      assertThat(unguarded.step(rollout, REWARDS).metrics()).containsEntry("updates", 1.0);
    }
  }

  @Test
  void spikesInARowAreADivergedStepThatChangesNothing() {
    SpikeGuard.Options guard = new SpikeGuard.Options(2, 1e-9, 1e-9, 4, 1, 1);
    DiffusionDpo.Options options =
        DiffusionDpo.Options.defaults()
            .withBeta(20)
            .withUpdates(3)
            .withBatch(6)
            .withMicroBatch(12)
            .withGuard(guard);
    try (DiffusionPolicy policy =
            DiffusionPolicy.lora(model, lora, DiffusionPolicy.Options.lora().withLearningRate(0));
        Rollout rollout = rollout()) {
      DiffusionDpo dpo = new DiffusionDpo(policy, options.withUpdates(1), Seed.of(4));
      StepReport unused = dpo.step(rollout, REWARDS);
      GradientCheck.perturb(policy, Seed.of(5), 3);
      float[] before = weights();
      assertThat(dpo.step(rollout, REWARDS).skippedReason()).isNotNull();
      for (int i = 0; i < 2; i++) { // the failed step has not happened: the next fails alike
        assertThatThrownBy(() -> dpo.step(rollout, REWARDS))
            .isInstanceOf(DivergedException.class)
            .hasMessageContaining("step 3");
      }
      assertThat(weights()).isEqualTo(before);
    }
  }

  private float[] weights() {
    List<float[]> all = new ArrayList<>();
    lora.parameters().arrays().values().forEach(array -> all.add(array.data().asFloat()));
    float[] flat = new float[all.stream().mapToInt(a -> a.length).sum()];
    int at = 0;
    for (float[] one : all) {
      System.arraycopy(one, 0, flat, at, one.length);
      at += one.length;
    }
    return flat;
  }

  @Test
  void labelsComeFromThePromptsMeanOrFromAThreshold() {
    RatedGroup group =
        new RatedGroup(
            "a dog",
            List.of(
                new RatedImage(0, java.nio.FloatBuffer.allocate(1), 1),
                new RatedImage(1, java.nio.FloatBuffer.allocate(1), 2),
                new RatedImage(2, java.nio.FloatBuffer.allocate(1), 3)));
    LabelledImage.Labels byMean = LabelledImage.of(List.of(group), OptionalDouble.empty());
    assertThat(byMean.liked()).extracting(LabelledImage::image).containsExactly(2);
    assertThat(byMean.others()).extracting(LabelledImage::image).containsExactly(0);
    LabelledImage.Labels byThreshold = LabelledImage.of(List.of(group), OptionalDouble.of(2));
    assertThat(byThreshold.liked()).extracting(LabelledImage::image).containsExactly(1, 2);
    assertThat(byThreshold.others()).extracting(LabelledImage::image).containsExactly(0);
  }

  @Test
  void aBatchOfLabelsHasTheShareThatIsAskedForAndEachImageOnceAnEpoch() {
    LabelledImage[] liked = new LabelledImage[8];
    LabelledImage[] others = new LabelledImage[8];
    Arrays.setAll(
        liked, i -> new LabelledImage(i, java.nio.FloatBuffer.allocate(1), "a dog", true));
    Arrays.setAll(
        others, i -> new LabelledImage(8 + i, java.nio.FloatBuffer.allocate(1), "a dog", false));
    LabelledImage.Labels labels =
        new LabelledImage.Labels(Arrays.asList(liked), Arrays.asList(others));
    List<LabelledImage> drawn = new ArrayList<>();
    for (int number = 0; number < 2; number++) {
      List<LabelledImage> batch = labels.draw(number, 5, 0.8, Seed.of(1));
      assertThat(batch).filteredOn(LabelledImage::liked).hasSize(4);
      assertThat(batch).hasSize(5);
      drawn.addAll(batch);
    }
    assertThat(drawn).filteredOn(LabelledImage::liked).doesNotHaveDuplicates().hasSize(8);
    LabelledImage.Labels few = new LabelledImage.Labels(List.of(liked[0]), Arrays.asList(others));
    assertThat(few.draw(0, 5, 0.8, Seed.of(1))).filteredOn(LabelledImage::liked).hasSize(1);
    assertThat(few.draw(0, 5, 0.8, Seed.of(1))).hasSize(5);
    LabelledImage.Labels none = new LabelledImage.Labels(List.of(), Arrays.asList(others));
    assertThat(none.draw(0, 20, 0.8, Seed.of(1))).hasSize(8);
  }

  @Test
  void thumbsNeedAThresholdAndThenTeach() {
    Prompt prompt = TinyModel.prompts(1).get(0);
    List<Image> images = model.generate(Collections.nCopies(4, prompt), Seed.of(8).splits(4));
    PreferenceData.Builder builder = PreferenceData.builder(model);
    for (int i = 0; i < 4; i++) {
      builder.addLabelled(images.get(i), prompt, i % 2 == 0);
    }
    PreferenceData data = builder.build();
    DiffusionKto.Options options =
        DiffusionKto.Options.defaults().withUpdates(1).withBatch(4).withMicroBatch(4);
    assertThatThrownBy(() -> new DiffusionKto(still, options, Seed.of(4)).step(data))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("need a threshold between the labels, such as 0.5");
    assertThat(
            new DiffusionKto(still, options.withThreshold(OptionalDouble.of(0.5)), Seed.of(4))
                .step(data)
                .metrics())
        .containsEntry("updates", 1.0);
  }

  @Test
  void optionsOutOfTheirRangeAreErrors() {
    DiffusionDpo.Options dpo = DiffusionDpo.Options.defaults();
    assertThatThrownBy(() -> dpo.withBeta(0)).hasMessageContaining("beta must be above 0");
    assertThatThrownBy(() -> dpo.withMicroBatch(1))
        .hasMessageContaining("microBatch must be at least 2, since a pair's two rows");
    assertThatThrownBy(() -> dpo.withBatch(0)).hasMessageContaining("batch");
    assertThatThrownBy(() -> dpo.withUpdates(0)).hasMessageContaining("updates");
    DiffusionKto.Options kto = DiffusionKto.Options.defaults();
    assertThatThrownBy(() -> kto.withLikedShare(1)).hasMessageContaining("likedShare");
    assertThatThrownBy(() -> kto.withOtherWeight(-1)).hasMessageContaining("otherWeight");
    assertThatThrownBy(() -> kto.withMicroBatch(0)).hasMessageContaining("microBatch");
    Mapo.Options mapo = Mapo.Options.defaults();
    assertThatThrownBy(() -> mapo.withScale(Double.NaN)).hasMessageContaining("scale");
    assertThatThrownBy(() -> mapo.withTimesteps(0)).hasMessageContaining("timesteps");
  }

  @Test
  void theBetaOfDiffusersIsHalfOfThePapers() {
    assertThat(DiffusionDpo.Options.defaults().diffusersBeta()).isEqualTo(2500);
    assertThat(DiffusionDpo.Options.defaults().withDiffusersBeta(100).beta()).isEqualTo(200);
  }
}
