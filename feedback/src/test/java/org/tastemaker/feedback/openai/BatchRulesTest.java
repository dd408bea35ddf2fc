package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.server.LoopbackServer;

/** Limits, budget, cancellation, and what is asked live. */
class BatchRulesTest {
  @TempDir Path folder;

  @Test
  void batchesKeepToTheLimitsOfRequestsAndBytes() throws Exception {
    BatchWorld byCount = new BatchWorld(folder.resolve("count"), Protocol.listwise(2));
    try (LoopbackServer server = clean(byCount).start();
        ChatGptOracle oracle = byCount.oracle(server)) {
      byCount
          .annotation(oracle, o -> o.withLiveFirst(0).withMostRequests(5))
          .build()
          .run(BatchWorld.groups(6));
      assertThat(server.batches()).as("12 questions, 5 at most").isEqualTo(3);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(server.billed());
    }
    BatchWorld bySize = new BatchWorld(folder.resolve("size"), Protocol.listwise(2));
    try (LoopbackServer server = clean(bySize).start();
        ChatGptOracle oracle = bySize.oracle(server)) {
      bySize
          .annotation(oracle, o -> o.withLiveFirst(0).withMostBytes(10_000))
          .build()
          .run(BatchWorld.groups(6));
      assertThat(server.batches()).isBetween(3, 6);
      assertThat(server.billed().requests()).isEqualTo(12);
    }
    assertThat(bySize.judgements()).isEqualTo(byCount.judgements());
  }

