package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.resilience.ResilientCaller;
import org.tastemaker.feedback.resilience.RetryPolicy;
import org.tastemaker.feedback.server.Fault;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.feedback.server.ServerPlan;
import org.tastemaker.testing.Effort;

/**
 * What was paid is never more than what the server counted as answered, and never less. To the
 * call: what the ledger knows to be paid is what the server has sent whole, in requests, tokens and
 * money; what it calls unknown is what was lost on the way, in either direction.
 */
class CostAccountingTest {
  private static final int MIXES = Effort.times(4, 300);
  private static final int GROUPS = Effort.times(8, 30);

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = "NO_CREDIT") // ends the job: see below
  void aFaultOfAnyKindLeavesLedgerAndServerAgreed(Fault fault) throws IOException {
    agrees(fault.name(), Map.of(fault, 0.3), ServerPlan.none(), Integer.MAX_VALUE, 0);
  }

  @Test
  void anyMixOfFaultsAndKillsLeavesLedgerAndServerAgreed() throws IOException {
    int kills = 0;
    for (int mix = 0; mix < MIXES; mix++) {
      RandomGenerator random = Seed.of(71).split(mix).generator();
      Map<Fault, Double> rates = new EnumMap<>(Fault.class);
      for (Fault fault : Fault.values()) {
        if (fault != Fault.NO_CREDIT && random.nextDouble() < 0.6) {
          rates.put(fault, 0.1 * random.nextDouble());
        }
      }
      kills += agrees("mix" + mix, rates, ServerPlan.none(), 10 + random.nextInt(40), mix);
    }
    assertThat(kills).as("kills of all mixes").isGreaterThan(MIXES);
  }

  @Test
  void answersThatDoNotSayWhatTheyCostCountWithTheirEstimates() throws IOException {
    agrees(
        "unsaid",
        Map.of(),
        ServerPlan.read("[{\"from\":3,\"times\":5,\"remove\":[\"usage\"]}]"),
        Integer.MAX_VALUE,
        0);
  }

  @Test
  void errorsUnderStatus200AreFree() throws IOException {
    agrees(
        "error",
        Map.of(),
        ServerPlan.read(
            "[{\"from\":3,\"times\":2,\"status\":200,"
                + "\"body\":{\"error\":{\"message\":\"overloaded\",\"code\":502}}}]"),
        Integer.MAX_VALUE,
        0);
  }

  @Test
  void anAccountWithoutCreditHasPaidForWhatCameBefore() throws IOException {
    agrees("credit", Map.of(Fault.NO_CREDIT, 0.1), ServerPlan.none(), Integer.MAX_VALUE, 3);
  }

  /** Answers that come after the timeout were made, and nobody here knows. */
  @Test
  void answersThatComeTooLateAreUnknownToTheCall() throws IOException {
    BatchWorld world = new BatchWorld(folder, Protocol.listwise(2));
    try (LoopbackServer server =
            LoopbackServer.builder(BatchWorld.judge())
                .latency(Duration.ZERO, Duration.ofSeconds(2))
                .start();
        ChatGptOracle oracle =
            world
                .builder(server.baseUrl())
                .client(c -> c.timeout(Duration.ofMillis(600)))
                .build()) {
      server.next(Fault.SLOW, Fault.SLOW);
      AnnotationJob.builder(world.dataset(), oracle, Greys.RUBRIC, oracle.settings())
          .build()
          .run(BatchWorld.groups(3));
      Ledger.Totals totals = oracle.ledger().totals();
      assertThat(totals.unknown()).isEqualTo(server.injected(Fault.SLOW)).isEqualTo(2);
      assertThat(totals.usage().requests()).isEqualTo(server.billed().requests()).isEqualTo(8);
    }
  }

  /**
   * Runs a job until it is done, with kills on the way, and compares.
   *
   * @param moments between two kills
   * @return how many kills there were
   */
  private int agrees(String name, Map<Fault, Double> rates, ServerPlan plan, int moments, int seed)
      throws IOException {
    BatchWorld world = new BatchWorld(folder.resolve(name), Protocol.listwise(2));
    LoopbackServer.Builder builder =
        LoopbackServer.builder(BatchWorld.judge())
            .seed(Seed.of(seed))
            .time(world.time(), world.time())
            .plan(plan);
    rates.forEach(builder::fault);
    try (LoopbackServer server = builder.start()) {
      int kills = 0;
      boolean done = false;
      while (!done) {
        DeadlyTime time = new DeadlyTime(world.time(), kills < 5 ? moments : Integer.MAX_VALUE);
        try (ChatGptOracle oracle =
            world
                .builder(server.baseUrl())
                .limits(
                    ResilientCaller.Options.DEFAULTS
                        .withInFlight(1)
                        .withRetries(
                            RetryPolicy.DEFAULTS
                                .withAttempts(12)
                                .withFirstDelay(Duration.ofSeconds(2))))
                .time(time, time)
                .build()) {
          AnnotationJob.builder(world.dataset(), oracle, Greys.RUBRIC, oracle.settings())
              .build()
              .run(BatchWorld.groups(GROUPS));
          done = true;
        } catch (DeadlyTime.Killed e) {
          kills++;
        } catch (FeedbackException.QuotaExhausted e) {
          assertThat(rates).containsKey(Fault.NO_CREDIT);
          done = true;
        }
      }
      compare(world, server, kills);
      return kills;
    }
  }

  private static void compare(BatchWorld world, LoopbackServer server, int kills)
      throws IOException {
    Sums paid = paid(world.ledgerFile());
    Ledger.Totals totals = world.spent();
    Usage billed = server.billed();
    long lost = server.injected(Fault.TRUNCATED_BODY);
    long neverMade = server.injected(Fault.DROPPED);
    long unsaid = billed.requests() - lost - server.told().requests();
    // 1. To the call: what was sent whole is paid, or was in flight at a kill.
    long atKills = server.told().requests() - paid.usage.requests();
    assertThat(atKills).as("answers of killed calls").isBetween(0L, (long) kills);
    assertThat(totals.unknown())
        .as("unknown: lost on the way, not said, or killed")
        .isEqualTo(lost + neverMade + unsaid + atKills);
    assertThat(totals.usage().requests()).isEqualTo(paid.usage.requests() + totals.unknown());
    assertThat(totals.usage().requests()).isEqualTo(billed.requests() + neverMade);
    // 2. Tokens and money: exact where the answer was heard, and never less in all.
    if (atKills == 0) {
      assertThat(paid.usage).isEqualTo(server.told());
      assertThat(paid.cost).isEqualByComparingTo(BatchWorld.fullOf(server.told()));
    }
    assertThat(paid.cost).isLessThanOrEqualTo(BatchWorld.fullOf(billed));
    assertThat(totals.cost()).isGreaterThanOrEqualTo(BatchWorld.fullOf(billed));
    assertThat(paid.usage.inputTokens()).isLessThanOrEqualTo(billed.inputTokens());
    assertThat(totals.usage().inputTokens()).isGreaterThanOrEqualTo(billed.inputTokens());
    assertThat(totals.usage().outputTokens()).isGreaterThanOrEqualTo(billed.outputTokens());
  }

  private record Sums(Usage usage, BigDecimal cost) {}

  /** The lines of the ledger that say what was paid. */
  private static Sums paid(Path ledger) throws IOException {
    JsonAdapter<Object> json = new Moshi.Builder().build().adapter(Object.class);
    Usage usage = Usage.NONE;
    BigDecimal cost = BigDecimal.ZERO;
    for (String line : Files.readAllLines(ledger)) {
      Map<?, ?> map = (Map<?, ?>) json.fromJson(line);
      if (map != null && "paid".equals(map.get("event"))) {
        usage =
            usage.plus(
                new Usage(
                    number(map, "requests"),
                    number(map, "input"),
                    number(map, "cached"),
                    number(map, "output")));
        cost = cost.add(new BigDecimal(String.valueOf(map.get("cost"))));
      }
    }
    return new Sums(usage, cost);
  }

  private static long number(Map<?, ?> map, String name) {
    return map.get(name) instanceof Double value ? value.longValue() : 0;
  }
}
