package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.mock.MockJudge;

/** What is trained on a dataset does not depend on which answer came first. */
class DatasetOrderTest {
  @TempDir Path folder;

  @Test
  void aConcurrentJobIsReadAsTheSameListAsOneThatAsksOneQuestionAtATime() throws Exception {
    List<AnnotatedGroup> calm = read("calm.jsonl", 1, 0);
    List<AnnotatedGroup> busy = read("busy.jsonl", 8, 3);

    assertThat(busy).isEqualTo(calm).hasSize(40);
    assertThat(busy).isSortedAccordingTo(Comparator.comparing(AnnotatedGroup::id));
    assertThat(Files.readAllLines(folder.resolve("busy.jsonl")))
        .as("the lines, which stand in the order of the answers")
        .isNotEqualTo(Files.readAllLines(folder.resolve("calm.jsonl")));
  }

  private List<AnnotatedGroup> read(String name, int concurrency, int mostMillis) {
    MockJudge mock = MockJudge.of(Greys::score);
    RandomGenerator random = Seed.of(5).generator();
    Judge slow =
        question -> {
          int millis;
          synchronized (random) {
            millis = mostMillis == 0 ? 0 : random.nextInt(mostMillis * 5);
          }
          try {
            Thread.sleep(millis);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return mock.ask(question);
        };
    Path dataset = folder.resolve(name);
    Jobs.job(dataset, slow)
        .concurrency(concurrency)
        .clock(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC))
        .build()
        .run(Jobs.groups(40));
    return PreferenceDataset.readAll(dataset);
  }
}
