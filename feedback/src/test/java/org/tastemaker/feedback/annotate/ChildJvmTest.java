package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.testing.ChildProgram;

/** The same with a process of its own, which is really killed. */
class ChildJvmTest {
  private static final int GROUPS = 60;

  @TempDir Path folder;

  @Test
  void aProcessThatIsKilledAndStartedAgainEndsWithWhatACalmRunGives() throws Exception {
    Path calm = folder.resolve("calm.jsonl");
    Jobs.job(calm, judge(Duration.ZERO)).build().run(Jobs.groups(GROUPS));
    Path dataset = folder.resolve("killed.jsonl");

    for (int kill = 0; kill < 3; kill++) {
      long before = lines(dataset);
      Process child = start(dataset);
      while (child.isAlive() && lines(dataset) < before + 8) {
        child.waitFor(5, TimeUnit.MILLISECONDS);
      }
      assertThat(child.isAlive()).as("killed before its end").isTrue();
      child.destroyForcibly().waitFor();
    }
    assertThat(start(dataset).waitFor()).isZero();

    assertThat(Jobs.judgements(dataset)).isEqualTo(Jobs.judgements(calm)).hasSize(GROUPS);
    assertThat(PreferenceDataset.read(dataset, group -> {}).repeated()).isZero();
  }

  /** What the child runs: some hundredths of a second for each judgement, two at a time. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      Jobs.job(Path.of(args[0]), judge(Duration.ofMillis(20)))
          .concurrency(2)
          .build()
          .run(Jobs.groups(GROUPS));
    }
  }

  private static MockJudge judge(Duration latency) {
    return MockJudge.of(
            Greys::score,
            MockJudge.Options.defaults()
                .withTemperature(0.3)
                .withRefusalRate(0.2)
                .withSeed(Seed.of(5)))
        .withLatency(latency, ChildJvmTest::sleep);
  }

  private static void sleep(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Process start(Path dataset) throws IOException {
    return ChildProgram.of(Child.class, dataset.toString())
        .withVmOptions("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        .start();
  }

  private static long lines(Path file) throws IOException {
    if (!Files.exists(file)) {
      return 0;
    }
    long lines = 0;
    for (byte b : Files.readAllBytes(file)) {
      lines += b == '\n' ? 1 : 0;
    }
    return lines;
  }
}
