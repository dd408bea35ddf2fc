package org.tastemaker.benchmarks;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;

/**
 * One measurement in one process: what {@code scripts/speed_turns.py} runs in turns with PyTorch.
 *
 * <pre>
 * java -cp benchmarks.jar org.tastemaker.benchmarks.SpeedRun what=forward model=sd15 batch=2
 * </pre>
 *
 * <table class="striped">
 * <caption>Settings</caption>
 * <thead><tr><th>name</th><th>default</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>what</td><td>forward</td><td>of the U-Net; {@code policy}, a DDPO step; {@code decode} and
 * {@code encode}, of the autoencoder; {@code text}, the text encoder</td></tr>
 * <tr><td>model</td><td>small</td><td>{@code sd15}, {@code sdxl}: the size of the U-Net</td></tr>
 * <tr><td>batch, latent</td><td>1, 0</td><td>images; side of the latents, 0 for the model's</td></tr>
 * <tr><td>engine, precision, checkpointing</td><td>onednn, float32, false</td><td>as in the
 * benchmarks</td></tr>
 * <tr><td>warm, runs</td><td>3, 9</td><td>runs before the measured ones, and measured</td></tr>
 * </tbody>
 * </table>
 *
 * <p>It prints the median, the smallest and the largest time of a run, the time of the first one
 * and the time to make the model, all in milliseconds, and the peak of resident memory in megabytes
 * (Linux).
 */
public final class SpeedRun {
  private final Arguments arguments;

  private SpeedRun(Arguments arguments) {
    this.arguments = arguments;
  }

  /**
   * Runs the measurement.
   *
   * @param args settings, {@code name=value}
   * @throws Exception if a setting is wrong, or a run fails
   */
  public static void main(String[] args) throws Exception {
    Arguments arguments =
        Arguments.parse(
            args,
            "what",
            "forward",
            "model",
            "small",
            "batch",
            "1",
            "latent",
            "0",
            "engine",
            "onednn",
            "precision",
            "float32",
            "checkpointing",
            "false",
            "warm",
            "3",
            "runs",
            "9");
    System.out.println(new SpeedRun(arguments).measure());
  }

  private String measure() throws Exception {
    int warm = arguments.count("warm");
    double[] times = new double[arguments.count("runs")];
    long start = System.nanoTime();
    Callable<Object> run = prepare(arguments);
    double setUp = millisSince(start);
    double first = time(run);
    for (int i = 1; i < warm; i++) {
      time(run);
    }
    for (int i = 0; i < times.length; i++) {
      times[i] = time(run);
    }
    Arrays.sort(times);
    return String.format(
        Locale.ROOT,
        "RESULT %.2f %.2f %.2f %.0f %.0f %.0f",
        times[times.length / 2],
        times[0],
        times[times.length - 1],
        first,
        setUp,
        PeakMemory.kilobytes("VmHWM") / 1000.0);
  }

  private static double time(Callable<Object> run) throws Exception {
    long start = System.nanoTime();
    run.call();
    return millisSince(start);
  }

  private static double millisSince(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  /** Makes what is measured; what it returns runs it once. */
  static Callable<Object> prepare(Arguments arguments) throws IOException {
    return switch (arguments.get("what")) {
      case "forward" -> unet(new UnetForwardBenchmark(), arguments)::forward;
      case "policy" -> unet(new PolicyStepBenchmark(), arguments)::step;
      case "decode" -> autoencoder(arguments)::decode;
      case "encode" -> autoencoder(arguments)::encode;
      case "text" -> text(arguments)::encode;
      default ->
          throw new IllegalArgumentException(
              "what must be forward, policy, decode, encode or text, but was "
                  + arguments.get("what"));
    };
  }

  private static <B extends UnetBenchmark> B unet(B benchmark, Arguments arguments)
      throws IOException {
    benchmark.setUp(arguments);
    return benchmark;
  }

  private static AutoencoderBenchmark autoencoder(Arguments arguments) {
    AutoencoderBenchmark benchmark = new AutoencoderBenchmark();
    benchmark.batch = arguments.count("batch");
    benchmark.side = arguments.get("latent").equals("0") ? 512 : 8 * arguments.count("latent");
    benchmark.engine = arguments.get("engine");
    benchmark.precision = arguments.get("precision");
    benchmark.setUp();
    return benchmark;
  }

  private static TextEncoderBenchmark text(Arguments arguments) {
    TextEncoderBenchmark benchmark = new TextEncoderBenchmark();
    benchmark.batch = arguments.count("batch");
    benchmark.engine = arguments.get("engine");
    benchmark.precision = arguments.get("precision");
    benchmark.setUp();
    return benchmark;
  }
}
