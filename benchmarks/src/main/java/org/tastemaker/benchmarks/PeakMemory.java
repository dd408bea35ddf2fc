package org.tastemaker.benchmarks;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Peak resident memory of the forward pass and of the policy step, for each way of running the
 * graph. Each runs in a separate process, with a heap of the same size. Linux only.
 *
 * <pre>
 * java -cp benchmarks.jar org.tastemaker.benchmarks.PeakMemory [name=value ...]
 * </pre>
 *
 * <table class="striped">
 * <caption>Settings</caption>
 * <thead><tr><th>name</th><th>default</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>what</td><td>forward,policy</td><td>{@link UnetForwardBenchmark}, {@link
 * PolicyStepBenchmark}</td></tr>
 * <tr><td>engine</td><td>onednn,session</td><td>and {@code replay}</td></tr>
 * <tr><td>model</td><td>small</td><td>{@code sd15}, {@code sdxl}, or a folder in the diffusers layout</td></tr>
 * <tr><td>batch, latent, precision</td><td>32, 8, float32</td><td>as in the benchmarks</td></tr>
 * <tr><td>checkpointing</td><td>false</td><td>memory saved at the cost of time</td></tr>
 * <tr><td>steps</td><td>10</td><td>steps before the peak is read</td></tr>
 * <tr><td>heap</td><td>512m</td><td>maximum size of the Java heap</td></tr>
 * </tbody>
 * </table>
 */
public final class PeakMemory {
  private static final Pattern RESULT = Pattern.compile("RESULT (\\d+) (\\d+)");

  private final Arguments settings;
  private final PrintStream out;

  private PeakMemory(Arguments settings, PrintStream out) {
    this.settings = settings;
    this.out = out;
  }

  /**
   * Runs the measurement.
   *
   * @param args settings, {@code name=value}; with {@code run} first, this is one of the measured
   *     processes
   * @throws Exception if a process cannot be started, or fails
   */
  public static void main(String[] args) throws Exception {
    boolean run = args.length > 0 && args[0].equals("run");
    Arguments settings =
        Arguments.parse(
            run ? Arrays.copyOfRange(args, 1, args.length) : args,
            "what",
            "forward,policy",
            "engine",
            "onednn,session",
            "model",
            "small",
            "batch",
            "32",
            "latent",
            "8",
            "precision",
            "float32",
            "checkpointing",
            "false",
            "steps",
            "10",
            "heap",
            "512m");
    PeakMemory memory = new PeakMemory(settings, System.out);
    if (run) {
      memory.measure();
    } else {
      memory.compare();
    }
  }

  private List<String> all(String name) {
    return List.of(Pattern.compile(",").split(settings.get(name)));
  }

  private void compare() throws IOException, InterruptedException {
    out.println(settings.values());
    out.println("what     engine     after set-up, MB   at the peak, MB");
    for (String what : all("what")) {
      for (String engine : all("engine")) {
        Matcher result = process(what, engine);
        out.printf(
            Locale.ROOT,
            "%-8s %-9s %17.0f %17.0f%n",
            what,
            engine,
            Long.parseLong(result.group(1)) / 1000.0,
            Long.parseLong(result.group(2)) / 1000.0);
      }
    }
  }

  private Matcher process(String what, String engine) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + settings.get("heap"));
    command.add("-XX:+UseSerialGC");
    command.add("-Dorg.bytedeco.javacpp.maxbytes=0");
    command.add("-Dorg.bytedeco.javacpp.maxphysicalbytes=0");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(PeakMemory.class.getName());
    command.add("run");
    Map<String, String> all = new TreeMap<>(settings.values());
    all.put("what", what);
    all.put("engine", engine);
    all.forEach((name, value) -> command.add(name + "=" + value));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Matcher result = RESULT.matcher(said);
    if (process.waitFor() != 0 || !result.find()) {
      throw new IllegalStateException(what + " by " + engine + " failed: " + said);
    }
    return result;
  }

  private void measure() throws Exception {
    Callable<Object> run = SpeedRun.prepare(settings);
    long before = kilobytes("VmRSS");
    for (int i = 0; i < settings.count("steps"); i++) {
      run.call();
    }
    out.println("RESULT " + before + " " + kilobytes("VmHWM"));
  }

  /** A value of this process's status, as Linux reports it. */
  static long kilobytes(String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
