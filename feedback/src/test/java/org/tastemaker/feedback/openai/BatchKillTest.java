package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.server.Fault;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.testing.Effort;

/**
 * Annotations by batch that are killed, or meet a fault, at each moment in turn. Whatever it was:
 * the next run makes no batch for a second time, pays for no answer for a second time, loses none,
 * and its ledger is the server's count.
 */
class BatchKillTest {
  private static final int GROUPS = 3;
  private static final int STRIDE = Effort.times(5, 1);
  private static final List<Fault> LOST =
      List.of(
          Fault.TRUNCATED_BODY, Fault.DROPPED, Fault.SERVER_ERROR, Fault.RATE_LIMITED_WITH_DELAY);

  @TempDir Path folder;

  @Test
  void aKillAtAnyMomentCostsNothingAndChangesNothing() throws Exception {
    BatchWorld calm = new BatchWorld(folder.resolve("calm"), Protocol.listwise(2));
    Calm usual = Calm.run(calm);
    int kills = 0;
    boolean killed = true;
    for (int moment = 1; killed; moment += STRIDE) {
      BatchWorld world = new BatchWorld(folder.resolve("k" + moment), Protocol.listwise(2));
      List<ImageGroup> groups = BatchWorld.groups(GROUPS);
      try (LoopbackServer server = world.server()) {
        DeadlyTime time = new DeadlyTime(world.time(), moment);
        killed = false;
        try (ChatGptOracle oracle = world.oracle(server, time, time)) {
          world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(groups);
        } catch (DeadlyTime.Killed e) {
          killed = true;
          kills++;
        }
        try (ChatGptOracle oracle = world.oracle(server)) {
          world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(groups);
          usual.assertThatItIsAsGoodAs(world, oracle, server, "killed at moment " + moment);
        }
      }
    }
    assertThat(kills).as("moments").isGreaterThan(60 / STRIDE);
  }

  /** Each fault of each call at night; by day each call meets one of them. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aFaultOfAnyCallCostsNothingAndChangesNothing(int shift) throws Exception {
    if (shift >= Effort.times(1, LOST.size())) {
      return;
    }
    BatchWorld calm = new BatchWorld(folder.resolve("calm"), Protocol.listwise(2));
    Calm usual = Calm.run(calm);
    for (int call = 0; call < usual.requests; call++) {
      Fault fault = LOST.get((call + shift) % LOST.size());
      BatchWorld world = new BatchWorld(folder.resolve("f" + call), Protocol.listwise(2));
      List<ImageGroup> groups = BatchWorld.groups(GROUPS);
      try (LoopbackServer server = world.server();
          ChatGptOracle oracle = world.oracle(server)) {
        Fault[] script = new Fault[call + 1];
        Arrays.fill(script, Fault.SLOW);
        script[call] = fault;
        server.next(script);
        world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(groups);
        assertThat(server.injected(fault)).isEqualTo(1);
        usual.assertThatItIsAsGoodAs(world, oracle, server, fault + " of call " + call);
      }
    }
  }

  @Test
  void aServerThatIsDownForAWhileIsNoReasonToPayTwice() throws Exception {
    BatchWorld calm = new BatchWorld(folder.resolve("calm"), Protocol.listwise(2));
    Calm usual = Calm.run(calm);
    int ended = 0;
    for (int call = 0; call < usual.requests; call += Effort.times(2, 1)) {
      BatchWorld world = new BatchWorld(folder.resolve("d" + call), Protocol.listwise(2));
      List<ImageGroup> groups = BatchWorld.groups(GROUPS);
      try (LoopbackServer server = world.server()) {
        Fault[] script = new Fault[call + 3]; // three attempts
        Arrays.fill(script, Fault.SERVER_ERROR);
        Arrays.fill(script, 0, call, Fault.SLOW);
        server.next(script);
        try (ChatGptOracle oracle = world.oracle(server)) {
          world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(groups);
        } catch (FeedbackException e) {
          ended++;
          assertThat(e.isTransient()).as(String.valueOf(e.getMessage())).isTrue();
        }
        try (ChatGptOracle oracle = world.oracle(server)) {
          world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(groups);
          usual.assertThatItIsAsGoodAs(world, oracle, server, "down at call " + call);
        }
      }
    }
    assertThat(ended).isPositive();
  }

  /** What a run without a kill has. */
  private record Calm(
      Map<String, Judgement> judgements,
      Map<String, String> answers,
      Usage billed,
      int batches,
      int requests) {
    static Calm run(BatchWorld world) throws Exception {
      try (LoopbackServer server = world.server();
          ChatGptOracle oracle = world.oracle(server)) {
        world.annotation(oracle, o -> o.withLiveFirst(0)).build().run(BatchWorld.groups(GROUPS));
        return new Calm(
            world.judgements(),
            world.answers(),
            server.billed(),
            server.batches(),
            Math.toIntExact(server.requests()));
      }
    }

    void assertThatItIsAsGoodAs(
        BatchWorld world, ChatGptOracle oracle, LoopbackServer server, String what)
        throws Exception {
      assertThat(world.judgements()).as(what).isEqualTo(judgements);
      assertThat(world.answers()).as(what).isEqualTo(answers);
      assertThat(server.batches()).as("batches, " + what).isEqualTo(batches);
      assertThat(server.billed()).as("billed, " + what).isEqualTo(billed);
      Ledger.Totals spent = oracle.ledger().totals();
      assertThat(spent.usage()).as("paid, " + what).isEqualTo(billed);
      assertThat(spent.cost()).as(what).isEqualByComparingTo(BatchWorld.halfOf(billed));
      assertThat(spent.unknown()).as("unknown, " + what).isZero();
      assertThat(spent.inFlight()).as(what).isZero();
      assertThat(spent.damagedLines()).as(what).isZero();
      try (Stream<Path> left = Files.list(world.batches())) {
        assertThat(left.filter(Files::isDirectory).toList()).as("left, " + what).isEmpty();
      }
    }
  }
}
