package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.cuda.StepExecution;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.testing.NativeMemory;
import org.tastemaker.testing.SoftwareGpu;

class LatentDiffusionTest {
  private static final Prompt CAT = Prompt.of("a red cat");
  private static final SamplingOptions RL =
      SamplingOptions.ddpo().withSteps(3).withHeight(16).withWidth(16).withBatchSize(4);

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static LatentDiffusion model;

  @BeforeAll
  static void make() {
    model = TinyModel.ofReferenceSizes(Seed.of(1));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static List<Prompt> prompts(int count) {
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      prompts.add(i % 2 == 0 ? CAT : Prompt.of("blue dog " + i).withNegativeText("red"));
    }
    return prompts;
  }

  private static double distance(Image a, Image b) {
    float[] x = a.toFloats();
    float[] y = b.toFloats();
    double most = 0;
    for (int i = 0; i < x.length; i++) {
      most = Math.max(most, Math.abs(x[i] - y[i]));
    }
    return most;
  }

  @ParameterizedTest
  @EnumSource(SchedulerKind.class)
  void anImageIsTheSameInABatchOfOneAndOfSixteen(SchedulerKind sampler) {
    LatentDiffusion view = model.with(sampler);
    List<Seed> seeds = Seed.of(3).splits(16);
    SamplingOptions options = SamplingOptions.defaults().withSteps(4).withHeight(16).withWidth(16);

    List<Image> together = view.with(options.withBatchSize(16)).generate(prompts(16), seeds);

    for (int i : new int[] {0, 7, 15}) {
      List<Image> alone =
          view.with(options.withBatchSize(1))
              .generate(List.of(prompts(16).get(i)), List.of(seeds.get(i)));
      // The same sums in another order of blocks: float rounding, far below 1e-5.
      assertThat(distance(alone.get(0), together.get(i))).isLessThan(1e-5);
    }
    assertThat(distance(together.get(0), together.get(2))).isGreaterThan(1e-3);
  }

  @Test
  void aBatchThatDoesNotComeOutEvenIsFilledUpAndCutOff() {
    List<Seed> seeds = Seed.of(4).splits(5);
    SamplingOptions options = SamplingOptions.defaults().withSteps(2).withHeight(16).withWidth(16);

    List<Image> five = model.with(options.withBatchSize(5)).generate(prompts(5), seeds);
    List<Image> byTwo = model.with(options.withBatchSize(2)).generate(prompts(5), seeds);

    assertThat(byTwo).hasSize(5);
    for (int i = 0; i < 5; i++) {
      assertThat(distance(five.get(i), byTwo.get(i))).isLessThan(1e-5); // float rounding
    }
  }

  @Test
  void theNegativePromptAndTheGuidanceMatter() {
    Seed seed = Seed.of(5);
    Image plain = model.generate(List.of(CAT), seed).get(0);
    Image negative = model.generate(List.of(CAT.withNegativeText("a blue dog")), seed).get(0);
    Image unguided =
        model.with(model.options().withGuidanceScale(1)).generate(List.of(CAT), seed).get(0);

    assertThat(distance(plain, negative)).isGreaterThan(1e-6);
    assertThat(distance(plain, unguided)).isGreaterThan(1e-6);
    assertThat(model.generate(List.of(CAT), seed).get(0)).isEqualTo(plain);
  }

