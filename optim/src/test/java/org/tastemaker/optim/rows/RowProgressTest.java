package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.testing.HandClock;

class RowProgressTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");

  @TempDir private Path folder;

  /** Each part of 2 rows takes a second, and one of them ten. */
  private List<RunEvent> eventsOf(int questions, int slow) {
    NotedJudge judge = new NotedJudge(folder.resolve("notes").toString(), 0);
    HandClock clock = new HandClock(Instant.EPOCH);
    List<RunEvent> events = new ArrayList<>();
    try (RowWorker worker = RowWorker.open(RowSetup.none().withOracle(judge), "w")) {
      RowCarrier carrier =
          (cargo, taker) -> {
            RowQueue queue = RowQueue.of(cargo, 3, 1);
            try {
              for (int i = 0; ; i++) {
                RowQueue.Part part = queue.next(2);
                if (part.isEmpty()) {
                  return;
                }
                clock.pass(Duration.ofSeconds(i == slow ? 10 : 1));
                worker.run(
                    part.rows(),
                    1,
                    result -> {
                      boolean unused = part.done(result.row());
                      taker.accept(result);
                    });
                queue.finish(part);
              }
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          };
      RowDriver driver = RowDriver.of(carrier).listener(events::add, clock);
      List<ImageGroup> groups =
          IntStream.range(0, questions).mapToObj(RowProgressTest::group).toList();
      var unused = RowOracle.of(driver, judge).rank(groups, RUBRIC);
    }
    return events;
  }

  private static ImageGroup group(int i) {
    float grey = (i % 7 + 1) / 10f;
    return new ImageGroup(
        Prompt.of("p" + i),
        List.of(
            Image.filled(2, 2, grey, grey, 0.5f), Image.filled(2, 2, 1 - grey, 1 - grey, 0.5f)));
  }

  @Test
  void workersMoneyAndTheTimeThatIsLeftAreTold() {
    List<RunEvent> events = eventsOf(8, -1);
    assertThat(events.get(0))
        .isEqualTo(new RunEvent.Progress("judging on 1 worker, 0.01 spent, 7 s left", 1, 8));
    assertThat(events.get(events.size() - 1))
        .isEqualTo(new RunEvent.Progress("judging on 1 worker, 0.08 spent", 8, 8));
  }

  @Test
  void rowsThatTakeOverThreeTimesTheMedianAreNamed() {
    List<String> notices =
        eventsOf(20, 7).stream()
            .filter(RunEvent.Notice.class::isInstance)
            .map(event -> ((RunEvent.Notice) event).message())
            .toList();
    assertThat(notices)
        .singleElement()
        .asString()
        .startsWith(
            "judging 14 of round 0 (2 rows, prompt \"p14\", attempt 1) has taken 5.0 s a row")
        .contains("10.0 times the median of 0.5 s");
  }

  @Test
  void nothingIsNamedWhereAllRowsTakeAsLong() {
    assertThat(eventsOf(20, -1)).noneMatch(RunEvent.Notice.class::isInstance);
  }
}
