package org.tastemaker.optim.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.optim.rows.ModelRecipe;
import org.tastemaker.optim.rows.RowBudget;
import org.tastemaker.optim.rows.RowCargo;
import org.tastemaker.optim.rows.RowCosts;
import org.tastemaker.optim.rows.RowDriver;
import org.tastemaker.optim.rows.RowOracle;
import org.tastemaker.optim.rows.RowSetup;
import org.tastemaker.optim.rows.RowStore;
import org.tastemaker.optim.rows.WorkRow;

/** Rows on Spark, with the executor in this process: {@code local[2]}. */
class SparkCarrierTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private NotedJudge judge() {
    return new NotedJudge(folder.toString());
  }

  private static SparkCarrier carrier(RowSetup setup, int rowsPerTask) {
    return SparkCarrier.of(
        spark, setup, SparkCarrier.Options.defaults().withRowsPerTask(rowsPerTask));
  }

  @Test
  void theLoraIsTheSameByteForByteAsOnOneMachine() {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    byte[] expected = TinyAlignment.alone(recipe, judge());
    try (SparkCarrier carrier = carrier(TinyAlignment.setup(recipe, judge()), 3)) {
      assertThat(TinyAlignment.on(RowDriver.of(carrier), recipe, judge())).isEqualTo(expected);
    }
  }

  @Test
  void theLoraOfOneUpdateARoundIsTheSameToo() {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    byte[] expected = TinyAlignment.alone(recipe, judge(), TinyAlignment.ONE);
    RowSetup setup = TinyAlignment.setup(recipe, judge()).withLoss(TinyAlignment.ONE.loss());
    try (SparkCarrier carrier = carrier(setup, 3)) {
      RowDriver driver = RowDriver.of(carrier);
      assertThat(TinyAlignment.on(driver, recipe, judge(), TinyAlignment.ONE)).isEqualTo(expected);
    }
  }

  @Test
  void rowsOfAnotherLossAreRefusedBeforeAnythingIsComputed() {
    ModelRecipe recipe = TinyRuns.recipe(folder);
    RowSetup setup = TinyAlignment.setup(recipe, judge()).withLoss(TinyAlignment.ONE.loss());
    try (SparkCarrier carrier = carrier(setup, 3)) {
      RowDriver driver = RowDriver.of(carrier);
      assertThatThrownBy(() -> TinyAlignment.on(driver, recipe, judge()))
          .hasMessageContaining("a row needs the loss");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 50})
  void partitionsGiveTheJudgementsOfTheJudgeItselfInOrder(int rowsPerTask) {
    List<Judgement> expected = judge().open().rank(NotedJudge.groups(11), RUBRIC);
    try (SparkCarrier carrier = carrier(RowSetup.none().withOracle(judge()), rowsPerTask)) {
      RowDriver driver = RowDriver.of(carrier).window(8);
      assertThat(RowOracle.of(driver, judge()).rank(NotedJudge.groups(11), RUBRIC))
          .isEqualTo(expected);
    }
  }

  @Test
  void allTasksOfAProcessShareOneWorker() {
    try (SparkCarrier carrier = carrier(RowSetup.none().withOracle(judge()), 1)) {
      RowOracle oracle = RowOracle.of(RowDriver.of(carrier), judge());
      assertThat(oracle.rank(NotedJudge.groups(10), RUBRIC)).hasSize(10);
      assertThat(oracle.rank(NotedJudge.groups(12), RUBRIC)).hasSize(12);
    }
    assertThat(judge().notes("opened")).hasSize(1);
  }

  @Test
  void aFailedJudgementIsAMissingRowAndTheOthersOfItsTaskAreThere() {
    List<ImageGroup> groups =
        List.of(NotedJudge.group("p", 1), NotedJudge.group("refuse", 2), NotedJudge.group("q", 3));
    try (SparkCarrier carrier = carrier(RowSetup.none().withOracle(judge()), 3)) {
      List<Judgement> judgements =
          RowOracle.of(RowDriver.of(carrier), judge()).rank(groups, RUBRIC);
      assertThat(judgements).extracting(Judgement::isMissing).containsExactly(false, true, false);
      assertThat(judgements.get(1).missingReason()).isEqualTo("refused");
    }
    assertThat(judge().answered()).containsExactly("p", "q");
  }

  @Test
  void costsAreCountedOnceAndKeptAnswersCostNothing() {
    try (SparkCarrier carrier = carrier(RowSetup.none().withOracle(judge()), 2);
        RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowDriver driver =
          RowDriver.of(carrier)
              .keeping(RowStore.in(folder.resolve("kept")))
              .within(RowBudget.of(BigDecimal.ONE, new BigDecimal("0.02"), costs));
      RowOracle oracle = RowOracle.of(driver, judge());
      List<Judgement> first = oracle.rank(NotedJudge.groups(9), RUBRIC);
      List<Judgement> second = oracle.rank(NotedJudge.groups(10), RUBRIC);
      assertThat(first).extracting(Judgement::usage).containsOnly(NotedJudge.USAGE);
      assertThat(second).extracting(Judgement::usage).contains(Usage.NONE, NotedJudge.USAGE);
      assertThat(costs.spent()).isEqualByComparingTo("0.10");
      assertThat(costs.lost()).isZero();
      assertThat(costs.answers()).isEqualTo(10);
    }
    assertThat(judge().answered()).hasSize(10);
  }

  @Test
  void answersOfOneProcessAreToldApartAfterItsWorkerWasClosed() {
    try (RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      for (int k = 0; k < 2; k++) {
        try (SparkCarrier carrier = carrier(RowSetup.none().withOracle(judge()), 2)) {
          RowDriver driver = RowDriver.of(carrier).counting(costs);
          assertThat(RowOracle.of(driver, judge()).rank(NotedJudge.groups(3), RUBRIC)).hasSize(3);
        }
      }
      assertThat(costs.spent()).isEqualByComparingTo("0.06");
    }
  }

  @Test
  void rowsOfAnotherJudgeAreRefusedBeforeAnythingIsAsked() {
    try (SparkCarrier carrier = carrier(RowSetup.none(), 2)) {
      RowOracle oracle = RowOracle.of(RowDriver.of(carrier), judge());
      assertThatThrownBy(() -> oracle.rank(NotedJudge.groups(1), RUBRIC))
          .hasMessageContaining("but the carrier's setup has none");
    }
    assertThat(judge().answered()).isEmpty();
  }

  @Test
  void whatFailsInATaskIsSaidAndTriedAloneAsOftenAsAllowed() {
    ModelRecipe gone = new ModelRecipe(folder.resolve("gone").toString(), "0".repeat(64), m -> m);
    List<String> asked = Collections.synchronizedList(new ArrayList<>());
    RowSetup setup = RowSetup.none().withOracle(judge()).withModel(gone);
    try (SparkCarrier carrier = carrier(setup, 2)) {
      RowCargo cargo =
          new RowCargo(
              rows(3),
              List.of(),
              row -> {
                asked.add(row.prompt().text());
                return row.prompt().text().equals("p1");
              });
      assertThatThrownBy(() -> carrier.carry(cargo, result -> {}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("1 of 3 rows could not be done")
          .hasMessageContaining("cannot read the model in " + folder.resolve("gone"));
    }
    // p1 may be repeated twice, after which it is given up unasked; the others may not.
    assertThat(asked).containsExactlyInAnyOrder("p0", "p1", "p1", "p2");
    assertThat(judge().answered()).isEmpty();
  }

  @Test
  void aTakerThatFailsEndsTheWork() {
    try (SparkCarrier carrier = carrier(RowSetup.none().withOracle(judge()), 1)) {
      RowCargo cargo = new RowCargo(rows(200), List.of(), row -> true);
      assertThatThrownBy(
              () ->
                  carrier.carry(
                      cargo,
                      result -> {
                        throw new IllegalStateException("the disk is full");
                      }))
          .hasMessage("the disk is full");
    }
    assertThat(judge().answered()).hasSizeLessThanOrEqualTo(64); // what was out already
  }

  private List<WorkRow> rows(int count) {
    List<WorkRow> rows = new ArrayList<>();
    for (ImageGroup group : NotedJudge.groups(count)) {
      rows.add(
          new WorkRow.Judge(new WorkRow.Label("", 0, rows.size()), group, RUBRIC, judge().hash()));
    }
    return rows;
  }

  @Test
  void aFactoryThatCannotBeSentIsRefused() {
    Object notSerializable = new Object();
    ModelRecipe recipe =
        new ModelRecipe(
            "model",
            "0".repeat(64),
            model -> model.with(model.options().withSteps(notSerializable.hashCode())));
    RowSetup setup = RowSetup.none().withModel(recipe);
    assertThatThrownBy(() -> carrier(setup, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the setup cannot be sent to executors");
  }
}
