package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;

class RowOracleTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final BigDecimal CENT = new BigDecimal("0.01");

  @TempDir private Path folder;
  private NotedJudge judge;
  private RowWorker worker;

  @BeforeEach
  void open() {
    judge = new NotedJudge(folder.resolve("notes").toString(), 0);
    worker = RowWorker.open(RowSetup.none().withOracle(judge).withQuestions(2), "worker");
  }

  @AfterEach
  void close() {
    worker.close();
  }

  static List<ImageGroup> groups(int count) {
    return IntStream.range(0, count).mapToObj(i -> group("p" + i, i)).toList();
  }

  static ImageGroup group(String prompt, int of) {
    float grey = (of % 7 + 1) / 10f;
    return new ImageGroup(
        Prompt.of(prompt),
        List.of(
            Image.filled(2, 2, grey, grey, 0.5f), Image.filled(2, 2, 1 - grey, 1 - grey, 0.5f)));
  }

  private RowOracle oracle(RowDriver driver) {
    return RowOracle.of(driver, judge);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void partitionsGiveTheJudgementsOfTheJudgeItself(int partitions) {
    List<Judgement> expected = judge.open().rank(groups(11), RUBRIC);
    RowDriver driver = RowDriver.of(LocalCarrier.of(worker, partitions)).window(4);
    assertThat(oracle(driver).rank(groups(11), RUBRIC)).isEqualTo(expected);
  }

  @Test
  void anotherOrderAndRepeatedRowsChangeNothing() {
    List<Judgement> expected = judge.open().rank(groups(11), RUBRIC);
    RowDriver driver = RowDriver.of(new RoughCarrier(worker, 1));
    assertThat(oracle(driver).rank(groups(11), RUBRIC)).isEqualTo(expected);
  }

  @Test
  void whatIsKeptIsNotAskedAgainAndCostsNothing() {
    RowDriver driver =
        RowDriver.of(LocalCarrier.of(worker, 2)).keeping(RowStore.in(folder.resolve("kept")));
    List<Judgement> first = oracle(driver).rank(groups(5), RUBRIC);
    List<Judgement> second = oracle(driver).rank(groups(6), RUBRIC);
    assertThat(judge.answered()).containsExactlyInAnyOrder("p0", "p1", "p2", "p3", "p4", "p5");
    assertThat(second.get(4).ranking()).isEqualTo(first.get(4).ranking());
    assertThat(second)
        .extracting(Judgement::usage)
        .startsWith(Usage.NONE)
        .endsWith(NotedJudge.USAGE);
  }

  @Test
  void aDamagedKeptAnswerIsPutAsideAndAskedForAgain() throws IOException {
    Path kept = folder.resolve("kept");
    RowDriver driver = RowDriver.of(LocalCarrier.of(worker, 1)).keeping(RowStore.in(kept));
    List<Judgement> first = oracle(driver).rank(groups(2), RUBRIC);
    List<Path> files;
    try (Stream<Path> walk = Files.walk(kept)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    byte[] bytes = Files.readAllBytes(files.get(0));
    bytes[40] ^= 1;
    Files.write(files.get(0), bytes);
    assertThat(oracle(driver).rank(groups(2), RUBRIC))
        .extracting(Judgement::ranking)
        .isEqualTo(first.stream().map(Judgement::ranking).toList());
    assertThat(judge.answered()).hasSize(3);
    assertThat(files.get(0).resolveSibling(files.get(0).getFileName() + ".damaged")).exists();
  }

  @Test
  void aGroupThatStandsTwiceIsAskedAboutOnceAndPaidOnce() {
    ImageGroup same = group("p", 1);
    List<Judgement> judgements =
        oracle(RowDriver.of(LocalCarrier.of(worker, 1))).rank(List.of(same, same), RUBRIC);
    assertThat(judge.answered()).hasSize(1);
    assertThat(judgements)
        .extracting(Judgement::usage)
        .containsExactly(NotedJudge.USAGE, Usage.NONE);
    assertThat(judgements.get(1).ranking()).isEqualTo(judgements.get(0).ranking());
  }

  @Test
  void aRefusalIsAMissingJudgementThatCostsAndIsNotKept() {
    RowStore store = RowStore.in(folder.resolve("kept"));
    try (RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowDriver driver = RowDriver.of(LocalCarrier.of(worker, 1)).keeping(store).counting(costs);
      List<ImageGroup> groups = List.of(group("refuse", 1), group("p", 2));
      List<Judgement> judgements = oracle(driver).rank(groups, RUBRIC);
      assertThat(judgements.get(0).missingReason()).isEqualTo("refused");
      assertThat(judgements.get(1).isMissing()).isFalse();
      assertThat(costs.spent()).isEqualByComparingTo("0.02");
      assertThat(oracle(driver).rank(groups, RUBRIC).get(0).missingReason()).isEqualTo("refused");
      assertThat(costs.spent()).isEqualByComparingTo("0.03");
    }
  }

  @Test
  void aJudgeThatThrowsGivesMissingRowsAndIsNotAskedFurther() {
    RowWorker single = RowWorker.open(RowSetup.none().withOracle(judge), "single");
    List<Judgement> judgements =
        oracle(RowDriver.of(LocalCarrier.of(single, 1)))
            .rank(List.of(group("p", 1), group("throw", 1), group("q", 2)), RUBRIC);
    single.close();
    assertThat(judgements.get(0).isMissing()).isFalse();
    assertThat(judgements.get(1).missingReason()).contains("no credit");
    assertThat(judgements.get(2).missingReason()).contains("not asked").contains("no credit");
    assertThat(judge.answered()).containsExactly("p");
  }

  @Test
  void everyAnswerIsCountedOnceHoweverOftenItArrives() {
    RowCarrier twice =
        (cargo, taker) ->
            LocalCarrier.of(worker, 2)
                .carry(
                    cargo,
                    result -> {
                      taker.accept(result);
                      taker.accept(result);
                    });
    Path file = folder.resolve("costs.jsonl");
    try (RowCosts costs = RowCosts.open(file)) {
      List<Judgement> unused = oracle(RowDriver.of(twice).counting(costs)).rank(groups(5), RUBRIC);
      assertThat(costs.spent()).isEqualByComparingTo("0.05");
      assertThat(costs.usage()).isEqualTo(new Usage(5, 500, 0, 50));
    }
    try (RowCosts again = RowCosts.open(file)) {
      assertThat(again.spent()).isEqualByComparingTo("0.05");
      assertThat(again.answers()).isEqualTo(5);
    }
  }

  @Test
  void aSecondAnswerToARowIsASecondCost() {
    try (RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowDriver driver = RowDriver.of(new RoughCarrier(worker, 2)).counting(costs);
      List<Judgement> unused = oracle(driver).rank(groups(10), RUBRIC);
      assertThat(judge.answered()).hasSize(15); // five rows were carried twice
      assertThat(costs.spent()).isEqualByComparingTo("0.15");
    }
  }

  @Test
  void sharesThatAreNotUsedUpAreReturned() {
    try (RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      // A question may cost 4 cents and costs 1: 10 cents give 2 shares, then 2, 1, 1, 1 and no
      // more.
      RowBudget budget = RowBudget.of(new BigDecimal("0.10"), new BigDecimal("0.04"), costs);
      RowDriver driver = RowDriver.of(LocalCarrier.of(worker, 1)).within(budget);
      List<Judgement> judgements = oracle(driver).rank(groups(20), RUBRIC);
      assertThat(judgements.stream().filter(j -> !j.isMissing())).hasSize(7);
      assertThat(judgements.get(7).missingReason())
          .isEqualTo(
              "not asked: of the budget of 0.10, 0.03 is left, and a question may cost 0.04");
      assertThat(costs.spent()).isEqualByComparingTo("0.07");
      assertThat(budget.left()).isEqualByComparingTo("0.03");
    }
  }

  @Test
  void aLostShareCountsAsSpent() {
    try (RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowBudget budget = RowBudget.of(BigDecimal.ONE, CENT, costs);
      RowCarrier losing =
          (cargo, taker) -> {
            // The first row is lost, given out again and lost again; the others are answered.
            assertThat(cargo.mayRepeat().test(cargo.rows().get(0))).isTrue();
            worker.run(cargo.rows().subList(1, cargo.rows().size()), 1, taker);
          };
      List<Judgement> judgements =
          oracle(RowDriver.of(losing).within(budget)).rank(groups(4), RUBRIC);
      assertThat(judgements.get(0).isMissing()).isTrue();
      assertThat(costs.spent()).isEqualByComparingTo("0.03");
      assertThat(costs.lost()).isEqualByComparingTo("0.02");
      assertThat(budget.left()).isEqualByComparingTo("0.95");
    }
  }

  @Test
  void aRowIsNotRepeatedWithoutMoney() {
    try (RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowBudget budget = RowBudget.of(new BigDecimal("0.02"), CENT, costs);
      RowCarrier losing =
          (cargo, taker) -> assertThat(cargo.mayRepeat().test(cargo.rows().get(0))).isFalse();
      List<Judgement> judgements =
          oracle(RowDriver.of(losing).within(budget)).rank(groups(2), RUBRIC);
      assertThat(judgements).allMatch(Judgement::isMissing);
      assertThat(costs.lost()).isEqualByComparingTo("0.02");
    }
  }

  @Test
  void workersThatShareTheirAnswersAskNothingTwice() {
    RowSetup setup =
        RowSetup.none().withOracle(judge).withAnswers(folder.resolve("answers").toString());
    try (RowWorker first = RowWorker.open(setup, "first");
        RowWorker second = RowWorker.open(setup, "second");
        RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      // The first is killed before the driver hears of its answers.
      RowCarrier killed =
          (cargo, taker) -> {
            first.run(cargo.rows().subList(0, 3), 1, result -> {});
            second.run(cargo.rows(), 2, taker);
          };
      List<Judgement> judgements =
          oracle(RowDriver.of(killed).counting(costs)).rank(groups(5), RUBRIC);
      assertThat(judge.answered()).hasSize(5);
      assertThat(judgements).noneMatch(Judgement::isMissing);
      assertThat(costs.spent()).isEqualByComparingTo("0.05");
    }
  }
}
