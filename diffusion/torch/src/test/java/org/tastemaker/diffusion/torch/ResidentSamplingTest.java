package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.CpuStepKernel;
import org.tastemaker.diffusion.schedule.DenoisingRange;
import org.tastemaker.diffusion.schedule.ModelOutput;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.ResidentStepKernel;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKernel;
import org.tastemaker.diffusion.schedule.StepNoise;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;

/** Latents stay where the U-Net runs, and come out as if they had travelled. */
class ResidentSamplingTest {
  private static final Engine TORCH = Engines.named("torch").on(Placement.of("cpu", "float32"));
  private static final List<Prompt> PROMPTS =
      List.of(
          Prompt.of("a red cat"),
          Prompt.of("a blue dog").withNegativeText("a green bird"),
          Prompt.of("two red dogs"),
          Prompt.of("a green bird"),
          Prompt.of("a red cat"));

  /** Counts the steps that it takes in place and on the host. */
  private static class Counting implements ResidentStepKernel {
    private final CpuStepKernel kernel = new CpuStepKernel();
    private final OptionalInt gpu;
    private int inPlace;
    private int onTheHost;

    private Counting(OptionalInt gpu) {
      this.gpu = gpu;
    }

    @Override
    public OptionalInt gpu() {
      return gpu;
    }

    @Override
    public void sample(
        StepCoefficients c,
        Reduction reduction,
        Tensors tensors,
        StepNoise noise,
        double[] logProbabilities) {
      inPlace++;
      kernel.sample(c, reduction, tensors, noise, logProbabilities);
    }

    @Override
    public void sample(
        StepCoefficients c,
        Reduction reduction,
        ModelOutput output,
        FloatBuffer sample,
        StepNoise noise,
        FloatBuffer previous,
        double[] logProbabilities) {
      onTheHost++;
      kernel.sample(c, reduction, output, sample, noise, previous, logProbabilities);
    }

    @Override
    public void logProbability(
        StepCoefficients c,
        Reduction reduction,
        ModelOutput output,
        FloatBuffer sample,
        FloatBuffer previous,
        double[] logProbabilities) {
      kernel.logProbability(c, reduction, output, sample, previous, logProbabilities);
    }

    @Override
    public void logProbabilityGradient(
        StepCoefficients c,
        Reduction reduction,
        ModelOutput output,
        FloatBuffer sample,
        FloatBuffer previous,
        double[] weights,
        FloatBuffer gradient,
        @Nullable FloatBuffer unconditionalGradient) {
      kernel.logProbabilityGradient(
          c, reduction, output, sample, previous, weights, gradient, unconditionalGradient);
    }

    @Override
    public void close() {}
  }

  private static Counting here() {
    return new Counting(OptionalInt.empty());
  }

  /** On another device than the U-Net, so that latents have to travel. */
  private static Counting elsewhere() {
    return new Counting(OptionalInt.of(0));
  }

  /** Latents, log-probabilities and pixels of a rollout in two batches. */
  private static List<float[]> rollout(Engine engine, StepKernel kernel, double guidance) {
    return rollout(TinyModel.create(Seed.of(4)), engine, kernel, guidance);
  }

  private static List<float[]> rollout(
      LatentDiffusion whole, Engine engine, StepKernel kernel, double guidance) {
    List<float[]> results = new ArrayList<>();
    try (LatentDiffusion tiny = whole) {
      LatentDiffusion model = tiny.on(engine).with(kernel);
      model = model.with(model.options().withGuidanceScale(guidance));
      try (Rollout rollout = model.rollout(PROMPTS, Seed.of(5))) {
        results.add(rollout.latents().data().asFloat());
        results.add(rollout.logProbabilities().data().asFloat());
      }
    }
    return results;
  }

  @Test
  void aRolloutIsTheSameToTheLastBit() {
    for (double guidance : new double[] {1, 3}) {
      Counting here = here();
      Counting elsewhere = elsewhere();
      List<float[]> inPlace = rollout(TORCH, here, guidance);
      List<float[]> travelled = rollout(TORCH, elsewhere, guidance);
      for (int i = 0; i < inPlace.size(); i++) {
        assertThat(inPlace.get(i)).isEqualTo(travelled.get(i));
      }
      assertThat(List.of(here.inPlace, here.onTheHost)).containsExactly(6, 0);
      assertThat(List.of(elsewhere.inPlace, elsewhere.onTheHost)).containsExactly(0, 6);
    }
  }

  @Test
  void whatAnXlIsToldBesideTheTextIsThereToo() {
    List<float[]> inPlace = rollout(TinyXl.base(Seed.of(4)), TORCH, here(), 3);
    List<float[]> travelled = rollout(TinyXl.base(Seed.of(4)), TORCH, elsewhere(), 3);
    for (int i = 0; i < inPlace.size(); i++) {
      assertThat(inPlace.get(i)).isEqualTo(travelled.get(i));
    }
  }

