package org.tastemaker.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * An annotation job with a server of fixed latency: how close it comes to the rate at which the
 * maximum number of calls is always in flight, and how much memory it uses.
 *
 * <pre>
 * java -cp benchmarks.jar org.tastemaker.benchmarks.FeedbackLoad [name=value ...]
 * </pre>
 *
 * <p>Everything is as in a real run: real HTTP, a dataset, cached answers and a ledger on disk. The
 * server is a separate process, so that only the client is measured. One process runs several
 * rounds, each with its own dataset. The first round includes the start of the process; later
 * rounds show the steady rate. Between rounds the heap is measured after a garbage collection. Each
 * round has new images, which are drawn as they are needed.
 *
 * <p>The ideal rate is {@code inFlight / latency}. If {@code inFlight} does not divide the number
 * of calls, this rate cannot be reached, since the last wave is not full. The share that a perfect
 * client would reach is printed as well.
 *
 * <table class="striped">
 * <caption>Settings</caption>
 * <thead><tr><th>name</th><th>default</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>calls</td><td>2000</td><td>calls per round</td></tr>
 * <tr><td>inFlight</td><td>64</td><td>concurrent calls</td></tr>
 * <tr><td>latency</td><td>200</td><td>milliseconds that the server waits before it
 * answers</td></tr>
 * <tr><td>images</td><td>4</td><td>images per group, and so per call</td></tr>
 * <tr><td>orders</td><td>4</td><td>calls per group, each with another order of its images</td></tr>
 * <tr><td>size</td><td>32</td><td>side of an image in pixels</td></tr>
 * <tr><td>side</td><td>0</td><td>side of the image that is sent, in pixels; 0 for its own
 * size</td></tr>
 * <tr><td>rounds</td><td>4</td><td>rounds</td></tr>
 * <tr><td>server</td><td>process</td><td>a separate process; {@code inside} for this one</td></tr>
 * <tr><td>folder</td><td>a temporary one</td><td>folder for datasets, answers and ledger</td></tr>
 * </tbody>
 * </table>
 */
public final class FeedbackLoad {
  private final Map<String, String> settings;
  private final PrintStream out;

  private FeedbackLoad(Map<String, String> settings, PrintStream out) {
    this.settings = settings;
    this.out = out;
  }

  /**
   * Runs the load.
   *
   * @param args settings, {@code name=value}; with {@code serve} this process is the server
   * @throws Exception if the server cannot be started, or the job fails
   */
  public static void main(String[] args) throws Exception {
    Map<String, String> settings =
        new TreeMap<>(
            Map.of(
                "calls", "2000",
                "inFlight", "64",
                "latency", "200",
                "images", "4",
                "orders", "4",
                "size", "32",
                "side", "0",
                "rounds", "4",
                "server", "process"));
    settings.put("folder", "");
    boolean serve = false;
    for (String arg : args) {
      int equals = arg.indexOf('=');
      if (arg.equals("serve")) {
        serve = true;
      } else if (equals > 0 && settings.containsKey(arg.substring(0, equals))) {
        settings.put(arg.substring(0, equals), arg.substring(equals + 1));
      } else {
        throw new IllegalArgumentException(
            "a setting is name=value with a name of " + settings.keySet() + ", but was " + arg);
      }
    }
    FeedbackLoad load = new FeedbackLoad(settings, System.out);
    if (serve) {
      load.serve();
    } else if ("inside".equals(settings.get("server"))) {
      try (LoopbackServer server = load.server()) {
        load.run(server.baseUrl(), List.of(ProcessHandle.current()));
      }
    } else {
      load.runWithServerProcess();
    }
  }

  private int number(String name) {
    return Integer.parseInt(Objects.requireNonNull(settings.get(name)));
  }

