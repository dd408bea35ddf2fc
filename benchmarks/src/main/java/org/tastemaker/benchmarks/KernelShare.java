package org.tastemaker.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.tastemaker.diffusion.engine.Device;

/**
 * The share of time in which a GPU runs no kernel, while the forward pass or the policy step is
 * called over and over. NVIDIA's driver measures it ({@code utilization.gpu} of nvidia-smi: the
 * percentage of the last sixth of a second to second during which a kernel ran), so nothing slows
 * the calls down. Nothing else may run on the GPU meanwhile.
 *
 * <pre>
 *   java ... org.tastemaker.benchmarks.KernelShare [name=value ...]
 * </pre>
 *
 * <table class="striped">
 * <caption>Settings</caption>
 * <thead><tr><th>name</th><th>default</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>what</td><td>forward</td><td>or {@code policy}</td></tr>
 * <tr><td>model, batch, precision, checkpointing</td><td>sd15, 1, bfloat16, false</td><td>as in
 * {@link PolicyStepBenchmark}</td></tr>
 * <tr><td>device</td><td>cuda</td><td>or cuda:n</td></tr>
 * <tr><td>seconds</td><td>20</td><td>of measurement, after 3 calls and 2 seconds</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Where the driver does not say (a part of a GPU, MIG), and for what happens between the
 * kernels, there is NVIDIA's profiler: {@code nsys profile --stats=true java ...} with the same
 * arguments.
 */
public final class KernelShare {
  private static final double GOAL = 0.05;
  private static final long SETTLE = TimeUnit.SECONDS.toNanos(2);

  private KernelShare() {}

  /**
   * Measures.
   *
   * @param args settings, as above
   * @throws IOException if the model cannot be read
   */
  public static void main(String[] args) throws IOException {
    Arguments settings =
        Arguments.parse(
            args,
            "what",
            "forward",
            "model",
            "sd15",
            "batch",
            "1",
            "device",
            "cuda",
            "precision",
            "bfloat16",
            "checkpointing",
            "false",
            "seconds",
            "20");
    int gpu = Device.of(settings.get("device")).index();
    Supplier<List<String>> ask = () -> NvidiaSmi.query(gpu, "utilization.gpu");
    System.out.println(settings.values());
    try (Calls calls = Calls.of(settings)) {
      System.out.println(report(measure(calls, settings.count("seconds"), System::nanoTime, ask)));
    }
  }

  /** What is called. */
  private record Calls(Runnable call, Runnable end) implements AutoCloseable {
    static Calls of(Arguments settings) throws IOException {
      if (settings.get("what").equals("policy")) {
        PolicyStepBenchmark policy = new PolicyStepBenchmark();
        policy.model = settings.get("model");
        policy.batch = settings.count("batch");
        policy.engine = "torch";
        policy.device = settings.get("device");
        policy.precision = settings.get("precision");
        policy.checkpointing = settings.flag("checkpointing");
        policy.setUp();
        return new Calls(policy::step, policy::tearDown);
      }
      UnetForwardBenchmark forward = new UnetForwardBenchmark();
      forward.model = settings.get("model");
      forward.batch = settings.count("batch");
      forward.engine = "torch";
      forward.device = settings.get("device");
      forward.precision = settings.get("precision");
      forward.setUp();
      return new Calls(forward::forward, forward::tearDown);
    }

    @Override
    public void close() {
      end.run();
    }
  }

  private static List<Double> measure(
      Calls calls, int seconds, LongSupplier nanoTime, Supplier<List<String>> ask) {
    for (int i = 0; i < 3; i++) {
      calls.call().run();
    }
    List<Double> busy = new ArrayList<>();
    long start = nanoTime.getAsLong();
    long end = start + SETTLE + TimeUnit.SECONDS.toNanos(seconds);
    Thread asking =
        new Thread(
            () -> {
              while (nanoTime.getAsLong() < end) {
                double share = busy(ask.get());
                if (nanoTime.getAsLong() > start + SETTLE) {
                  busy.add(share);
                }
              }
            },
            "nvidia-smi");
    asking.setDaemon(true);
    asking.start();
    while (nanoTime.getAsLong() < end || asking.isAlive()) {
      calls.call().run();
    }
    return busy;
  }

  /** The share that nvidia-smi names, in [0, 1]; NaN if it names none. */
  static double busy(List<String> answer) {
    try {
      return answer.isEmpty() ? Double.NaN : Double.parseDouble(answer.get(0).strip()) / 100;
    } catch (NumberFormatException e) {
      return Double.NaN; // [N/A]
    }
  }

  /** The mean of what was read, as a sentence. */
  static String report(List<Double> busy) {
    double mean = busy.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    if (Double.isNaN(mean)) {
      return "share of time outside kernels: not measured, nvidia-smi does not say";
    }
    return String.format(
        Locale.ROOT,
        "share of time outside kernels: %.1f %% (%d readings), goal under %.0f %%: %s",
        100 * (1 - mean),
        busy.size(),
        100 * GOAL,
        1 - mean < GOAL ? "met" : "MISSED");
  }
}
