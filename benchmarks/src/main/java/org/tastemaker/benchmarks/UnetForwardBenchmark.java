package org.tastemaker.benchmarks;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.ndarray.INDArray;
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
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

/** One forward pass of the U-Net: the cost of a denoising step. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 9, time = 2)
@Fork(1)
public class UnetForwardBenchmark extends UnetBenchmark {
  private UNet2DConditionModel unet;
  private GraphFunction function;
  private Map<String, INDArray> inputs = Map.of();

  /** JMH creates it. */
  @SuppressWarnings("NullAway.Init")
  public UnetForwardBenchmark() {}

  @Override
  public void setUp() throws IOException {
    Engine runner =
        Workload.engine(engine, device, precision, checkpointing); // fails before work is done
    unet = Workload.unet(model);
    int side = Workload.side(unet, latent);
    function = unet.function(batch, side, side, 77, FunctionOptions.inference().withEngine(runner));
    inputs =
        Map.of(
            UNet2DConditionModel.SAMPLE, Workload.normal(Seed.of(1), batch, 4, side, side),
            UNet2DConditionModel.TIMESTEP, Workload.normal(Seed.of(2), batch).muli(0).addi(501),
            UNet2DConditionModel.TEXT,
                Workload.normal(Seed.of(3), batch, 77, unet.config().crossAttentionDim()));
  }

  /**
   * The measurement.
   *
   * @return the U-Net's output
   */
  @Benchmark
  public Object forward() {
    return function.forward(inputs);
  }

  /** Frees everything. */
  @TearDown
  public void tearDown() {
    unet.close();
    inputs.values().forEach(INDArray::close);
  }
}
