package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;

class RowWorkerTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");

  /** Answers the first question at once, and the others when they are let. */
  private record SlowJudge(CountDownLatch begun, CountDownLatch let, AtomicBoolean ended)
      implements OracleFactory {
    @Override
    public FeedbackOracle open() {
      return (groups, rubric) -> {
        if (groups.get(0).prompt().text().equals("p1")) {
          begun.countDown();
          await(let);
          ended.set(true);
        } else {
          await(begun);
        }
        return List.of(Judgement.missing(2, "none", "slow", Usage.NONE));
      };
    }

    @Override
    public Settings settings() {
      return Settings.none().with("judge", "slow");
    }

    @Override
    public BigDecimal cost(Usage usage) {
      return BigDecimal.ZERO;
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatHasBegunHasEndedWhenATakerFails() {
    SlowJudge judge =
        new SlowJudge(new CountDownLatch(1), new CountDownLatch(1), new AtomicBoolean());
    List<WorkRow> rows =
        IntStream.range(0, 9).mapToObj(i -> (WorkRow) row(judge, "p" + i, i)).toList();
    RowSetup setup = RowSetup.none().withOracle(judge).withQuestions(2);
    try (RowWorker worker = RowWorker.open(setup, "worker")) {
      assertThatThrownBy(
              () ->
                  worker.run(
                      rows,
                      1,
                      result -> {
                        judge.let().countDown(); // the second question goes on after this
                        throw new IllegalStateException("the disk is full");
                      }))
          .hasMessage("the disk is full");
      assertThat(judge.ended()).isTrue();
    }
  }

  private static WorkRow.Judge row(OracleFactory judge, String prompt, int index) {
    Image grey = Image.filled(2, 2, 0.5f, 0.5f, 0.5f);
    return new WorkRow.Judge(
        new WorkRow.Label("", 0, index),
        new ImageGroup(Prompt.of(prompt), List.of(grey, grey)),
        RUBRIC,
        judge.hash());
  }
}
