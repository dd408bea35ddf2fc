package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.server.LoopbackServer;
import org.tastemaker.testing.ChildProgram;
import org.tastemaker.testing.Effort;

/** Annotations by batch in real processes, which are killed. */
class BatchProcessKillTest {
  private static final int KILLS = Effort.times(2, 150);
  private static final int GROUPS = 8;

  @TempDir Path folder;

  @Test
  void killedProcessesMakeEachBatchOnceAndPayForEachAnswerOnce() throws Exception {
    BatchWorld calm = new BatchWorld(folder.resolve("calm"), Protocol.listwise(2));
    Usage billed;
    int batches;
    try (LoopbackServer server = calm.server(Duration.ofMillis(20))) {
      assertThat(program(server, calm).output()).contains("open 0");
      billed = server.billed();
      batches = server.batches();
      assertThatTheLedgerIs(calm, billed);
    }
    RandomGenerator random = Seed.of(43).generator();
    int kills = 0;
    for (int run = 0; kills < KILLS; run++) {
      BatchWorld killed = new BatchWorld(folder.resolve("killed" + run), Protocol.listwise(2));
      try (LoopbackServer server = killed.server(Duration.ofMillis(20))) {
        for (int i = 0; i < 2 && kills < KILLS; i++) {
          long until = server.requests() + random.nextInt(30);
          Process process = program(server, killed).start();
          while (process.isAlive() && server.requests() < until) {
            process.waitFor(200, TimeUnit.MICROSECONDS);
          }
          kills += process.isAlive() ? 1 : 0;
          process.destroyForcibly().waitFor();
        }
        assertThat(program(server, killed).output()).contains("open 0");
        assertThat(server.billed()).isEqualTo(billed);
        assertThat(server.batches()).isBetween(1, 3 * batches);
        assertThatTheLedgerIs(killed, billed);
      }
      assertThat(killed.judgements()).isEqualTo(calm.judgements()).hasSize(GROUPS);
      assertThat(killed.answers()).isEqualTo(calm.answers());
    }
  }

  private static ChildProgram program(LoopbackServer server, BatchWorld world) {
    return ChildProgram.of(
        BatchProgram.class,
        server.baseUrl(),
        Objects.requireNonNull(world.dataset().getParent()).toString(),
        String.valueOf(GROUPS));
  }

  private static void assertThatTheLedgerIs(BatchWorld world, Usage billed) {
    Ledger.Totals spent = world.spent();
    assertThat(spent.usage()).isEqualTo(billed);
    assertThat(spent.cost()).isEqualByComparingTo(BatchWorld.halfOf(billed));
    assertThat(spent.unknown()).isZero();
    assertThat(spent.damagedLines()).isZero();
  }
}