  @Test
  void aPromptThatIsItsOwnNegativeIsNotGuided() {
    // e = u + g (c - u) = c where u = c, whatever g is.
    Prompt both = CAT.withNegativeText(CAT.text());
    Image guided = model.generate(List.of(both), Seed.of(6)).get(0);
    Image unguided =
        model.with(model.options().withGuidanceScale(1)).generate(List.of(both), Seed.of(6)).get(0);

    assertThat(distance(guided, unguided)).isLessThan(1e-5); // float rounding
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void replayingARolloutGivesItsLogProbabilities(Reduction reduction) {
    LatentDiffusion policy = model.with(RL.withReduction(reduction));
    try (Rollout rollout = policy.rollout(prompts(5), Seed.of(7));
        INDArray replayed = policy.replay(rollout)) {
      assertThat(rollout.latents().shape()).containsExactly(4, 5, 4, 8, 8);
      assertThat(rollout.timesteps()).hasSize(3).isSortedAccordingTo(Collections.reverseOrder());
      // The same network on the same inputs: the same bits.
      assertThat(replayed.data().asFloat()).isEqualTo(rollout.logProbabilities().data().asFloat());
      assertThat(replayed.isNaN().any()).isFalse();
    }
  }

  @Test
  void scaledGuidanceChangesImagesAndIsReplayedAsItWasSampled() {
    LatentDiffusion scaled = model.with(RL.withGuidanceRescale(0.7));
    try (Rollout rollout = scaled.rollout(prompts(5), Seed.of(7));
        Rollout plain = model.with(RL).rollout(prompts(5), Seed.of(7));
        INDArray replayed = scaled.replay(rollout)) {
      assertThat(rollout.images()).isNotEqualTo(plain.images());
      assertThat(replayed.data().asFloat()).isEqualTo(rollout.logProbabilities().data().asFloat());
    }
    LatentDiffusion unguided = model.with(RL.withGuidanceScale(1));
    assertThat(
            unguided
                .with(unguided.options().withGuidanceRescale(1))
                .generate(prompts(1), Seed.of(7)))
        .isEqualTo(unguided.generate(prompts(1), Seed.of(7)));
  }

  @Test
  void aFolderOfLinspaceSpacingIsToldThatTheSpacingIsInTheWayOfRollouts(@TempDir Path temp)
      throws IOException {
    Path folder = temp.resolve("model");
    model.save(folder);
    Path config = folder.resolve("scheduler/scheduler_config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceAll("\"timestep_spacing\": \"\\w+\"", "\"timestep_spacing\": \"linspace\""));
    try (LatentDiffusion loaded = LatentDiffusion.load(folder)) {
      assertThatThrownBy(() -> loaded.with(RL).rollout(prompts(1), Seed.of(7)))
          .hasMessageContaining("Choose a timestep_spacing of leading with a steps_offset")
          .hasMessageContaining("linspace always ends at timestep 0");
    }
  }

  @Test
  void theLogProbabilityIsThatOfTheDrawnNoise() {
    // With mean mu and x = mu + sigma z the log-probability is -z^2/2 - log sigma - log sqrt(2 pi).
    try (Rollout rollout = model.with(RL).rollout(List.of(CAT), List.of(Seed.of(8)))) {
      float[] z = new float[4 * 8 * 8];
      Seed.of(8).gaussian(1, z);
      double squares = 0;
      for (float value : z) {
        squares += value * value / 2.0 / z.length;
      }
      // abar and the standard deviation of the first of three DDIM steps over 1,000, by the
      // formula.
      SchedulerConfig config = SchedulerConfig.stableDiffusion();
      var schedule = org.tastemaker.diffusion.schedule.NoiseSchedule.of(config);
      int t = rollout.timesteps().get(0);
      double abar = schedule.alphaCumprod(t);
      double previous = schedule.alphaCumprod(t - 333);
      double sigma = Math.sqrt((1 - previous) / (1 - abar) * (1 - abar / previous));
      double expected = -squares - Math.log(sigma) - Math.log(Math.sqrt(2 * Math.PI));
      // x is rounded to float before its log-probability is computed: 1e-7 of |x| over sigma, about
      // 1e-6.
      assertThat(rollout.logProbabilities().getDouble(0, 0)).isCloseTo(expected, within(1e-5));
    }
  }

  @Test
  void anotherPolicyGivesOtherLogProbabilities() {
    try (LatentDiffusion other = TinyModel.ofReferenceSizes(Seed.of(2));
        Rollout rollout = model.with(RL).rollout(prompts(2), Seed.of(9));
        INDArray replayed = other.with(RL).replay(rollout)) {
      assertThat(replayed.equalsWithEps(rollout.logProbabilities(), 1e-4)).isFalse();
    }
  }

  @Test
  void aRolloutsImagesAreThoseOfItsLastLatents() {
    LatentDiffusion policy = model.with(RL);
    try (Rollout rollout = policy.rollout(prompts(3), Seed.of(10));
        INDArray last = rollout.latents().slice(3).dup()) {
      List<Image> decoded = policy.decode(last);
      for (int i = 0; i < 3; i++) {
        assertThat(distance(decoded.get(i), rollout.images().get(i))).isLessThan(1e-5); // rounding
      }
      assertThat(policy.generate(prompts(3), Seed.of(10))).isEqualTo(rollout.images());
    }
  }

