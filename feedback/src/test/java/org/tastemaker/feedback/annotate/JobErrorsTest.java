package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;

/** An Error, or a fault of what a job is given, ends the job with everything written. */
class JobErrorsTest {
  private static final int GROUPS = 12;

  @TempDir Path folder;

  @Test
  void anErrorOfTheJudgeReachesTheCallerAndWhatWasJudgedStays() {
    for (Error error : List.of(new OutOfMemoryError("heap"), new StackOverflowError())) {
      Path dataset = folder.resolve(error.getClass().getSimpleName() + ".jsonl");
      Judge dying = failing(8, () -> error);

      assertThatThrownBy(
              () -> Jobs.job(dataset, dying).concurrency(3).build().run(Jobs.groups(GROUPS)))
          .isInstanceOf(error.getClass())
          .satisfies(e -> assertThat(e == error || e.getCause() == error).isTrue());

      int kept = PreferenceDataset.readAll(dataset).size();
      assertThat(kept).isBetween(1, GROUPS - 1);
      JobReport rest =
          Jobs.job(dataset, failing(1000, () -> error)).build().run(Jobs.groups(GROUPS));
      assertThat(rest.alreadyThere()).isEqualTo(kept);
      assertThat(rest.judged()).isEqualTo(GROUPS - kept);
    }
  }

  @Test
  void aSourceOfGroupsThatFailsEndsTheJobWithWhatWasJudged() {
    Path dataset = folder.resolve("d.jsonl");
    Iterator<ImageGroup> groups = Jobs.groups(GROUPS).iterator();
    AtomicInteger drawn = new AtomicInteger();
    Iterable<ImageGroup> source =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                return groups.hasNext();
              }

              @Override
              public ImageGroup next() {
                if (drawn.incrementAndGet() == 5) {
                  throw new IllegalStateException("the picture 5 is gone");
                }
                return groups.next();
              }
            };
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () ->
            assertThatThrownBy(
                    () ->
                        Jobs.job(dataset, MockJudge.of(Greys::score))
                            .concurrency(3)
                            .build()
                            .run(source))
                .hasMessage("the picture 5 is gone"));
    assertThat(PreferenceDataset.readAll(dataset)).hasSize(4);
  }

  @Test
  void anExecutorWithoutAThreadEndsTheCallOnceTheOthersHaveFinished() {
    AtomicInteger answered = new AtomicInteger();
    MockJudge mock = MockJudge.of(Greys::score);
    AtomicInteger started = new AtomicInteger();
    JudgeOracle oracle =
        JudgeOracle.builder(
                question -> {
                  answered.incrementAndGet();
                  return mock.ask(question);
                })
            .protocol(Protocol.listwise(2))
            .seed(Seed.of(1))
            .concurrency(4)
            .executor(
                task -> {
                  if (started.incrementAndGet() == 2) {
                    throw new RejectedExecutionException("no thread");
                  }
                  task.run();
                })
            .build();
    assertThatThrownBy(() -> oracle.rank(Jobs.groups(8), Greys.RUBRIC)).hasMessage("no thread");
    assertThat(answered.get()).isPositive();
  }

  /** Answers a number of questions, then fails. */
  private static Judge failing(int after, Supplier<Error> error) {
    MockJudge mock = MockJudge.of(Greys::score);
    AtomicInteger asked = new AtomicInteger();
    return question -> {
      if (asked.incrementAndGet() > after) {
        throw error.get();
      }
      return mock.ask(question);
    };
  }
}
