package org.tastemaker.optim.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;
import org.tastemaker.optim.rows.ModelRecipe;
import org.tastemaker.optim.rows.RowBudget;
import org.tastemaker.optim.rows.RowCarrier;
import org.tastemaker.optim.rows.RowCosts;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowOracle;
import org.tastemaker.optim.rows.RowSetup;

/**
 * Rows on two executor processes, some of which are killed: {@code local-cluster[2,1,1024]}, with
 * the other serializer that Spark has. The build says where Spark is "installed": a folder whose
 * jars come from the class path of the tests.
 */
class SparkClusterTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final BigDecimal MOST = new BigDecimal("0.02"); // of a question that costs 0.01
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws IOException {
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    spark =
        new JavaSparkContext(
            SparkSettings.threads(
                new SparkConf()
                    .setMaster("local-cluster[2,1,1024]")
                    .setAppName("rows")
                    .set("spark.ui.enabled", "false")
                    .set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                    .set("spark.executor.extraClassPath", classPath)
                    .set(
                        "spark.executor.extraJavaOptions",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error -XX:+UseSerialGC"
                            + " -XX:TieredStopAtLevel=1"), // they start sooner
                1));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private NotedJudge judge() {
    return new NotedJudge(folder.toString());
  }

  private RowSetup judging() {
    return RowSetup.none().withOracle(judge()).withAnswers(folder.resolve("answers").toString());
  }

  private static SparkCarrier carrier(RowSetup setup, int rowsPerTask) {
    return SparkCarrier.of(
        spark, setup, SparkCarrier.Options.defaults().withRowsPerTask(rowsPerTask));
  }

  @Test
  void theLoraIsTheSameByteForByteOnTwoExecutorsOfWhichOneIsKilledInARound() {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    byte[] expected = TinyAlignment.alone(recipe, judge());
    RowSetup setup = judging().withModel(recipe).withReward(new TinyAlignment.Redness());
    AtomicInteger came = new AtomicInteger();
    try (SparkCarrier carrier = carrier(setup, 2)) {
      RowCarrier killing =
          (cargo, taker) ->
              carrier.carry(
                  cargo,
                  result -> {
                    taker.accept(result);
                    if (came.incrementAndGet() == 30) { // in the second round of 26 rows
                      executor(result.delivery().worker()).destroyForcibly();
                    }
                  });
      assertThat(TinyAlignment.on(RowDriver.of(killing), recipe, judge())).isEqualTo(expected);
    }
    // This one's, and those of two executors at least: each has opened one judge.
    assertThat(judge().processes("opened"))
        .hasSizeGreaterThan(2)
        .hasSameSizeAs(judge().notes("opened"));
  }

  private static ProcessHandle executor(String worker) {
    List<String> parts = List.of(worker.split("-"));
    return ProcessHandle.of(Long.parseLong(parts.get(parts.size() - 3))).orElseThrow();
  }

  @Test
  void anExecutorThatIsLostInTheMiddleOfAPaidAnnotationLosesNothingAndAsksNothingTwice() {
    List<ImageGroup> groups = new ArrayList<>(NotedJudge.groups(11));
    groups.add(6, NotedJudge.group("halt", 3));
    List<Judgement> judgements;
    try (SparkCarrier carrier = carrier(judging(), 4);
        RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowBudget budget = RowBudget.of(BigDecimal.ONE, MOST, costs);
      judgements = RowOracle.of(RowDriver.of(carrier).within(budget), judge()).rank(groups, RUBRIC);
      assertThat(costs.spent()).isEqualByComparingTo("0.12");
      assertThat(costs.answers()).isEqualTo(12);
      // The four rows of the lost task have each taken a second share of the budget.
      assertThat(costs.lost()).isEqualByComparingTo("0.08");
    }
    assertThat(judge().notes("halted")).hasSize(1);
    assertThat(judge().answered()).doesNotHaveDuplicates().hasSize(12);
    assertThat(judgements).isEqualTo(judge().open().rank(groups, RUBRIC));
  }

  @Test
  void aRowThatMayNotBeRepeatedStaysMissingThoughSparkStartsItsTaskAgain() {
    try (SparkCarrier carrier = carrier(judging(), 1);
        RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowBudget budget = RowBudget.of(MOST, MOST, costs); // one question's
      List<Judgement> judgements =
          RowOracle.of(RowDriver.of(carrier).within(budget), judge())
              .rank(List.of(NotedJudge.group("halt", 3)), RUBRIC);
      assertThat(judgements.get(0).missingReason()).startsWith("not asked: of the budget of 0.02");
      assertThat(costs.lost()).isEqualByComparingTo("0.02");
    }
    assertThat(judge().notes("halted")).hasSize(1);
    assertThat(judge().answered()).isEmpty();
  }
}
