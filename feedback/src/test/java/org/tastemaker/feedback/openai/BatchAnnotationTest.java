package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.server.BatchFault;
import org.tastemaker.feedback.server.LoopbackServer;

/** Annotation by batch, against a server whose time is the test's. */
class BatchAnnotationTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(WireFormat.class)
  void theDatasetIsThatOfALiveJobAtHalfThePrice(WireFormat format) throws Exception {
    BatchWorld live = new BatchWorld(folder.resolve("live"), Protocol.listwise(2)).with(format);
    try (LoopbackServer server = live.server();
        ChatGptOracle oracle = live.oracle(server)) {
      AnnotationJob.builder(live.dataset(), oracle, Greys.RUBRIC, oracle.settings())
          .build()
          .run(BatchWorld.groups(12));
    }
    BatchWorld batch = new BatchWorld(folder.resolve("batch"), Protocol.listwise(2)).with(format);
    try (LoopbackServer server = batch.server();
        ChatGptOracle oracle = batch.oracle(server)) {
      BatchReport report =
          batch.annotation(oracle, o -> o.withLiveFirst(0)).build().run(BatchWorld.groups(12));
      assertThat(report.judged()).isEqualTo(12);
      assertThat(report.open()).isZero();
      assertThat(report.rounds()).as("first and second attempts").isEqualTo(2);
      assertThat(server.batches()).isEqualTo(2).isEqualTo(report.batches());
      assertThat(server.files()).as("left at the server").isZero();
      Ledger.Totals spent = oracle.ledger().totals();
      assertThat(spent.usage()).isEqualTo(server.billed());
      assertThat(spent.cost()).isEqualByComparingTo(BatchWorld.halfOf(server.billed()));
      assertThat(spent.unknown()).isZero();
      assertThat(spent.inFlight()).isZero();
    }
    assertThat(batch.judgements()).isEqualTo(live.judgements()).hasSize(12);
    assertThat(batch.answers()).isEqualTo(live.answers());
    try (Stream<Path> left = Files.list(batch.batches())) {
      assertThat(left.filter(Files::isDirectory).toList()).isEmpty();
    }
  }

  @Test
  void questionsThatFollowFromAnswersMakeTheNextRounds() throws Exception {
    BatchWorld live = new BatchWorld(folder.resolve("live"), Protocol.activePairs(5));
    try (LoopbackServer server = live.server();
        ChatGptOracle oracle = live.oracle(server)) {
      AnnotationJob.builder(live.dataset(), oracle, Greys.RUBRIC, oracle.settings())
          .build()
          .run(BatchWorld.groups(6));
    }
    BatchWorld batch = new BatchWorld(folder.resolve("batch"), Protocol.activePairs(5));
    try (LoopbackServer server = batch.server();
        ChatGptOracle oracle = batch.oracle(server)) {
      BatchReport report =
          batch.annotation(oracle, o -> o.withRounds(20)).build().run(BatchWorld.groups(6));
      assertThat(report.rounds()).isGreaterThan(1);
      assertThat(oracle.ledger().totals().usage()).isEqualTo(server.billed());
    }
    assertThat(batch.judgements()).isEqualTo(live.judgements()).hasSize(6);
  }

  @ParameterizedTest
  @EnumSource(BatchFault.class)
  void whateverGoesWrongWithABatchTheDatasetIsThatOfALiveJobAndTheLedgerTheServersCount(
      BatchFault fault) throws Exception {
    BatchWorld live = new BatchWorld(folder.resolve("live"), Protocol.listwise(2));
    try (LoopbackServer server = live.server();
        ChatGptOracle oracle = live.oracle(server)) {
      AnnotationJob.builder(live.dataset(), oracle, Greys.RUBRIC, oracle.settings())
          .build()
          .run(BatchWorld.groups(6));
    }
    BatchWorld batch = new BatchWorld(folder.resolve("batch"), Protocol.listwise(2));
    try (LoopbackServer server = batch.server();
        ChatGptOracle oracle = batch.oracle(server)) {
      server.nextBatch(fault);
      List<ImageGroup> groups = BatchWorld.groups(6);
      BatchReport report = batch.annotation(oracle, o -> o.withLiveFirst(0)).build().run(groups);
      if (fault == BatchFault.CANCELLED) {
        assertThat(report.open()).isPositive();
        report = batch.annotation(oracle, o -> o.withLiveFirst(0)).build().run(groups);
      }
      assertThat(report.open()).as(report.toString()).isZero();
      Ledger.Totals spent = oracle.ledger().totals();
      Usage billed = server.billed();
      assertThat(spent.usage().requests()).isEqualTo(billed.requests());
      assertThat(spent.inFlight()).isZero();
      boolean unsaid =
          fault == BatchFault.WITHOUT_USAGE
              || fault == BatchFault.MISSING_LINES
              || fault == BatchFault.DAMAGED_LINES;
      assertThat(spent.unknown()).isEqualTo(unsaid ? 4 : 0);
      if (unsaid) {
        assertThat(spent.usage().inputTokens()).isGreaterThan(billed.inputTokens());
      } else {
        assertThat(spent.usage()).isEqualTo(billed);
      }
    }
    assertThat(batch.judgements()).isEqualTo(live.judgements()).hasSize(6);
    if (fault == BatchFault.WITHOUT_USAGE) { // an answer's file says what it says that it cost
      assertThat(batch.answers().keySet()).isEqualTo(live.answers().keySet());
    } else {
      assertThat(batch.answers()).isEqualTo(live.answers());
    }
  }
}
