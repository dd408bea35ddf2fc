package org.tastemaker.optim.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

/** Rows on two executor processes, some of which are killed: {@code local-cluster[2,1,2048]}. */
class SparkClusterTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final BigDecimal MOST = new BigDecimal("0.02"); // of a question that costs 0.01
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    spark = ClusterSpark.start(2);
  }

  @BeforeEach
  void awaitExecutors() {
    ClusterSpark.awaitExecutors(spark, 2); // those that a test has killed are replaced
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

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theLoraIsTheSameByteForByteOnTwoExecutorsOfWhichOneIsKilledIn(boolean update) {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    byte[] expected = TinyAlignment.alone(recipe, judge());
    RowSetup setup =
        TinyAlignment.setup(recipe, judge()).withAnswers(folder.resolve("answers").toString());
    // Each round has 12 images, 2 groups, 12 scores and 4 updates of 3 micro-batches.
    int last = update ? 12 + 4 : 12 + 5; // in the second round, in its second update
    AtomicInteger came = new AtomicInteger();
    List<String> workers = Collections.synchronizedList(new ArrayList<>());
    try (SparkCarrier carrier = carrier(setup, 2)) {
      RowCarrier killing =
          (cargo, taker) ->
              carrier.carry(
                  cargo,
                  result -> {
                    taker.accept(result);
                    boolean counts =
                        update ? result.gradient().isPresent() : result.image().isPresent();
                    workers.add(result.delivery().worker());
                    if (counts && came.incrementAndGet() == last) {
                      ClusterSpark.executor(result).destroyForcibly();
                    }
                  });
      assertThat(TinyAlignment.on(RowDriver.of(killing), recipe, judge())).isEqualTo(expected);
    }
    assertThat(came).hasValueGreaterThan(last);
    assertThat(new HashSet<>(workers)).hasSizeGreaterThan(1);
    // This one's, and those of the executors: each has opened one judge.
    assertThat(judge().processes("opened"))
        .hasSizeGreaterThan(2)
        .hasSameSizeAs(judge().notes("opened"));
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
