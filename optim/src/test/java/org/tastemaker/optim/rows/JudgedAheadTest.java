package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;

class JudgedAheadTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final BigDecimal CENT = new BigDecimal("0.01");

  @TempDir private Path folder;
  private NotedJudge judge;
  private RowWorker worker;

  @BeforeEach
  void open() {
    judge = new NotedJudge(folder.resolve("notes").toString(), 0);
    worker = RowWorker.open(RowSetup.none().withOracle(judge), "worker");
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private RowDriver driver() {
    return RowDriver.of(LocalCarrier.of(worker, 2)).keeping(RowStore.in(folder.resolve("kept")));
  }

  private JudgedAhead ahead() {
    return JudgedAhead.of(driver(), judge, RUBRIC).window(4);
  }

  /** What a job does: one question after the other. */
  private static List<Judgement> ask(JudgedAhead ahead, Iterable<ImageGroup> groups) {
    List<Judgement> judgements = new ArrayList<>();
    for (ImageGroup group : ahead.groups(groups)) {
      judgements.addAll(ahead.rank(List.of(group), RUBRIC));
    }
    return judgements;
  }

  @Test
  void theJudgementsAreThoseOfTheJudgeItselfWithTheirUsage() {
    List<ImageGroup> groups = RowOracleTest.groups(11);
    List<Judgement> expected = judge.open().rank(groups, RUBRIC);
    assertThat(ask(ahead(), groups)).isEqualTo(expected);
  }

  @Test
  void noMoreThanAWindowIsDrawnAhead() {
    List<ImageGroup> groups = RowOracleTest.groups(11);
    AtomicInteger drawn = new AtomicInteger();
    Iterable<ImageGroup> source =
        () -> groups.stream().peek(g -> drawn.getAndIncrement()).iterator();
    Iterator<ImageGroup> ready = ahead().groups(source).iterator();
    List<Integer> counts = new ArrayList<>();
    while (ready.hasNext()) {
      var unused = ready.next();
      counts.add(drawn.get());
    }
    // hasNext of a stream draws the next one.
    assertThat(counts).hasSize(11);
    for (int i = 0; i < counts.size(); i++) {
      assertThat(counts.get(i)).isLessThanOrEqualTo(Math.min(11, (i / 4 + 1) * 4 + 1));
    }
  }

  @Test
  void theNumberOfGroupsIsKnownWhereItWas() {
    assertThat((Collection<?>) ahead().groups(RowOracleTest.groups(11))).hasSize(11);
    assertThat(judge.answered()).as("nothing is asked for a number").isEmpty();
  }

  @Test
  void aSecondJobAsksNothingTwice() {
    Iterator<ImageGroup> killed = ahead().groups(RowOracleTest.groups(11)).iterator();
    var unused = killed.next();
    assertThat(judge.answered()).hasSize(4);
    assertThat(ask(ahead(), RowOracleTest.groups(11))).hasSize(11);
    assertThat(judge.answered()).hasSize(11).doesNotHaveDuplicates();
  }

  @Test
  void groupsThatTheJobSkipsAreNotAskedAbout() {
    List<ImageGroup> groups = RowOracleTest.groups(6);
    JudgedAhead ahead = ahead().skipping(group -> group.prompt().text().compareTo("p3") < 0);
    assertThat(ahead.groups(groups)).containsExactlyElementsOf(groups);
    assertThat(judge.answered()).containsExactlyInAnyOrder("p3", "p4", "p5");
  }

  @Test
  void aGroupThatIsAskedAboutLateIsLookedUp() {
    List<ImageGroup> groups = RowOracleTest.groups(9);
    JudgedAhead ahead = ahead();
    assertThat(ahead.groups(groups)).hasSize(9);
    for (ImageGroup group : ahead.groups(groups)) {
      assertThat(group).isNotNull(); // all windows are drawn before the first question
    }
    Judgement late = ahead.rank(List.of(groups.get(0)), RUBRIC).get(0);
    assertThat(late.isMissing()).isFalse();
    assertThat(late.usage()).isEqualTo(Usage.NONE);
    assertThat(judge.answered()).hasSize(9);
  }

  @Test
  void aRefusalIsAMissingJudgementButABudgetThatIsUsedUpEndsTheJob() {
    try (RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      RowDriver driver = driver().within(RowBudget.of(new BigDecimal("0.03"), CENT, costs));
      JudgedAhead ahead = JudgedAhead.of(driver, judge, RUBRIC).window(1);
      List<ImageGroup> groups = new ArrayList<>(RowOracleTest.groups(5));
      groups.add(0, RowOracleTest.group("refuse", 1));
      List<Judgement> given = new ArrayList<>();
      assertThatThrownBy(
              () -> {
                for (ImageGroup group : ahead.groups(groups)) {
                  given.addAll(ahead.rank(List.of(group), RUBRIC));
                }
              })
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("a group was not judged: not asked: of the budget of 0.03")
          .hasMessageContaining("Start the job again");
      assertThat(given).extracting(Judgement::isMissing).containsExactly(true, false, false);
    }
  }

  @Test
  void aDriverThatKeepsNothingIsRefused() {
    RowDriver forgetful = RowDriver.of(LocalCarrier.of(worker, 1));
    assertThatThrownBy(() -> JudgedAhead.of(forgetful, judge, RUBRIC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("RowDriver.keeping");
  }

  @Test
  void anotherRubricThanTheJobsIsRefused() {
    Rubric other = Rubric.of("dark", "1", "The darker image is better.");
    assertThatThrownBy(() -> ahead().rank(RowOracleTest.groups(1), other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("by the rubric bright, not dark");
  }
}
