package org.tastemaker.benchmarks;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;

/** Stable Diffusion 1.5's text encoder (CLIP ViT-L/14's), with random weights. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 9, time = 2)
@Fork(1)
public class TextEncoderBenchmark {
  private static final int LENGTH = 77;
  private static final int WORDS = 49_408;

  /** The number of prompts. */
  @Param("2")
  public int batch;

  /** Name of the engine that runs the graph. */
  @Param("onednn")
  public String engine = "onednn";

  /** In which numbers: float32 or bfloat16. */
  @Param("float32")
  public String precision = "float32";

  private ClipTextModel model;
  private FunctionOptions options;
  private Map<String, INDArray> ids = Map.of();

  /** JMH creates it. */
  @SuppressWarnings("NullAway.Init")
  public TextEncoderBenchmark() {}

  /** Makes the model and its inputs. */
  @Setup
  public void setUp() {
    Engine runner = Workload.engine(engine, "cpu", precision, false); // fails before work is done
    ClipTextConfig config =
        new ClipTextConfig(
            WORDS,
            768,
            3072,
            12,
            12,
            LENGTH,
            ClipTextConfig.Activation.QUICK_GELU,
            1e-5,
            WORDS - 2,
            WORDS - 1,
            WORDS - 1,
            768);
    model = ClipTextModel.random(config, Seed.of(1));
    options = FunctionOptions.inference().withEngine(runner);
    INDArray tokens = Nd4j.create(DataType.INT32, batch, LENGTH);
    for (long i = 0; i < tokens.length(); i++) {
      tokens.putScalar(i, (int) (i * 37 % WORDS));
    }
    ids = Map.of(ClipTextModel.INPUT_IDS, tokens);
  }

  /**
   * The measurement.
   *
   * @return the last hidden state
   */
  @Benchmark
  public Object encode() {
    return model.function(batch, LENGTH, 0, options).forward(ids);
  }

  /** Frees everything. */
  @TearDown
  public void tearDown() {
    model.close();
    ids.values().forEach(INDArray::close);
  }
}
