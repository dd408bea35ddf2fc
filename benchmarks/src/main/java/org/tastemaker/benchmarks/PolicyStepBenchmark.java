package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.GradientClip;
import org.tastemaker.diffusion.train.GradientViews;

/**
 * One micro-step of DDPO on a batch: the U-Net with guidance (so with twice the batch), the step's
 * log-probability, the clipped loss, the gradient of rank-4 LoRA weights on attention, gradient
 * clipping by norm, and AdamW.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 9, time = 3)
@Fork(1)
public class PolicyStepBenchmark extends UnetBenchmark {
  private UNet2DConditionModel unet;
  private Lora lora;
  private GraphFunction function;
  private PolicyObjective objective;
  private Map<String, INDArray> inputs = Map.of();
  private @Nullable INDArray output; // [2B, 4, h, w]
  private FloatBuffer unconditional; // [B, 4, h, w], the first half of it
  private FloatBuffer conditional;
  private Map<String, INDArray> cotangents = Map.of(); // [2B, 4, h, w]
  private FloatBuffer unconditionalCotangent; // [B, 4, h, w], the first half of it
  private FloatBuffer conditionalCotangent;
  private GradientViews gradients;
  private AdamW optimizer;
  private List<FloatBuffer> weights = List.of();

  /** JMH creates it. */
  @SuppressWarnings("NullAway.Init")
  public PolicyStepBenchmark() {}

  @Override
  public void setUp() throws IOException {
    // Fails before work is done.
    Engine runner = Workload.engine(engine, device, precision, checkpointing);
    unet = Workload.unet(model);
    int side = Workload.side(unet, latent);
    lora =
        Lora.create(
            "policy", LoraNetwork.UNET, unet.parameters(), Lora.Options.defaults(), Seed.of(9));
    FunctionOptions options =
        FunctionOptions.inference()
            .withAdapter(lora)
            .withTrainable(lora.trainable())
            .withEngine(runner);
    function = unet.function(2 * batch, side, side, 77, options);
    INDArray latents = Workload.normal(Seed.of(1), 2L * batch, 4, side, side);
    int half = batch * 4 * side * side;
    FloatBuffer x = FloatBuffers.of(latents);
    x.put(half, x, 0, half);
    inputs =
        Map.of(
            UNet2DConditionModel.SAMPLE, latents,
            UNet2DConditionModel.TIMESTEP,
                Workload.normal(Seed.of(2), 2L * batch).muli(0).addi(481),
            UNet2DConditionModel.TEXT,
                Workload.normal(Seed.of(3), 2L * batch, 77, unet.config().crossAttentionDim()));
    weights = new ArrayList<>();
    lora.parameters().arrays().values().forEach(array -> weights.add(FloatBuffers.of(array)));
    optimizer =
        new AdamW(
            AdamW.Options.defaults(), weights.stream().mapToInt(FloatBuffer::remaining).toArray());
    gradients = new GradientViews(lora.parameters().arrays().keySet());
    INDArray cotangent = Nd4j.create(DataType.FLOAT, 2L * batch, 4, side, side);
    cotangents = Map.of(UNet2DConditionModel.OUT, cotangent);
    FloatBuffer both = FloatBuffers.of(cotangent);
    unconditionalCotangent = both.slice(0, half);
    conditionalCotangent = both.slice(half, half);
    objective = new PolicyObjective(batch, x.slice(0, half));
    predict();
    objective.record(unconditional, conditional);
  }

  /**
   * The measurement.
   *
   * @return the norm of the gradient before clipping
   */
  @Benchmark
  public double step() {
    predict();
    objective.gradient(unconditional, conditional, unconditionalCotangent, conditionalCotangent);
    gradients.show(function.backward(cotangents));
    double norm = GradientClip.byGlobalNorm(1, gradients.byName());
    optimizer.update(3e-4, weights, gradients.inOrder());
    return norm;
  }

  /** Runs the U-Net. If its output is in another array than before, makes new views of it. */
  @SuppressWarnings("ReferenceEquality")
  private void predict() {
    INDArray now = Objects.requireNonNull(function.forward(inputs).get(UNet2DConditionModel.OUT));
    if (now != output) {
      output = now;
      FloatBuffer both = FloatBuffers.of(now);
      int half = both.remaining() / 2;
      unconditional = both.slice(0, half);
      conditional = both.slice(half, half);
    }
  }

  /** Frees everything. */
  @TearDown
  public void tearDown() {
    unet.close();
    lora.close();
    cotangents.values().forEach(INDArray::close);
    inputs.values().forEach(INDArray::close);
  }
}
