package org.tastemaker.benchmarks;

import java.io.IOException;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What the benchmarks of the U-Net can be run on. */
@State(Scope.Benchmark)
public abstract class UnetBenchmark {
  /** A model folder in the diffusers layout, or {@code small}, {@code sd15} or {@code sdxl}. */
  @Param("small")
  public String model = "";

  /** The number of images; with guidance the U-Net runs on twice as many. */
  @Param("32")
  public int batch;

  /** Side of the latents; 0 for what the model was made for. */
  @Param("0")
  public int latent;

  /** Name of the engine that runs the graph: torch, onednn, replay or session. */
  @Param({"onednn", "replay"})
  public String engine = "";

  /** Where it runs: cpu, cuda or cuda:n; all but torch know the cpu alone. */
  @Param("cpu")
  public String device = "cpu";

  /** In which numbers: float32, tf32 (torch) or bfloat16 (torch and onednn). */
  @Param("float32")
  public String precision = "float32";

  /** Whether less is kept in memory, and computed again instead (torch and onednn). */
  @Param("false")
  public boolean checkpointing;

  /** JMH creates those of this kind. */
  protected UnetBenchmark() {}

  /**
   * Makes the model and its inputs.
   *
   * @throws IOException if the model cannot be read
   */
  @Setup
  public abstract void setUp() throws IOException;

  /** Takes the fields from a program's settings, and sets up. */
  final void setUp(Arguments arguments) throws IOException {
    model = arguments.get("model");
    batch = arguments.count("batch");
    latent = arguments.get("latent").equals("0") ? 0 : arguments.count("latent");
    engine = arguments.get("engine");
    precision = arguments.get("precision");
    checkpointing = arguments.flag("checkpointing");
    setUp();
  }
}
