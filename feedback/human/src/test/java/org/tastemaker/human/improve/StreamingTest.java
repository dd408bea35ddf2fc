package org.tastemaker.human.improve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.LineLog;
import org.tastemaker.human.web.Reply;

/** Images are seen as they are made, and only those are made that somebody waits for. */
class StreamingTest {
  @TempDir private Path folder;

  private final FakePainter painter = new FakePainter();

  @Test
  void imagesAppearOneByOneInTheOrderOfTheirPlaces() {
    Semaphore permits = painter.slowly();
    try (Visit visit = Visit.open(folder, painter)) {
      assertThat(Visit.places(visit.state())).isEmpty();
      permits.release(); // the start
      for (int there = 1; there <= 6; there++) {
        permits.release();
        assertThat(Visit.places(until(visit, there)))
            .isEqualTo(List.of(0, 1, 2, 3, 4, 5).subList(0, there));
      }
    }
  }

  @Test
  void aClickBeforeAllImagesAreThereCancelsTheOthers() {
    Semaphore permits = painter.slowly();
    try (Visit visit = Visit.open(folder, painter)) {
      permits.release(3); // the start and two probes
      JsonObject two = until(visit, 2);
      Reply reply = visit.answer(two, "ranked", List.of(List.of(1)));
      assertThat(reply.status()).isEqualTo(200);
      while (painter.cancelled() == 0) {
        Visit.pause();
      }
      permits.release(100);
      JsonObject steps = visit.whole();

      assertThat(steps.text("kind")).isEqualTo("steps");
      assertThat(painter.cancelled()).isEqualTo(1);
      assertThat(painter.painted()).hasSize(3 + 4);
    }
  }

  @Test
  void whatWasNotThereYetIsMissingFromTheAnswerAndNotTheWorst() {
    Semaphore permits = painter.slowly();
    try (Visit visit = Visit.open(folder, painter)) {
      permits.release(3);
      Reply unused = visit.answer(until(visit, 2), "ranked", List.of(List.of(1)));
      permits.release(100);
    }

    String line = LineLog.read(folder.resolve("answers.jsonl")).lines().get(0);
    Click click = Click.of(Json.parseObject(line, "the line"));
    Walk walk = new Walk(painter.start(), Over.NOISE.search(), Seed.of(7));
    assertThat(click.seen()).containsExactly(0, 1);
    assertThat(click.ranking(walk.question()).missing()).hasSize(4);
  }

  @Test
  void theTimeFromAClickToTheFirstNewImageIsMeasured() {
    AtomicLong time = new AtomicLong();
    try (Visit visit = Visit.open(folder, painter, Visit.CLOCK, time::get)) {
      assertThat(visit.whole().has("last")).isFalse();
      Semaphore permits = painter.slowly();
      Reply unused = visit.answer(visit.whole(), "ranked", List.of(List.of(0)));
      time.addAndGet(420_000_000);
      permits.release();
      JsonObject first = until(visit, 3); // the best probe and the current point were there
      time.addAndGet(1_000_000_000);
      permits.release(100);

      assertThat(first.integer("last")).isEqualTo(420);
      assertThat(visit.whole().integer("last")).isEqualTo(420);
      assertThat(visit.state().integer("median")).isEqualTo(420);
    }
  }

  @Test
  void theMedianIsOfAllClicksAndAnUndoWithoutNewImagesIsNone() {
    AtomicLong time = new AtomicLong();
    Latency latency = new Latency(time::get);
    for (long millis : new long[] {300, 500, 100}) {
      latency.clicked(time.get());
      time.addAndGet(millis * 1_000_000);
      latency.arrived();
      latency.arrived();
    }
    latency.clicked(time.get());
    latency.nothingNew();
    latency.arrived();

    assertThat(latency.count()).isEqualTo(3);
    assertThat(latency.last()).hasValue(100);
    assertThat(latency.median()).hasValue(300);
  }

  @Test
  void aPainterThatFailsIsSaidAndTheImageCanBeTriedAgain() {
    painter.fail(new IllegalStateException("out of <memory>"));
    try (Visit visit = Visit.open(folder, painter)) {
      while (!visit.state().has("trouble")) {
        Visit.pause();
      }
      assertThat(visit.state().text("trouble")).isEqualTo("out of <memory>");
      painter.fail(null);
      Reply retried = visit.post("/api/retry", Map.of());

      assertThat(retried.status()).isEqualTo(200);
      assertThat(visit.whole().has("trouble")).isFalse();
    }
  }

  @Test
  void aRunWhosePainterHasFailedCanStillBeSkippedAndUndone() {
    try (Visit visit = Visit.open(folder, painter)) {
      visit.click(1);
      JsonObject whole = visit.whole();
      painter.fail(new IllegalStateException("no"));
      Reply unused = visit.answer(whole, "skip", List.of());
      while (!visit.state().has("trouble")) {
        Visit.pause();
      }
      painter.fail(null);

      assertThat(visit.undo(visit.state()).status()).isEqualTo(200);
      assertThat(visit.whole().has("trouble")).isFalse();
    }
  }

  @Test
  void theStateIsAnsweredAtOnceIfItIsNewerThanWhatThePageKnows() {
    try (Visit visit = Visit.open(folder, painter)) {
      Reply reply = visit.get("/api/state");

      assertThat(new String(reply.body(), StandardCharsets.UTF_8)).contains("\"version\":");
    }
  }

  private static JsonObject until(Visit visit, int images) {
    JsonObject state = visit.state();
    while (Visit.places(state).size() < images) {
      Visit.pause();
      state = visit.state();
    }
    return state;
  }
}
