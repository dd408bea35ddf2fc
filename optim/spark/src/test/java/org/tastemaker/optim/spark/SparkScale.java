package org.tastemaker.optim.spark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptOracle;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.optim.rows.ModelRecipe;
import org.tastemaker.optim.rows.OracleFactory;
import org.tastemaker.optim.rows.ResultRow;
import org.tastemaker.optim.rows.RowAdapter;
import org.tastemaker.optim.rows.RowCarrier;
import org.tastemaker.optim.rows.RowCosts;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowFormat;
import org.tastemaker.optim.rows.RowSampler;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.WorkRow;

/**
 * Measures rows on executor processes of this machine; the tables of docs/spark.md are its output.
 *
 * <pre>
 * judge EXECUTORS IN_FLIGHT COUNT   questions to a loopback judge that takes 200 ms for each
 * sample EXECUTORS COUNT            images of a tiny model, one thread an executor
 * round EXECUTORS                   what moves in an alignment run of three rounds
 * sizes                             bytes of rows by image size
 * </pre>
 */
final class SparkScale {
  private static final Duration LATENCY = Duration.ofMillis(200);
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final int WINDOW = 16_384;
  private static final int WARM = 1024; // images

  private SparkScale() {}

  /** One of the measurements. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "server" -> serve();
      case "judge" -> judge(number(arguments, 1), number(arguments, 2), number(arguments, 3));
      case "sample" -> sample(number(arguments, 1), number(arguments, 2));
      case "round" -> round(number(arguments, 1));
      case "sizes" -> sizes();
      default -> throw new IllegalArgumentException("no measurement " + arguments[0]);
    }
  }

  private static int number(String[] arguments, int index) {
    return Integer.parseInt(arguments[index]);
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  // ---- Judging

  /** ChatGPT's client, against the loopback server of another process. */
  private record Loopback(String url) implements OracleFactory {
    @Override
    public FeedbackOracle open() {
      return ChatGptOracle.builder()
          .baseUrl(url)
          .withoutApiKey()
          .model("mock")
          .judging(options -> options.withImages(ImageForm.DEFAULT.withSide(0)))
          .protocol(Protocol.pairsInRandomDirection(1)) // one request for a judgement
          .build();
    }

    @Override
    public Settings settings() {
      return Settings.none().with("judge", "loopback");
    }
  }

  private static void serve() throws IOException {
    try (LoopbackServer server =
        LoopbackServer.builder(MockJudge.of((image, prompt) -> image.toFloats()[0]))
            .latency(LATENCY, Duration.ZERO)
            .start()) {
      System.out.println(server.baseUrl());
      while (System.in.read() >= 0) {
        // until the measurement ends
      }
      System.out.println(server.requests());
    }
  }

