package org.tastemaker.benchmarks;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.api.ndarray.INDArray;
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
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.FunctionOptions;

/**
 * Stable Diffusion's autoencoder, with random weights: images to latents, and latents to images.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class AutoencoderBenchmark {
  /** The number of images. */
  @Param("1")
  public int batch;

  /** Side of the images, a multiple of 8. */
  @Param("512")
  public int side;

  /** Name of the engine that runs the graphs. */
  @Param("onednn")
  public String engine = "onednn";

  /** In which numbers: float32 or bfloat16. */
  @Param("float32")
  public String precision = "float32";

  private AutoencoderKl model;
  private FunctionOptions options;
  private Map<String, INDArray> image = Map.of();
  private Map<String, INDArray> latent = Map.of();

  /** JMH creates it. */
  @SuppressWarnings("NullAway.Init")
  public AutoencoderBenchmark() {}

  /** Makes the model and its inputs. */
  @Setup
  public void setUp() {
    Engine runner = Workload.engine(engine, "cpu", precision, false); // fails before work is done
    model = AutoencoderKl.random(VaeConfigs.stableDiffusion(), Seed.of(1));
    options = FunctionOptions.inference().withEngine(runner);
    image = Map.of(AutoencoderKl.IMAGE, Workload.normal(Seed.of(2), batch, 3, side, side));
    latent =
        Map.of(AutoencoderKl.LATENT, Workload.normal(Seed.of(3), batch, 4, side / 8, side / 8));
  }

  /**
   * The encoder.
   *
   * @return means and logarithms of variances
   */
  @Benchmark
  public Object encode() {
    return model.encoder(batch, side, side, options).forward(image);
  }

  /**
   * The decoder.
   *
   * @return the images
   */
  @Benchmark
  public Object decode() {
    return model.decoder(batch, side / 8, side / 8, options).forward(latent);
  }

  /** Frees everything. */
  @TearDown
  public void tearDown() {
    model.close();
    image.values().forEach(INDArray::close);
    latent.values().forEach(INDArray::close);
  }
}
