package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.feedback.cache.AnswerCache;
import org.tastemaker.feedback.ledger.Budget;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.ledger.PriceTable;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.openai.ChatGptJudge;
import org.tastemaker.feedback.openai.ImageForm;
import org.tastemaker.feedback.openai.OpenAiClient;
import org.tastemaker.feedback.resilience.FakeTime;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;
import org.tastemaker.feedback.resilience.Sleeper;
import org.tastemaker.feedback.server.Fault;
import org.tastemaker.feedback.server.LoopbackServer;

/**
 * A job on the path to ChatGPT, over HTTP, against a server with every fault that a job can live
 * through, killed 200 times.
 */
class ServerKillTest {
  private static final int GROUPS = 250;
  private static final int KILLS = 200;

  @TempDir Path folder;

  @Test
  void twoHundredKillsOnTheWayToAFaultyServerChangeNothingAndCostNothing() throws IOException {
    List<ImageGroup> groups = Jobs.groups(GROUPS);
    Path calm = folder.resolve("calm.jsonl");
    long answersOfACalmRun;
    try (LoopbackServer server = server(false)) {
      try (Setup setup = new Setup(server, "calm", new Fate(Integer.MAX_VALUE))) {
        Jobs.job(calm, setup.judge()).build().run(groups);
      }
      answersOfACalmRun = server.answers() + ofTheAnswer(server);
    }

    RandomGenerator random = Seed.of(31).generator();
    Path killed = folder.resolve("killed.jsonl");
    int kills = 0;
    try (LoopbackServer server = server(true)) {
      boolean finished = false;
      while (!finished) {
        Fate fate = new Fate(kills < KILLS ? 1 + random.nextInt(9) : Integer.MAX_VALUE);
        try (Setup setup = new Setup(server, "killed", fate)) {
          Jobs.job(killed, setup.judge()).concurrency(3).build().run(groups);
          finished = true;
        } catch (Killed e) {
          kills++;
        }
      }
      long paid = server.answers() + ofTheAnswer(server);
      assertThat(paid - server.injected(Fault.TRUNCATED_BODY))
          .as("answers that arrived")
          .isEqualTo(answersOfACalmRun);
      for (Fault fault :
          new Fault[] {Fault.DROPPED, Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.REFUSAL}) {
        assertThat(server.injected(fault)).as(fault.name()).isPositive();
      }
    }
    assertThat(kills).isEqualTo(KILLS);
    assertThat(Jobs.judgements(killed)).isEqualTo(Jobs.judgements(calm)).hasSize(GROUPS);
    PreferenceDataset.Contents contents = PreferenceDataset.read(killed, group -> {});
    assertThat(contents.repeated()).isZero();
    assertThat(contents.damaged()).isZero();
    assertThat(contents.missing()).as("the server's model is a faulty one").isPositive();
    assertThat(answers("killed")).as("what was asked, and answered").isEqualTo(answers("calm"));
  }

  /** Texts of the cached answers by their files' names, which stand for all of the question. */
  private Map<String, String> answers(String name) throws IOException {
    Map<String, String> texts = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder.resolve(name + "-answers"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        texts.put(String.valueOf(file.getFileName()), Files.readString(file));
      }
    }
    return texts;
  }

  /** Answers that were of no use, and are paid for all the same. */
  private static long ofTheAnswer(LoopbackServer server) {
    long sum = 0;
    for (Fault fault : Fault.values()) {
      sum += fault.isOfTheAnswer() ? server.injected(fault) : 0;
    }
    return sum;
  }

  private static LoopbackServer server(boolean badNetwork) {
    FakeTime time = new FakeTime();
    double rate = badNetwork ? 0.04 : 0;
    MockJudge judge =
        MockJudge.of(
            Greys::score, MockJudge.Options.defaults().withTemperature(0.3).withSeed(Seed.of(17)));
    return LoopbackServer.builder(judge)
        .seed(Seed.of(5))
        .time(time, time)
        .fault(Fault.RATE_LIMITED, rate)
        .fault(Fault.RATE_LIMITED_WITH_DELAY, rate)
        .fault(Fault.SERVER_ERROR, rate)
        .fault(Fault.SLOW, rate)
        .fault(Fault.TRUNCATED_BODY, rate)
        .fault(Fault.DROPPED, rate)
        .fault(Fault.REFUSAL, 0.1)
        .fault(Fault.CONTENT_FILTER, 0.1)
        .fault(Fault.CUT_OFF, 0.05)
        .fault(Fault.MALFORMED, 0.1)
        .fault(Fault.WRONG_LABELS, 0.1)
        .start();
  }

  /** The end of a process. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Counts down to the kill, at whatever moment it then is; after it nothing goes on. */
  private static final class Fate {
    private int left;

    Fate(int left) {
      this.left = left;
    }

    synchronized void moment() {
      left--;
      if (left <= 0) {
        throw new Killed();
      }
    }
  }

  /** What a process has: a client, its ledger, and the answers and the ledger's file on disk. */
  private final class Setup implements AutoCloseable {
    private final Fate fate;
    private final Ledger ledger;
    private final OpenAiClient client;
    private final Judge cached;

    Setup(LoopbackServer server, String name, Fate fate) {
      this.fate = fate;
      FakeTime time = new FakeTime();
      Sleeper deadly =
          wait -> {
            fate.moment(); // between two attempts
            time.sleep(wait);
          };
      this.ledger =
          Ledger.open(
              folder.resolve(name + "-ledger.jsonl"), PriceTable.none(), Budget.unlimited(), time);
      this.client =
          OpenAiClient.builder()
              .baseUrl(server.baseUrl())
              .withoutApiKey()
              .ledger(ledger)
              .limits(
                  ResilientCaller.Options.DEFAULTS
                      .withInFlight(8)
                      .withRetries(
                          RetryPolicy.DEFAULTS
                              .withAttempts(20)
                              .withFirstDelay(Duration.ofMillis(1))))
              .time(time, deadly)
              .build();
      ChatGptJudge judge =
          new ChatGptJudge(
              client, ChatGptJudge.Options.of("mock").withImages(ImageForm.DEFAULT.withSide(0)));
      this.cached = AnswerCache.of(judge, judge.settings(), folder.resolve(name + "-answers"));
    }

    Judge judge() {
      return new Judge() {
        @Override
        public Verdict ask(Question question) {
          fate.moment();
          try {
            return cached.ask(question);
          } finally {
            fate.moment(); // the answer is on disk, and nobody knows of it yet
          }
        }

        @Override
        public String name() {
          return "mock";
        }
      };
    }

    @Override
    public void close() {
      client.close();
      ledger.close();
    }
  }
}