  private static void judge(int executors, int inFlight, int count) throws Exception {
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                SparkScale.class.getName(),
                "server")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    OracleFactory factory = new Loopback(said.readLine());
    int questions = inFlight / executors;
    RowSetup setup = RowSetup.none().withOracle(factory).withQuestions(questions);
    Path folder = Files.createTempDirectory("scale");
    try (JavaSparkContext spark = cluster(executors, 2);
        SparkCarrier carrier =
            SparkCarrier.of(
                spark, setup, SparkCarrier.Options.defaults().withRowsPerTask(2 * questions));
        RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowDriver driver = RowDriver.of(carrier).counting(costs).window(WINDOW);
      drain(driver, factory, 0, 4 * inFlight); // classes are loaded, connections open
      long before = System.nanoTime();
      int missing = drain(driver, factory, 1_000_000, count);
      double seconds = (System.nanoTime() - before) / 1e9;
      double ideal = count / (inFlight / (LATENCY.toMillis() / 1000.0));
      say(
          "executors %d, in flight %d, questions %d: %.1f s, %.0f a second, ideal %.1f s, efficiency"
              + " %.3f, missing %d, answers paid %d",
          executors,
          inFlight,
          count,
          seconds,
          count / seconds,
          ideal,
          ideal / seconds,
          missing,
          costs.answers());
    }
    server.getOutputStream().close();
    say("the server had %s requests", said.readLine());
  }

  /** Judges groups that no other has; says what the driver's heap holds now and then. */
  private static int drain(RowDriver driver, OracleFactory factory, int first, int count) {
    Iterator<WorkRow> rows =
        IntStream.range(first, first + count)
            .mapToObj(i -> (WorkRow) question(i, factory.hash()))
            .iterator();
    AtomicLong done = new AtomicLong();
    AtomicLong missing = new AtomicLong();
    long start = System.nanoTime();
    driver.stream(
        rows,
        List.of(),
        (row, result) -> {
          if (result.judgement().orElseThrow().isMissing()) {
            missing.incrementAndGet();
          }
          if (done.incrementAndGet() % WINDOW == 0) {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            say(
                "%d rows after %.1f s, heap %.1f MB",
                done.get(),
                (System.nanoTime() - start) / 1e9,
                (runtime.totalMemory() - runtime.freeMemory()) / 1e6);
          }
        });
    return missing.intValue();
  }

  private static WorkRow.Judge question(int i, String judge) {
    float grey = (i % 97 + 1) / 100f;
    ImageGroup group =
        new ImageGroup(
            Prompt.of("prompt " + i),
            List.of(
                Image.filled(16, 16, grey, grey, 0.5f),
                Image.filled(16, 16, 1 - grey, 1 - grey, 0.7f)));
    return new WorkRow.Judge(new WorkRow.Label("scale", 0, i), group, RUBRIC, judge);
  }

  // ---- Sampling

  private static LatentDiffusion view(LatentDiffusion model) {
    return model.with(SamplingOptions.ddpo().withSteps(50).withBatchSize(8));
  }

  private static ModelRecipe recipe() throws IOException {
    Path folder = Files.createTempDirectory("scale").resolve("model");
    try (LatentDiffusion tiny = TinyModel.create(Seed.of(1))) {
      tiny.save(folder);
    }
    return ModelRecipe.of(folder, SparkScale::view);
  }

  private static void sample(int executors, int count) throws IOException {
    ModelRecipe recipe = recipe();
    RowSetup setup = RowSetup.none().withModel(recipe);
    try (JavaSparkContext spark = cluster(executors, 1);
        SparkCarrier carrier =
            SparkCarrier.of(spark, setup, SparkCarrier.Options.defaults().withRowsPerTask(8));
        LatentDiffusion model = recipe.open();
        Lora lora = TinyModel.lora(model, Seed.of(2))) {
      RowSampler sampler =
          RowSampler.of(
              RowDriver.of(carrier), recipe, model, () -> Optional.of(RowAdapter.of(lora)));
      sampler.rollout(prompts(WARM), seeds(0, WARM)).close(); // classes are compiled
      long before = System.nanoTime();
      sampler.rollout(prompts(count), seeds(1000, count)).close();
      double seconds = (System.nanoTime() - before) / 1e9;
      say(
          "executors %d, rollouts %d: %.1f s, %.1f a second",
          executors, count, seconds, count / seconds);
    }
  }

  private static List<Prompt> prompts(int count) {
    List<Prompt> two = TinyModel.prompts(2);
    return IntStream.range(0, count).mapToObj(i -> two.get(i % 2)).toList();
  }

  private static List<Seed> seeds(int first, int count) {
    return IntStream.range(first, first + count).mapToObj(Seed::of).toList();
  }

  // ---- Bytes

  private static void round(int executors) throws IOException {
    ModelRecipe recipe = TinyRuns.recipe(Files.createTempDirectory("scale"));
    NotedJudge judge = new NotedJudge(Files.createTempDirectory("scale").toString());
    Map<String, LongAdder> moved = new ConcurrentSkipListMap<>();
    try (JavaSparkContext spark = cluster(executors, 1);
        SparkCarrier carrier =
            SparkCarrier.of(
                spark,
                TinyAlignment.setup(recipe, judge),
                SparkCarrier.Options.defaults().withRowsPerTask(2))) {
      RowCarrier counting =
          (cargo, taker) -> {
            cargo.adapters().forEach(each -> count(moved, "adapter out", each.bytes().length));
            cargo
                .rows()
                .forEach(row -> count(moved, kind(row) + " out", RowFormat.write(row).length));
            carrier.carry(
                cargo,
                result -> {
                  count(moved, kind(result) + " back", RowFormat.write(result).length);
                  taker.accept(result);
                });
          };
      long before = System.nanoTime();
      byte[] lora = TinyAlignment.on(RowDriver.of(counting), recipe, judge);
      say(
          "executors %d, three rounds: %.1f s, LoRA of %d bytes, hash %08x",
          executors, (System.nanoTime() - before) / 1e9, lora.length, Arrays.hashCode(lora));
    }
    moved.forEach((what, bytes) -> say("%s: %d bytes", what, bytes.sum()));
  }

  private static void count(Map<String, LongAdder> moved, String what, long bytes) {
    moved.computeIfAbsent(what, w -> new LongAdder()).add(bytes);
  }

  private static String kind(WorkRow row) {
    return row.getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }

  private static String kind(ResultRow row) {
    return row.gradient().isPresent()
        ? "gradient"
        : row.image().isPresent() ? "sample" : row.judgement().isPresent() ? "judge" : "score";
  }

  private static void sizes() {
    Map<Integer, Integer> sizes = new TreeMap<>();
    for (int side : new int[] {16, 64, 256, 512}) {
      Image image = Image.filled(side, side, 0.1f, 0.2f, 0.3f);
      WorkRow row =
          new WorkRow.Judge(
              new WorkRow.Label("", 0, 0),
              new ImageGroup(Prompt.of("a red cat"), List.of(image, image)),
              RUBRIC,
              "0".repeat(64));
      sizes.put(side, RowFormat.write(row).length);
    }
    sizes.forEach((side, bytes) -> say("two images of %d x %d: %d bytes", side, side, bytes));
  }

  // ---- Spark

  private static JavaSparkContext cluster(int executors, int cores) {
    SparkConf conf =
        new SparkConf()
            .setMaster(String.format(Locale.ROOT, "local-cluster[%d,%d,1024]", executors, cores))
            .setAppName("scale")
            .set("spark.ui.enabled", "false")
            .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .set(
                "spark.executor.extraJavaOptions",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error -XX:+UseSerialGC");
    if (cores > 1) {
      conf.set("spark.executor.cores", Integer.toString(cores));
    }
    JavaSparkContext spark = new JavaSparkContext(SparkSettings.threads(conf, 1));
    ClusterSpark.awaitExecutors(spark, executors);
    return spark;
  }
}