  @Test
  void aQuestionThatNoFileHasRoomForIsSaidToBeTooLarge() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server = clean(world).start();
        ChatGptOracle oracle = world.oracle(server)) {
      assertThatThrownBy(
              () ->
                  world
                      .annotation(oracle, o -> o.withLiveFirst(0).withMostBytes(1024))
                      .build()
                      .run(BatchWorld.groups(2)))
          .hasMessageContaining("show smaller images");
      assertThat(server.requests()).isZero();
    }
  }

  @Test
  void nothingIsHandedOverThatDoesNotFitTheBudgetAndALargerOneGoesOn() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server = clean(world).start()) {
      try (ChatGptOracle poor =
          world
              .builder(server.baseUrl())
              .time(world.time(), world.time())
              .budget(Budget.ofRequests(7))
              .build()) {
        assertThatThrownBy(
                () ->
                    world
                        .annotation(poor, o -> o.withLiveFirst(0).withMostRequests(4))
                        .build()
                        .run(BatchWorld.groups(6)))
            .isInstanceOf(FeedbackException.BudgetExhausted.class);
        assertThat(server.billed().requests()).as("one batch fits").isEqualTo(4);
        assertThat(poor.ledger().totals().usage()).isEqualTo(server.billed());
      }
      try (ChatGptOracle rich = world.oracle(server)) {
        BatchReport report =
            world.annotation(rich, o -> o.withLiveFirst(0)).build().run(BatchWorld.groups(6));
        assertThat(report.open()).isZero();
        assertThat(server.billed().requests()).isEqualTo(12);
        assertThat(rich.ledger().totals().usage()).isEqualTo(server.billed());
      }
    }
    assertThat(world.judgements()).hasSize(6);
  }

  @Test
  void aCancelledRunLeavesItsBatchAtTheServerAndTheNextRunTakesItUp() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server = clean(world).start();
        ChatGptOracle oracle = world.oracle(server)) {
      Cancellation cancellation = new Cancellation();
      assertThatThrownBy(
              () ->
                  world
                      .annotation(oracle, o -> o.withLiveFirst(0))
                      .cancellation(cancellation)
                      .listener(
                          event -> {
                            if (event instanceof RunEvent.Progress progress
                                && progress.activity().equals("batch")) {
                              cancellation.cancel();
                            }
                          })
                      .build()
                      .run(BatchWorld.groups(3)))
          .isInstanceOf(CancellationException.class);
      assertThat(oracle.ledger().totals().inFlight()).isEqualTo(1);
      world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(BatchWorld.groups(3));
      assertThat(server.batches()).isEqualTo(1);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(server.billed());
      assertThat(oracle.ledger().totals().inFlight()).isZero();
    }
    assertThat(world.judgements()).hasSize(3);
  }

  @Test
  void theFirstQuestionIsAskedLiveSoThatALessonCostsNoBatch() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server = clean(world).rejects("temperature").start();
        ChatGptOracle oracle = world.oracle(server)) {
      BatchReport report = world.annotation(oracle, o -> o).build().run(BatchWorld.groups(4));
      assertThat(report.open()).isZero();
      assertThat(report.rounds()).isEqualTo(1);
      assertThat(server.billed().requests()).isEqualTo(8);
      Ledger.Totals spent = oracle.ledger().totals();
      assertThat(spent.usage()).isEqualTo(server.billed());
      assertThat(spent.cost())
          .isGreaterThan(BatchWorld.halfOf(server.billed()))
          .isLessThan(BatchWorld.fullOf(server.billed()));
    }
  }

  @Test
  void aBatchWhoseLinesAreAllRejectedTeachesTheNextOne() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server = clean(world).rejects("temperature", "json_schema").start();
        ChatGptOracle oracle = world.oracle(server)) {
      BatchReport report =
          world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(BatchWorld.groups(4));
      assertThat(report.open()).isZero();
      assertThat(report.rounds()).isEqualTo(2);
      assertThat(server.billed().requests()).isEqualTo(8);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(server.billed());
    }
  }

  @Test
  void everyCallCarriesTheKeyAndNoFileHoldsIt() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server = clean(world).key(Fixtures.KEY).start();
        ChatGptOracle oracle =
            world
                .builder(server.baseUrl())
                .apiKey(Fixtures.KEY)
                .time(world.time(), world.time())
                .build()) {
      BatchReport report =
          world
              .annotation(oracle, o -> o.withRounds(1).withMostRequests(4))
              .build()
              .run(BatchWorld.groups(4));
      assertThat(report.open()).isZero();
      assertThat(server.files()).isZero();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file)).doesNotContain(Fixtures.KEY);
      }
    }
  }

  @Test
  void aModelThatIsNotKnownStopsTheRun() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server = clean(world).models("another").start();
        ChatGptOracle oracle = world.oracle(server)) {
      for (int first : new int[] {0, 1}) {
        assertThatThrownBy(
                () ->
                    world
                        .annotation(oracle, o -> o.withLiveFirst(first))
                        .build()
                        .run(BatchWorld.groups(2)))
            .isInstanceOf(FeedbackException.InvalidRequest.class)
            .hasMessageContaining("the model is not known there");
      }
      assertThat(oracle.ledger().totals().usage().requests()).isZero();
    }
    assertThat(world.judgements()).isEmpty();
  }

  @Test
  void whatRemainsCanBeAskedLiveAndNothingIsPaidTwice() throws Exception {
    BatchWorld live = new BatchWorld(folder.resolve("live"), Protocol.activePairs(5));
    try (LoopbackServer server = clean(live).start();
        ChatGptOracle oracle = live.oracle(server)) {
      AnnotationJob.builder(live.dataset(), oracle, Greys.RUBRIC, oracle.settings())
          .build()
          .run(BatchWorld.groups(3));
    }
    BatchWorld world = new BatchWorld(folder.resolve("batch"), Protocol.activePairs(5));
    try (LoopbackServer server = clean(world).start();
        ChatGptOracle oracle = world.oracle(server)) {
      BatchReport report =
          world
              .annotation(oracle, o -> o.withLiveFirst(0).withRounds(1))
              .liveRest(true)
              .build()
              .run(BatchWorld.groups(3));
      assertThat(report.open()).isZero();
      assertThat(report.rounds()).isEqualTo(1);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(server.billed());
      assertThat(world.answers()).isEqualTo(live.answers());
    }
    assertThat(world.judgements()).isEqualTo(live.judgements());
  }

  @Test
  void withoutRoundsLeftTheRestStaysOpenAndTheNextRunGoesOn() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.activePairs(5));
    try (LoopbackServer server = clean(world).start();
        ChatGptOracle oracle = world.oracle(server)) {
      BatchAnnotation oneRound =
          world.annotation(oracle, o -> o.withLiveFirst(0).withRounds(1)).build();
      assertThat(oneRound.run(BatchWorld.groups(2)).open()).isEqualTo(2);
      int runs = 1;
      while (oneRound.run(BatchWorld.groups(2)).open() > 0) {
        runs++;
      }
      assertThat(runs).isGreaterThan(1);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(server.billed());
    }
    assertThat(world.judgements()).hasSize(2);
  }

  @Test
  void aStateThatCannotBeReadIsNamedBeforeAnythingIsSent() throws Exception {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    Path part = Files.createDirectories(world.batches().resolve("tm-1"));
    Files.writeString(part.resolve("batch.json"), "{\"format\":");
    try (LoopbackServer server = clean(world).start();
        ChatGptOracle oracle = world.oracle(server)) {
      assertThatThrownBy(() -> world.annotation(oracle, o -> o).build().run(BatchWorld.groups(2)))
          .hasMessageContaining("batch.json");
      assertThat(server.requests()).isZero();
    }
  }

  @Test
  void anOracleWithoutAFolderForAnswersIsRefusedWithTheWayOut() {
    try (ChatGptOracle oracle =
        ChatGptOracle.builder().baseUrl("http://localhost/v1").withoutApiKey().model("m").build()) {
      assertThatThrownBy(
              () ->
                  BatchAnnotation.builder(folder.resolve("d.jsonl"), oracle, Greys.RUBRIC).build())
          .hasMessageContaining("cache(...)");
    }
  }

  private static LoopbackServer.Builder clean(BatchWorld world) {
    return LoopbackServer.builder(BatchWorld.judge())
        .time(world.time(), world.time())
        .batchStep(Duration.ofHours(1));
  }
}