  @Test
  void aDeterministicSamplerHasNoRollout() {
    assertThatThrownBy(() -> model.with(RL.withEta(0)).rollout(prompts(1), Seed.of(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is deterministic (sigma = 0), so it has no log-probability");
  }

  @Test
  void aRolloutOfOtherStepsOrSizesIsNotReplayed() {
    try (Rollout rollout = model.with(RL).rollout(prompts(1), Seed.of(1))) {
      assertThatThrownBy(() -> model.with(RL.withSteps(4)).replay(rollout))
          .hasMessageContaining("the rollout was sampled at timesteps");
      assertThatThrownBy(() -> model.with(RL.withHeight(32).withWidth(16)).replay(rollout))
          .hasMessageContaining("[4, 8, 8], but this model's are [4, 16, 8]");
    }
  }

  private static INDArray noise(List<Seed> seeds) {
    float[] all = new float[seeds.size() * 4 * 8 * 8];
    for (int i = 0; i < seeds.size(); i++) {
      seeds.get(i).gaussian(0, all, i * 4 * 8 * 8, 4 * 8 * 8);
    }
    return Nd4j.create(all, new long[] {seeds.size(), 4, 8, 8}, 'c');
  }

  @ParameterizedTest
  @EnumSource(
      value = SchedulerKind.class,
      names = {
        "DDIM",
        "DPM_SOLVER_MULTISTEP",
        "EULER_DISCRETE",
        "PNDM",
        "HEUN_DISCRETE",
        "UNIPC_MULTISTEP"
      })
  void theNoiseOfSeedsGivesTheImagesOfTheSeeds(SchedulerKind sampler) {
    LatentDiffusion view =
        model
            .with(
                SamplingOptions.defaults()
                    .withSteps(4)
                    .withHeight(16)
                    .withWidth(16)
                    .withBatchSize(2))
            .with(sampler);
    List<Seed> seeds = Seed.of(16).splits(3);
    try (INDArray initial = noise(seeds);
        INDArray before = initial.dup()) {
      // The same operations on the same numbers: the same bits.
      assertThat(view.generateFrom(prompts(3), initial))
          .isEqualTo(view.generate(prompts(3), seeds));
      assertThat(initial).isEqualTo(before);
    }
  }

  @Test
  void aSamplerThatDrawsOnTheWayIsNotRunFromGivenNoise() {
    try (INDArray initial = noise(Seed.of(17).splits(1))) {
      assertThatThrownBy(() -> model.with(RL).generateFrom(prompts(1), initial))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("draws noise (sigma = ")
          .hasMessageContaining("Sample with DDIM and eta 0");
      assertThatThrownBy(() -> model.with(SchedulerKind.DDPM).generateFrom(prompts(1), initial))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("draws noise");
    }
  }

  @Test
  void initialNoiseOfAnotherShapeOrNotFiniteIsRefused() {
    try (INDArray initial = noise(Seed.of(18).splits(2))) {
      assertThatThrownBy(() -> model.generateFrom(prompts(3), initial))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("= [3, 4, 8, 8] for 3 prompts, but theirs is [2, 4, 8, 8]");
      assertThatThrownBy(() -> model.generateFrom(List.of(), initial))
          .hasMessageContaining("at least one prompt");
      initial.putScalar(new int[] {1, 0, 0, 0}, Float.NaN);
      assertThatThrownBy(() -> model.generateFrom(prompts(2), initial))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the initial latents of image 1 hold NaN; have they diverged?");
    }
  }

  @Test
  void imageToImageGoesPartOfTheWay() {
    Image start = Image.fromBufferedImage(Image.filled(16, 16, 0.9f, 0.1f, 0.2f).toBufferedImage());
    List<Seed> seeds = Seed.of(11).splits(1);

    Image untouched = model.imageToImage(start, List.of(CAT), seeds, 0).get(0);
    Image half = model.imageToImage(start, List.of(CAT), seeds, 0.5).get(0);
    Image encoded;
    try (INDArray latents = model.encode(List.of(start))) {
      encoded = model.decode(latents).get(0);
    }

    assertThat(distance(untouched, encoded)).isLessThan(1e-6); // the same path
    assertThat(distance(half, encoded)).isGreaterThan(1e-3);
    assertThatThrownBy(() -> model.imageToImage(start, List.of(CAT), seeds, 1.5))
        .hasMessage("strength must be in [0, 1], but was 1.5");
  }

  @Test
  void imageToImageAtFullStrengthStartsFromNearlyPureNoise() {
    List<Seed> seeds = Seed.of(12).splits(1);
    Image black = model.imageToImage(Image.filled(16, 16, 0, 0, 0), List.of(CAT), seeds, 1).get(0);
    Image white = model.imageToImage(Image.filled(16, 16, 1, 1, 1), List.of(CAT), seeds, 1).get(0);
    Image plain = model.generate(List.of(CAT), seeds).get(0);
    // Stable Diffusion's first timestep of 4 keeps sqrt(abar) of 0.22 of the signal at most.
    assertThat(distance(black, plain)).isLessThan(0.5);
    assertThat(distance(black, white)).isLessThan(0.5);
  }

  @Test
  void anImageWhoseSidesAreNoMultiplesIsRefused() {
    assertThatThrownBy(
            () ->
                model.imageToImage(
                    Image.filled(15, 16, 0, 0, 0), List.of(CAT), Seed.of(1).splits(1), 0.5))
        .hasMessage(
            "an image's height and width must be multiples of 2, but are 15 and 16; resize it first");
    assertThatThrownBy(() -> model.encode(List.of(Image.of(1, 2, 2, new float[4]))))
        .hasMessageContaining("has 3 channels, but this one has 1");
    assertThatThrownBy(
            () ->
                model
                    .with(SamplingOptions.defaults().withHeight(17).withWidth(16))
                    .generate(prompts(1), Seed.of(1)))
        .hasMessageContaining("but are 17 and 16");
  }

  @Test
  void stepCountsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> SamplingOptions.defaults().withSteps(0))
        .hasMessage("steps must be at least 1, but was 0");
    assertThatThrownBy(() -> model.with(RL.withSteps(1001)).generate(prompts(1), Seed.of(1)))
        .hasMessageContaining("[1, 1000], the number of training steps, but was 1001");
    assertThatThrownBy(() -> SamplingOptions.defaults().withGuidanceScale(0.5))
        .hasMessageContaining("at least 1 (no guidance), but was 0.5");
    assertThatThrownBy(() -> SamplingOptions.defaults().withEta(2))
        .hasMessageContaining("but was 2.0");
    assertThatThrownBy(() -> SamplingOptions.defaults().withBatchSize(0))
        .hasMessageContaining("was 0");
    assertThatThrownBy(() -> SamplingOptions.defaults().withClipSkip(-1))
        .hasMessageContaining("was -1");
  }

  @Test
  void promptsAndSeedsMustBeAsMany() {
    assertThatThrownBy(() -> model.generate(prompts(2), Seed.of(1).splits(3)))
        .hasMessageContaining("there were 2 prompts and 3 seeds");
    assertThatThrownBy(() -> model.rollout(List.of(), List.of()))
        .hasMessageContaining("at least one prompt");
  }

  @Test
  void stepsAreTakenByTheKernelThatIsGiven() {
    List<String> calls = new ArrayList<>();
    StepKernel cpu = new CpuStepKernel();
    StepKernel kernel =
        (StepKernel)
            Proxy.newProxyInstance(
                StepKernel.class.getClassLoader(),
                new Class<?>[] {StepKernel.class},
                (proxy, method, arguments) -> {
                  calls.add(method.getName());
                  return method.invoke(cpu, arguments);
                });
    LatentDiffusion plain = model.with(RL.withBatchSize(2));
    LatentDiffusion view = plain.with(kernel);
    assertThat(view.stepKernel()).isSameAs(kernel);
    List<Seed> seeds = Seed.of(31).splits(3);
    try (Rollout expected = plain.rollout(prompts(3), seeds);
        Rollout found = view.rollout(prompts(3), seeds);
        INDArray replayed = view.replay(found)) {
      assertThat(found.logProbabilities()).isEqualTo(expected.logProbabilities());
      assertThat(replayed).isEqualTo(found.logProbabilities());
    }
    // two batches of three steps, drawn and then replayed
    assertThat(calls)
        .isEqualTo(
            Stream.concat(
                    Collections.nCopies(6, "sample").stream(),
                    Collections.nCopies(6, "logProbability").stream())
                .toList());
    assertThat(view.with(SchedulerKind.DPM_SOLVER_MULTISTEP).generate(prompts(1), Seed.of(3)))
        .isEqualTo(plain.with(SchedulerKind.DPM_SOLVER_MULTISTEP).generate(prompts(1), Seed.of(3)));
  }

  @Test
  @Tag("toolkit")
  void theCudaKernelSamplesAndReplaysWhatTheCpuDoes(@TempDir Path temp) throws Exception {
    Path library = temp.resolve("libcuda-software.so");
    Path diffusion = Path.of("..");
    SoftwareGpu.build(diffusion, diffusion.resolve("src/main/cuda"), library);
    List<Seed> seeds = Seed.of(32).splits(3);
    try (StepKernel kernel = SoftwareGpu.asDriver(library, StepExecution.CUDA::open);
        Rollout expected = model.with(RL).rollout(prompts(3), seeds);
        Rollout found = model.with(RL).with(kernel).rollout(prompts(3), seeds);
        INDArray replayed = model.with(RL).with(kernel).replay(found)) {
      // 1e-6 per step on values of a few units, through three passes of the network
      assertThat(found.latents().distance2(expected.latents()))
          .isLessThan(1e-5 * expected.latents().norm2Number().doubleValue());
      assertThat(found.logProbabilities().distance2(expected.logProbabilities()))
          .isLessThan(1e-5 * expected.logProbabilities().norm2Number().doubleValue());
      assertThat(replayed.distance2(found.logProbabilities())).isLessThan(1e-5);
    }
  }

  @Test
  void aListenerHearsOfEachStep() {
    List<RunEvent> heard = new ArrayList<>();
    RunListener listener = heard::add;
    model
        .with(SamplingOptions.defaults().withSteps(3).withHeight(16).withWidth(16).withBatchSize(2))
        .listener(listener)
        .generate(prompts(4), Seed.of(1));

    assertThat(heard).hasSize(6);
    assertThat(heard.get(0)).isEqualTo(new RunEvent.Progress("sampling", 1, 6));
    assertThat(heard.get(5)).isEqualTo(new RunEvent.Progress("sampling", 6, 6));
  }

  @Test
  void theProgressOfASamplerThatAsksTwiceForAStepCountsBoth() {
    List<RunEvent> heard = new ArrayList<>();
    RunListener listener = heard::add;
    model
        .with(SamplingOptions.defaults().withSteps(3).withHeight(16).withWidth(16))
        .with(SchedulerKind.HEUN_DISCRETE)
        .listener(listener)
        .generate(prompts(1), Seed.of(1));

    assertThat(heard).hasSize(5); // the last step asks once
    assertThat(heard.get(2)).isEqualTo(new RunEvent.Progress("sampling", 3, 5));
  }

  @Test
  void aCancelledRunStopsBeforeTheNextStep() {
    Cancellation cancellation = new Cancellation();
    List<RunEvent> heard = new ArrayList<>();
    RunListener listener =
        event -> {
          heard.add(event);
          if (heard.size() == 2) {
            cancellation.cancel();
          }
        };

    assertThatThrownBy(
            () ->
                model
                    .with(RL)
                    .listener(listener)
                    .cancellation(cancellation)
                    .rollout(prompts(2), Seed.of(1)))
        .isInstanceOf(CancellationException.class)
        .hasMessageContaining("denoising step 2 (timestep");
    assertThat(heard).hasSize(2);
    assertThat(model.generate(prompts(1), Seed.of(1))).hasSize(1); // still usable
  }

  @Test
  void aSavedModelIsTheSameModel(@TempDir Path temp) throws IOException {
    Path folder = temp.resolve("model");
    model.save(folder);

    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile).map(f -> folder.relativize(f).toString()))
          .containsExactlyInAnyOrder(
              "model_index.json",
              "unet/config.json",
              "unet/diffusion_pytorch_model.safetensors",
              "vae/config.json",
              "vae/diffusion_pytorch_model.safetensors",
              "text_encoder/config.json",
              "text_encoder/model.safetensors",
              "tokenizer/vocab.json",
              "tokenizer/merges.txt",
              "tokenizer/tokenizer_config.json",
              "tokenizer/special_tokens_map.json",
              "scheduler/scheduler_config.json");
    }
    try (LatentDiffusion loaded = LatentDiffusion.load(folder)) {
      assertThat(loaded.with(model.options()).generate(prompts(2), Seed.of(13)))
          .isEqualTo(model.generate(prompts(2), Seed.of(13)));
    }
    assertThatThrownBy(() -> model.save(folder))
        .hasMessageContaining("is there already and is not overwritten");
  }

  @Test
  void aModelInHalfPrecisionIsNearlyTheSame(@TempDir Path temp) {
    model.save(temp.resolve("half"), DType.F16);
    try (LatentDiffusion loaded = LatentDiffusion.load(temp.resolve("half"))) {
      Image half = loaded.with(model.options()).generate(prompts(1), Seed.of(14)).get(0);
      Image full = model.generate(prompts(1), Seed.of(14)).get(0);
      // F16 weights are off by 2^-11; after a few layers and steps the error is a few hundredths at
      // most.
      assertThat(distance(half, full)).isLessThan(0.05).isPositive();
    }
  }

  @Test
  void aFolderThatIsNoModelIsRefusedWithWhatIsMissing(@TempDir Path temp) throws IOException {
    assertThatThrownBy(() -> LatentDiffusion.load(temp))
        .hasMessageContaining("has no folder unet/");

    Path folder = temp.resolve("model");
    model.save(folder);
    Path weights = folder.resolve("unet/diffusion_pytorch_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length - 4));
    assertThatThrownBy(() -> LatentDiffusion.load(folder)).isInstanceOf(SafetensorsException.class);

    Files.delete(weights);
    assertThatThrownBy(() -> LatentDiffusion.load(folder))
        .hasMessageContaining("holds no diffusion_pytorch_model.safetensors");
  }

  @Test
  void stableDiffusionsOwnSchedulerSamples(@TempDir Path temp) throws IOException {
    Path folder = temp.resolve("model");
    model.save(folder);
    Path config = folder.resolve("scheduler/scheduler_config.json");
    Files.writeString(
        config,
        """
        {"_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false,
         "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null, "clip_sample": false}
        """);
    try (LatentDiffusion loaded = LatentDiffusion.load(folder)) {
      LatentDiffusion view = loaded.with(model.options());
      List<Image> images = view.generate(prompts(1), Seed.of(15));
      List<Image> ddim = model.with(SchedulerKind.DDIM).generate(prompts(1), Seed.of(15));
      assertThat(images)
          .isEqualTo(view.with(SchedulerKind.PNDM).generate(prompts(1), Seed.of(15)))
          .isNotEqualTo(ddim);
      assertThat(view.with(SchedulerKind.DDIM).generate(prompts(1), Seed.of(15))).isEqualTo(ddim);
    }
  }

  @Test
  void aSchedulerThatIsNotSupportedIsReadAsOneThatTheCallerNames(@TempDir Path temp)
      throws IOException {
    Path folder = temp.resolve("model");
    model.save(folder);
    Path config = folder.resolve("scheduler/scheduler_config.json");
    Files.writeString(
        config, Files.readString(config).replace("DDIMScheduler", "SASolverScheduler"));
    assertThatThrownBy(() -> LatentDiffusion.load(folder))
        .hasMessageContaining("SASolverScheduler")
        .hasMessageContaining("LatentDiffusion.load(folder, SchedulerKind.DDIM)");
    try (LatentDiffusion loaded = LatentDiffusion.load(folder, SchedulerKind.DDIM)) {
      assertThat(loaded.with(model.options()).generate(prompts(1), Seed.of(15)))
          .isEqualTo(model.with(SchedulerKind.DDIM).generate(prompts(1), Seed.of(15)));
    }
  }

  @Test
  void twoHundredCallsLeaveTheMemoryFlat() throws IOException, InterruptedException {
    // A call's graphs hold about 100 kB each: if every call leaked them, that would be over 20 MiB.
    // What it leaves to the collector is below that: 7 MiB.
    NativeMemory.assertFlat(SamplingMemoryProgram.class, 16L << 20);
  }
}
