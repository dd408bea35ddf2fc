package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.testing.ChildProgram;
import org.tastemaker.testing.Effort;

/** Real processes, compared with what the server says that it has answered. */
class PaidOnceTest {
  private static final int KILLS = Effort.times(4, 200);
  private static final int GROUPS = Effort.times(80, 2500);

  @TempDir Path folder;

  @Test
  void aKilledProcessLosesAtMostTheCallsInFlightAndTheLedgerKnowsThem() throws Exception {
    Path calm = folder.resolve("calm");
    Files.createDirectory(calm);
    try (LoopbackServer server = server(Duration.ZERO)) {
      assertThat(job(server, calm, "d.jsonl", GROUPS, "1000").output())
          .contains("judged " + GROUPS);
      Ledger.Totals spent = JobProgram.spent(calm);
      assertThat(spent.usage().requests()).as("of a calm run").isEqualTo(server.answers());
      assertThat(spent.unknown()).isZero();
      assertThat(server.answers()).isEqualTo(answers(calm));
    }

    RandomGenerator random = Seed.of(41).generator();
    Path killed = folder.resolve("killed");
    Files.createDirectory(killed);
    try (LoopbackServer server = server(Duration.ofMillis(5))) {
      int kills = 0;
      while (kills < KILLS) {
        long until = server.answers() + 1 + random.nextInt(20);
        Process process = job(server, killed, "d.jsonl", GROUPS, "1000").start();
        while (process.isAlive() && server.answers() < until) {
          process.waitFor(500, TimeUnit.MICROSECONDS);
        }
        assertThat(process.isAlive()).as("killed before its end").isTrue();
        process.destroyForcibly().waitFor();
        kills++;
      }
      assertThat(job(server, killed, "d.jsonl", GROUPS, "1000").output())
          .contains("judged " + GROUPS);

      long most = (long) KILLS * JobProgram.IN_FLIGHT;
      long lost = server.answers() - answers(killed);
      Ledger.Totals spent = JobProgram.spent(killed);
      System.out.printf(
          "%d kills: %d answers by the server, %d kept, %d lost, %d unknown in the ledger%n",
          KILLS, server.answers(), answers(killed), lost, spent.unknown());
      assertThat(lost).as("answers lost by %d kills", KILLS).isBetween(0L, most);
      assertThat(spent.unknown()).isBetween(0L, most);
      assertThat(spent.usage().requests() - spent.unknown())
          .as("what the ledger knows was paid")
          .isLessThanOrEqualTo(server.answers());
      assertThat(spent.usage().requests())
          .as("what the ledger counts")
          .isGreaterThanOrEqualTo(server.answers());
      assertThat(spent.damagedLines()).isZero();
    }
    assertThat(Jobs.judgements(killed.resolve("d.jsonl")))
        .isEqualTo(Jobs.judgements(calm.resolve("d.jsonl")))
        .hasSize(GROUPS);
    PreferenceDataset.Contents contents =
        PreferenceDataset.read(killed.resolve("d.jsonl"), group -> {});
    assertThat(contents.repeated()).isZero();
    assertThat(contents.damaged()).isZero();
    try (Stream<Path> left = Files.list(killed.resolve("answers/.asking"))) {
      assertThat(left.toList()).as("temporary files").isEmpty();
    }
  }

  @Test
  void twoJobsPayForEachQuestionOnceAndTheLedgerIsTheServersCount() throws Exception {
    try (LoopbackServer server = server(Duration.ofMillis(10))) {
      List<Process> jobs = new ArrayList<>();
      for (String dataset : List.of("a.jsonl", "b.jsonl", "c.jsonl")) {
        jobs.add(job(server, folder, dataset, 60, "8.00").start());
      }
      for (Process job : jobs) {
        assertThat(text(job)).contains("judged 60");
      }
      assertThat(server.answers()).isEqualTo(120).isEqualTo(answers(folder));
      Ledger.Totals spent = JobProgram.spent(folder);
      assertThat(spent.usage().requests()).isEqualTo(server.answers());
      assertThat(spent.cost()).isEqualByComparingTo("1.20");
      assertThat(spent.unknown()).isZero();
    }
    assertThat(Jobs.judgements(folder.resolve("a.jsonl")))
        .isEqualTo(Jobs.judgements(folder.resolve("b.jsonl")))
        .isEqualTo(Jobs.judgements(folder.resolve("c.jsonl")));
  }

  @Test
  void twoJobsWithOneLedgerSpendOneBudget() throws Exception {
    Path ledger = Files.createFile(folder.resolve("ledger.jsonl"));
    try (LoopbackServer server = server(Duration.ofMillis(2))) {
      List<Process> jobs = new ArrayList<>();
      for (String name : List.of("a", "b")) {
        Path own = Files.createDirectory(folder.resolve(name)); // answers of its own
        Files.createSymbolicLink(own.resolve("ledger.jsonl"), ledger);
        jobs.add(job(server, own, "d.jsonl", 130, "2.50").start()); // 260 calls alone
      }
      // The first may have all that it wants before the budget is used up: 200 of the 250.
      assertThat(text(jobs.get(0)) + text(jobs.get(1)))
          .contains("stopped: a budget of 2.50 USD is used up");
      Ledger.Totals spent = JobProgram.spent(folder);
      assertThat(spent.cost()).isEqualByComparingTo(new BigDecimal("2.50"));
      assertThat(spent.usage().requests()).isEqualTo(server.answers()).isEqualTo(250);
    }
  }

  private static LoopbackServer server(Duration latency) {
    return LoopbackServer.builder(
            MockJudge.of(
                Greys::score,
                MockJudge.Options.defaults().withTemperature(0.3).withSeed(Seed.of(17))))
        .latency(latency, latency)
        .start();
  }

  private static ChildProgram job(
      LoopbackServer server, Path folder, String dataset, int groups, String budget) {
    return ChildProgram.of(
        JobProgram.class,
        server.baseUrl(),
        folder.toString(),
        dataset,
        String.valueOf(groups),
        budget);
  }

  private static String text(Process job) throws IOException, InterruptedException {
    String text = new String(job.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(job.waitFor()).as(text).isZero();
    return text;
  }

  private static long answers(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("answers"))) {
      return files
          .filter(file -> file.toString().endsWith(".json") && !file.endsWith("capabilities.json"))
          .count();
    }
  }
}