  private LoopbackServer server() {
    return LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(0, 0, 0)))
        .latency(Duration.ofMillis(number("latency")), Duration.ZERO)
        .start();
  }

  /** Serves until the other process, which holds the other end of the standard input, has ended. */
  private void serve() throws IOException {
    try (LoopbackServer server = server()) {
      out.println(server.baseUrl());
      out.flush();
      System.in.transferTo(PrintStream.nullOutputStream());
    }
  }

  private void runWithServerProcess() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FeedbackLoad.class.getName(),
                "serve",
                "latency=" + number("latency"))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String baseUrl = said.readLine();
      if (baseUrl == null) {
        throw new IllegalStateException("the server's process ended without printing its address");
      }
      run(baseUrl, List.of(ProcessHandle.current(), process.toHandle()));
    } finally {
      process.getOutputStream().close();
      if (!process.waitFor(10, java.util.concurrent.TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    }
  }

  private void run(String baseUrl, List<ProcessHandle> processes) throws IOException {
    int inFlight = number("inFlight");
    Path folder =
        settings.getOrDefault("folder", "").isEmpty()
            ? Files.createTempDirectory("feedback-load")
            : Path.of(settings.getOrDefault("folder", ""));
    out.println(settings + " in " + folder);
    try (ChatGptOracle oracle =
        ChatGptOracle.builder()
            .baseUrl(baseUrl)
            .withoutApiKey()
            .model("mock")
            .judging(o -> o.withImages(ImageForm.DEFAULT.withSide(number("side"))))
            .protocol(Protocol.listwise(number("orders")))
            .limits(ResilientCaller.Options.DEFAULTS.withInFlight(inFlight))
            .cache(folder.resolve("answers"))
            .ledgerFile(folder.resolve("ledger.jsonl"))
            .build()) {
      double ideal = inFlight * 1000.0 / number("latency");
      int waves = (number("calls") + inFlight - 1) / inFlight;
      print("ideal rate %.1f calls/s, heap %.1f MB", ideal, heap());
      print(
          "a perfect client: %.1f %% of it, in %d waves",
          100.0 * number("calls") / ((double) waves * inFlight), waves);
      for (int round = 0; round < number("rounds"); round++) {
        long callsBefore = oracle.client().counts().attempts();
        List<Duration> cpuBefore = processes.stream().map(FeedbackLoad::cpu).toList();
        long start = System.nanoTime();
        JobReport report =
            AnnotationJob.builder(
                    folder.resolve("judgements-" + (round + 1) + ".jsonl"),
                    oracle,
                    Rubrics.quality(),
                    oracle.settings())
                .concurrency(inFlight)
                .build()
                .run(groups(round));
        double seconds = (System.nanoTime() - start) / 1e9;
        long calls = oracle.client().counts().attempts() - callsBefore;
        print(
            "round %d: %d calls, %d judgements (%d missing) in %.2f s, %.1f calls/s, %.1f %% of the"
                + " ideal rate, at most %d in flight, heap after collection %.1f MB,"
                + " %d images encoded so far",
            round + 1,
            calls,
            report.judged(),
            report.missing(),
            seconds,
            calls / seconds,
            100 * calls / seconds / ideal,
            oracle.client().counts().mostInFlight(),
            heap(),
            oracle.encodings());
        for (int i = 0; i < processes.size(); i++) {
          Duration cpu = cpu(processes.get(i)).minus(cpuBefore.get(i));
          print(
              "  processor time %s: %.2f ms a call",
              processes.size() == 1
                  ? "of client and server"
                  : i == 0 ? "of the client" : "of the server",
              cpu.toMillis() / (double) calls);
        }
      }
    }
  }

  /** Groups of noise images, made on demand. */
  private List<ImageGroup> groups(int round) {
    int count = number("calls") / number("orders");
    int images = number("images");
    int size = number("size");
    return new AbstractList<>() {
      @Override
      public ImageGroup get(int index) {
        Seed seed = Seed.of(1).split(round).split(index);
        List<Image> noise =
            IntStream.range(0, images).mapToObj(i -> noise(seed.split(i), size)).toList();
        return new ImageGroup(Prompt.of("prompt " + round + " " + index), noise);
      }

      @Override
      public int size() {
        return count;
      }
    };
  }

  private static Image noise(Seed seed, int size) {
    float[] values = new float[3 * size * size];
    seed.gaussian(0, values);
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.min(1, Math.max(0, 0.5f + 0.2f * values[i]));
    }
    return Image.of(3, size, size, values);
  }

  private static Duration cpu(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** Megabytes of heap in use after a garbage collection. */
  private static double heap() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
  }

  private void print(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}
