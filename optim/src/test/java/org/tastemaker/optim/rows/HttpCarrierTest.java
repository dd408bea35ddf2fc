package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;

/** Rows over HTTP: with servers of this process, and with worker processes that are killed. */
class HttpCarrierTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "The brighter image is better.");
  private static final String SECRET = RowServerProgram.SECRET;

  @TempDir private Path folder;

  private NotedJudge judge(long millis) {
    return new NotedJudge(folder.resolve("notes").toString(), millis);
  }

  private static HttpCarrier carrier(int rows, URI... workers) {
    return HttpCarrier.to(
        List.of(workers), SECRET, HttpCarrier.Options.defaults().withRowsPerRequest(rows));
  }

  @Test
  void aKilledWorkerInTheMiddleOfAPaidAnnotationLosesNothingAndAsksNothingTwice() {
    NotedJudge judge = judge(20);
    List<ImageGroup> groups = RowOracleTest.groups(40);
    List<Judgement> expected =
        new NotedJudge(folder.resolve("other").toString(), 0).open().rank(groups, RUBRIC);
    Path answers = folder.resolve("answers");
    try (WorkerProcess first =
            WorkerProcess.judging(Path.of(judge.notes()), judge.millis(), 1, answers);
        WorkerProcess second =
            WorkerProcess.judging(Path.of(judge.notes()), judge.millis(), 1, answers);
        HttpCarrier http = carrier(5, first.uri(), second.uri());
        RowCosts costs = RowCosts.open(folder.resolve("costs.jsonl"))) {
      AtomicInteger came = new AtomicInteger();
      RowCarrier killing =
          (cargo, taker) ->
              http.carry(
                  cargo,
                  result -> {
                    taker.accept(result);
                    if (came.incrementAndGet() == 8) {
                      first.kill();
                    }
                  });
      RowDriver driver =
          RowDriver.of(killing).keeping(RowStore.in(folder.resolve("kept"))).counting(costs);
      List<Judgement> judgements = RowOracle.of(driver, judge).rank(groups, RUBRIC);
      assertThat(judgements).isEqualTo(expected); // each with the usage of one answer
      assertThat(came.get()).isEqualTo(40);
      // At the moment of its death the first had at most one question that it had noted, and
      // whose answer it had not kept yet.
      assertThat(judge.answered()).hasSizeBetween(40, 41);
      assertThat(new HashSet<>(judge.answered())).hasSize(40);
      assertThat(costs.spent()).isEqualByComparingTo("0.40");
    }
  }

  @Test
  void anAnnotationThatIsBegunAgainOnOtherWorkersAsksOnlyWhatWasNotAnswered() {
    NotedJudge judge = judge(5);
    List<ImageGroup> groups = RowOracleTest.groups(30);
    RowStore kept = RowStore.in(folder.resolve("kept"));
    RowWorker one = RowWorker.open(RowSetup.none().withOracle(judge), "one");
    RowServer server = RowServer.start(one, SECRET); // it is closed in the middle
    try (one;
        HttpCarrier http = carrier(4, server.uri())) {
      AtomicInteger came = new AtomicInteger();
      RowCarrier breaking =
          (cargo, taker) ->
              http.carry(
                  cargo,
                  result -> {
                    taker.accept(result);
                    if (came.incrementAndGet() == 10) {
                      server.close();
                    }
                  });
      RowOracle oracle = RowOracle.of(RowDriver.of(breaking).keeping(kept), judge);
      assertThatThrownBy(() -> oracle.rank(groups, RUBRIC))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("0 workers are left");
    }
    int before = judge.answered().size();
    assertThat(before).isBetween(10, 14);
    try (RowWorker other = RowWorker.open(RowSetup.none().withOracle(judge), "other")) {
      RowDriver driver = RowDriver.of(LocalCarrier.of(other, 2)).keeping(kept);
      assertThat(RowOracle.of(driver, judge).rank(groups, RUBRIC)).noneMatch(Judgement::isMissing);
    }
    // Of the request that broke off, at most 4 answers did not reach the driver.
    assertThat(judge.answered().size()).isBetween(30, 34);
  }

  @Test
  void whoDoesNotKnowTheSecretGetsNothing() {
    try (RowWorker worker = RowWorker.open(RowSetup.none().withOracle(judge(0)), "worker");
        RowServer server = RowServer.start(worker, SECRET);
        HttpCarrier http =
            HttpCarrier.to(
                List.of(server.uri()), "another secret, wrong", HttpCarrier.Options.defaults())) {
      RowOracle oracle = RowOracle.of(RowDriver.of(http), judge(0));
      assertThatThrownBy(() -> oracle.rank(RowOracleTest.groups(1), RUBRIC))
          .hasMessageContaining("401")
          .hasMessageContaining("the secret is another one");
      assertThat(judge(0).answered()).isEmpty();
    }
  }

  @Test
  void aWorkerWithAnotherJudgeSaysSo() {
    try (RowWorker worker = RowWorker.open(RowSetup.none(), "worker");
        RowServer server = RowServer.start(worker, SECRET);
        HttpCarrier http = carrier(2, server.uri())) {
      RowOracle oracle = RowOracle.of(RowDriver.of(http), judge(0));
      assertThatThrownBy(() -> oracle.rank(RowOracleTest.groups(1), RUBRIC))
          .hasMessageContaining("409")
          .hasMessageContaining("give all workers the same setup");
    }
  }

  @Test
  void aWorkerThatIsTooSlowLosesItsRowsToAnother() {
    NotedJudge slow = judge(60_000);
    NotedJudge fast = judge(0);
    try (RowWorker one = RowWorker.open(RowSetup.none().withOracle(slow), "one");
        RowWorker two = RowWorker.open(RowSetup.none().withOracle(fast), "two");
        RowServer first = RowServer.start(one, SECRET);
        RowServer second = RowServer.start(two, SECRET);
        HttpCarrier http =
            HttpCarrier.to(
                List.of(first.uri(), second.uri()),
                SECRET,
                HttpCarrier.Options.defaults()
                    .withRowsPerRequest(2)
                    .withAnswer(Duration.ofMillis(500)))) {
      List<ImageGroup> groups = RowOracleTest.groups(8);
      assertThat(RowOracle.of(RowDriver.of(http), fast).rank(groups, RUBRIC))
          .isEqualTo(fast.open().rank(groups, RUBRIC));
    }
  }

  @Test
  void whatIsNoRowIsRejected() throws IOException, InterruptedException {
    try (RowWorker worker = RowWorker.open(RowSetup.none(), "worker");
        RowServer server = RowServer.start(worker, SECRET)) {
      HttpResponse<String> response =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(server.uri().resolve("/rows/1/run?attempt=1"))
                      .header("Authorization", "Bearer " + SECRET)
                      .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[] {127, 0, 0, 0, 1, 2}))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(response.body()).contains("a row has 1 to 268435456 bytes");
    }
  }
}
