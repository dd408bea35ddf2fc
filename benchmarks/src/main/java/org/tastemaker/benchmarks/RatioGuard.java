package org.tastemaker.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.run.AtomicFiles;

/**
 * Guards the denoising step's speed. It checks the ratio of its time to that of a peer in the same
 * run, never a time itself.
 *
 * <pre>
 *   java -cp benchmarks.jar org.tastemaker.benchmarks.RatioGuard RESULTS.json RATIOS.json
 *   java -cp benchmarks.jar org.tastemaker.benchmarks.RatioGuard --gpu RESULTS.json RATIOS.json
 *   java -cp benchmarks.jar org.tastemaker.benchmarks.RatioGuard --update RESULTS.json RATIOS.json
 * </pre>
 *
 * <p>The first form fails if a ratio is more than 15 % below the committed one, or if a committed
 * ratio of the CPU was not measured; if no ratio of the GPU was measured, it reports that. The
 * second checks the GPU's ratios alone, on a machine with another CPU, and also fails if any
 * measurement of the GPU is missing. The third replaces the committed ratios that were measured.
 */
public final class RatioGuard {
  private static final double TOLERANCE = .15;
  private static final String GPU = "DenoisingKernelBenchmark";

  /** What is compared: a method and a peer that moves as many bytes or does the same work. */
  private record Pair(String type, String method, String peer) {}

  private static final List<Pair> PAIRS =
      List.of(
          new Pair("DenoisingStepBenchmark", "sample", "copyOfFour"),
          new Pair("DenoisingStepBenchmark", "replay", "copyOfThree"),
          new Pair("DenoisingStepBenchmark", "gradient", "copyOfFour"),
          new Pair(GPU, "sample", "copyOfFour"),
          new Pair(GPU, "sampleFloat16", "copyOfTwo"),
          new Pair(GPU, "replay", "copyOfFour"),
          new Pair(GPU, "gradient", "copyOfSix"),
          new Pair(GPU, "sample", "unfused"));

  private RatioGuard() {}

  /**
   * What the guard found.
   *
   * @param lines the report, for people
   * @param failed whether a ratio fell or is missing
   */
  record Verdict(List<String> lines, boolean failed) {}

  /**
   * Runs the guard.
   *
   * @param args the results and the committed ratios
   */
  public static void main(String[] args) {
    String mode = args.length == 3 ? args[0] : "";
    if (args.length < 2 || args.length > 3 || !Set.of("", "--gpu", "--update").contains(mode)) {
      throw new IllegalArgumentException("expected [--gpu | --update] RESULTS.json RATIOS.json");
    }
    JmhResults results = JmhResults.read(Path.of(args[args.length - 2]));
    Map<String, Double> measured = ratios(results);
    Path file = Path.of(args[args.length - 1]);
    Map<String, Double> committed = read(file);
    if (mode.equals("--update")) {
      committed.putAll(measured);
      write(file, committed);
      return;
    }
    Verdict verdict =
        mode.equals("--gpu") ? judgeGpu(results, committed) : judge(measured, committed);
    verdict.lines().forEach(System.out::println);
    if (verdict.failed()) {
      System.exit(1);
    }
  }

  /** The peer's time divided by ours, so that higher is better, by what was compared. */
  static Map<String, Double> ratios(JmhResults results) {
    Map<String, Double> ratios = new LinkedHashMap<>();
    for (Pair pair : PAIRS) {
      for (String setting : results.settings(pair.type())) {
        OptionalDouble ours = results.time(pair.type(), pair.method(), setting);
        OptionalDouble peer = results.time(pair.type(), pair.peer(), setting);
        if (ours.isPresent() && peer.isPresent()) {
          ratios.put(
              String.format(
                  Locale.ROOT,
                  "%s.%s against %s, %s",
                  pair.type(),
                  pair.method(),
                  pair.peer(),
                  setting),
              peer.getAsDouble() / ours.getAsDouble());
        }
      }
    }
    return ratios;
  }

  /** The GPU's ratios alone; no measurement may be missing. */
  static Verdict judgeGpu(JmhResults results, Map<String, Double> committed) {
    Map<String, Double> measured = ratios(results);
    measured.keySet().removeIf(key -> !key.startsWith(GPU));
    Map<String, Double> held = new LinkedHashMap<>(committed);
    held.keySet().removeIf(key -> !key.startsWith(GPU));
    Verdict ratios = judge(measured, held);
    List<String> lines = new ArrayList<>(ratios.lines());
    boolean failed = ratios.failed();
    Set<String> methods = new LinkedHashSet<>();
    for (Pair pair : PAIRS) {
      if (pair.type().equals(GPU)) {
        methods.add(pair.method());
        methods.add(pair.peer());
      }
    }
    methods.add(DenoisingKernelBenchmark.WAITING);
    for (String method : methods) {
      for (String batch : DenoisingKernelBenchmark.batches()) {
        OptionalDouble time = results.time(GPU, method, "batch=" + batch);
        // A time that is NaN or missing was not measured either.
        if (!(time.orElse(0) > 0)) {
          lines.add(
              String.format(Locale.ROOT, "%s.%s, batch=%s: NOT MEASURED", GPU, method, batch));
          failed = true;
        }
      }
    }
    return new Verdict(lines, failed);
  }

  static Verdict judge(Map<String, Double> measured, Map<String, Double> committed) {
    boolean gpuMeasured = measured.keySet().stream().anyMatch(key -> key.startsWith(GPU));
    List<String> lines = new ArrayList<>();
    boolean failed = false;
    for (Map.Entry<String, Double> entry : committed.entrySet()) {
      Double now = measured.get(entry.getKey());
      boolean noGpu = entry.getKey().startsWith(GPU) && !gpuMeasured;
      String state;
      if (now == null) {
        state = noGpu ? "not run: no GPU" : "MISSING";
        failed |= !noGpu;
      } else if (!(now >= (1 - TOLERANCE) * entry.getValue())) {
        state = String.format(Locale.ROOT, "FELL to %.3f", now);
        failed = true;
      } else {
        state = String.format(Locale.ROOT, "%.3f", now);
      }
      lines.add(
          String.format(Locale.ROOT, "%-75s %.3f  %s", entry.getKey(), entry.getValue(), state));
    }
    for (Map.Entry<String, Double> entry : measured.entrySet()) {
      if (!committed.containsKey(entry.getKey())) {
        lines.add(
            String.format(Locale.ROOT, "%-75s   new  %.3f", entry.getKey(), entry.getValue()));
      }
    }
    if (!gpuMeasured && committed.keySet().stream().anyMatch(key -> key.startsWith("Denoising"))) {
      lines.add(GPU + ": not run; scripts/gpu-check runs it on a machine with a GPU");
    }
    return new Verdict(lines, failed);
  }

  static Map<String, Double> read(Path file) {
    return Files.exists(file)
        ? new LinkedHashMap<>(Json.readObject(file).toNumbers())
        : new LinkedHashMap<>();
  }

  static void write(Path file, Map<String, Double> ratios) {
    Map<String, Double> rounded = new LinkedHashMap<>();
    ratios.forEach((name, ratio) -> rounded.put(name, Math.round(ratio * 1000) / 1000.0));
    AtomicFiles.write(file, Json.writePretty(rounded) + "\n");
  }
}