  @Test
  void anAdapterThatComesAndGoesTakesTheLatentsAlong() {
    List<float[]> both = new ArrayList<>();
    for (Counting kernel : List.of(here(), elsewhere())) {
      try (LatentDiffusion tiny = TinyModel.create(Seed.of(4));
          Lora lora = TinyModel.lora(tiny, Seed.of(7))) {
        lora.parameters().arrays().values().forEach(array -> array.addi(0.1));
        LatentDiffusion plain = tiny.on(TORCH).with(kernel);
        LatentDiffusion ranged =
            plain
                .with(plain.execution().withAdapter(lora))
                .with(plain.options().withSteps(5))
                .with(new DenoisingRange(0.3, 0.7))
                .with(RolloutOptions.defaults().withStochastic(StepWindow.of(1, 3)));
        try (Rollout rollout = ranged.rollout(PROMPTS, Seed.of(5))) {
          both.add(rollout.latents().data().asFloat());
          both.add(rollout.logProbabilities().data().asFloat());
        }
      }
    }
    assertThat(both.get(0)).isEqualTo(both.get(2));
    assertThat(both.get(1)).isEqualTo(both.get(3));
  }

  @Test
  void imagesAreTheSame() {
    List<List<Image>> both = new ArrayList<>();
    for (Counting kernel : List.of(here(), elsewhere())) {
      try (LatentDiffusion tiny = TinyModel.create(Seed.of(4))) {
        both.add(
            tiny.on(TORCH).with(SchedulerKind.DDIM).with(kernel).generate(PROMPTS, Seed.of(6)));
      }
      assertThat(kernel.inPlace + kernel.onTheHost).isEqualTo(6);
    }
    assertThat(both.get(0)).isEqualTo(both.get(1));
  }

  @Test
  void stepsThatNeedMoreThanTheSampleAreTakenOnTheHost() {
    Counting kernel = here();
    try (LatentDiffusion tiny = TinyModel.create(Seed.of(4))) {
      for (SchedulerKind kind :
          List.of(SchedulerKind.EULER_DISCRETE, SchedulerKind.DPM_SOLVER_MULTISTEP)) {
        assertThat(tiny.on(TORCH).with(kind).with(kernel).generate(PROMPTS, Seed.of(6))).hasSize(5);
      }
    }
    assertThat(kernel.inPlace).isZero();
  }

  @Test
  void anEngineWithoutAResidenceSamplesOnTheHost() {
    Counting kernel = here();
    rollout(Engines.named("replay"), kernel, 3);
    assertThat(kernel.inPlace).isZero();
    assertThat(kernel.onTheHost).isEqualTo(6);
  }

  @Test
  void aResidentRunIsTheForwardRun() {
    try (LatentDiffusion tiny = TinyModel.create(Seed.of(4))) {
      UNet2DConditionModel unet = tiny.components().unet();
      GraphFunction function =
          unet.function(2, 4, 4, 6, FunctionOptions.inference().withEngine(TORCH));
      Residence residence = function.residence().orElseThrow();
      FloatBuffer sample = filled(2 * 4 * 4 * 4, 1);
      FloatBuffer text = filled(2 * 6 * 8, 2);
      residence.upload(UNet2DConditionModel.SAMPLE, 0, sample);
      residence.upload(UNet2DConditionModel.TEXT, 0, text);
      residence.upload(UNet2DConditionModel.TIMESTEP, 0, FloatBuffer.wrap(new float[] {7, 7}));
      long address = residence.address(UNet2DConditionModel.OUT);
      residence.run();
      FloatBuffer out = FloatBuffer.allocate(2 * 4 * 4 * 4);
      residence.download(UNet2DConditionModel.OUT, out);
      try (INDArray x = array(sample, 2, 4, 4, 4);
          INDArray c = array(text, 2, 6, 8);
          INDArray t = array(FloatBuffer.wrap(new float[] {7, 7}), 2)) {
        INDArray expected =
            function
                .forward(
                    Map.of(
                        UNet2DConditionModel.SAMPLE, x,
                        UNet2DConditionModel.TEXT, c,
                        UNet2DConditionModel.TIMESTEP, t))
                .get(UNet2DConditionModel.OUT);
        assertThat(out.array()).isEqualTo(Objects.requireNonNull(expected).data().asFloat());
      }
      assertThat(residence.address(UNet2DConditionModel.OUT)).isEqualTo(address);
      assertThat(function.residence()).containsSame(residence);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> residence.address("nothing"))
          .withMessageContaining("there is no input or output \"nothing\"")
          .withMessageContaining("encoder_hidden_states");
    }
  }

  private static FloatBuffer filled(int length, long seed) {
    float[] values = new float[length];
    Seed.of(seed).gaussian(0, values);
    return FloatBuffer.wrap(values);
  }

  private static INDArray array(FloatBuffer values, long... shape) {
    return org.nd4j.linalg.factory.Nd4j.createFromArray(values.array().clone()).reshape(shape);
  }
}
