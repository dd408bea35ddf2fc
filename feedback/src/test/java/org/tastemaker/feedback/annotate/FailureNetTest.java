package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.mock.MockJudge;

/** A failure that hits every group ends the job, and none of them counts as judged. */
class FailureNetTest {
  @TempDir Path folder;

  /** Fails about the groups for which there is a failure, by the number of the call. */
  private static FeedbackOracle oracle(IntFunction<@Nullable FeedbackException> failures) {
    AtomicInteger calls = new AtomicInteger();
    FeedbackOracle good = Jobs.oracle(MockJudge.of(Greys::score));
    return (groups, rubric) -> {
      FeedbackException failure = failures.apply(calls.getAndIncrement());
      if (failure != null) {
        throw failure;
      }
      return good.rank(groups, rubric);
    };
  }

  private AnnotationJob.Builder job(IntFunction<@Nullable FeedbackException> failures) {
    return AnnotationJob.builder(
        folder.resolve("d.jsonl"), oracle(failures), Greys.RUBRIC, Settings.none());
  }

  private static FeedbackException invalid(String words) {
    return new FeedbackException.InvalidRequest(words, false);
  }

  private List<AnnotatedGroup> recorded() {
    return PreferenceDataset.readAll(folder.resolve("d.jsonl"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void theFirstGroupsThatFailForOneReasonEndTheJobAndNothingIsRecorded(int concurrency) {
    AtomicInteger asked = new AtomicInteger();

    NothingJudgedException stopped =
        catchThrowableOfType(
            NothingJudgedException.class,
            () ->
                job(i -> {
                      asked.incrementAndGet();
                      return invalid("request req_" + i + "f failed: at most " + i + " images");
                    })
                    .concurrency(concurrency)
                    .build()
                    .run(Jobs.groups(60)));

    assertThat(stopped)
        .hasMessageContaining("groups have no judgement, for the same reason")
        .hasMessageContaining("failed: at most")
        .hasMessageContaining("stopAfterFailures(0)");
    assertThat(asked.get()).isBetween(10, 10 + concurrency);
    assertThat(stopped.reasons())
        .singleElement()
        .satisfies(reason -> assertThat(reason.groups()).isBetween(10L, 10L + concurrency));
    assertThat(recorded()).isEmpty();
    assertThat(job(i -> null).build().run(Jobs.groups(60)).judged()).isEqualTo(60);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 9})
  void aJobOfFewGroupsThatAllFailForOneReasonRecordsNothing(int groups) {
    assertThatThrownBy(() -> job(i -> invalid("no")).build().run(Jobs.groups(groups)))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining(groups == 1 ? "the only group has" : "the first " + groups)
        .hasMessageContaining("because: no");
    assertThat(recorded()).isEmpty();
  }

  @Test
  void refusalsInDifferentWordsAreOneReason() {
    List<String> words = List.of("I cannot help with that", "Sorry, no.", "This looks unsafe");

    assertThatThrownBy(
            () ->
                job(i -> new FeedbackException.Refused(words.get(i % 3)))
                    .build()
                    .run(Jobs.groups(20)))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining("the first 10 groups")
        .hasMessageContaining("I cannot help with that");
    assertThat(recorded()).isEmpty();
  }

  @Test
  void answersThatAreMalformedInDifferentWaysAreOneReason() {
    assertThatThrownBy(
            () ->
                job(i ->
                        new FeedbackException.MalformedVerdict("", "expected a list, but was " + i))
                    .build()
                    .run(Jobs.groups(20)))
        .isInstanceOf(NothingJudgedException.class);
    assertThat(recorded()).isEmpty();
  }

  @Test
  void aServiceThatIsAwayFromTheBeginningEndsTheJobInsteadOfPostponingEverything() {
    AtomicInteger asked = new AtomicInteger();

    assertThatThrownBy(
            () ->
                job(i -> {
                      asked.incrementAndGet();
                      return new FeedbackException.TransportFailed("reset " + i, null, false);
                    })
                    .build()
                    .run(Jobs.groups(40)))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining("reset 0");
    assertThat(asked).hasValue(10);
  }

  @Test
  void groupsWhoseAnswersComeLaterHaveNotFailed() {
    JobReport report =
        job(i -> new FeedbackException.Pending("with a batch")).build().run(Jobs.groups(30));
    assertThat(report.postponed()).isEqualTo(30);

    JobReport mixed =
        job(i -> i == 0 ? invalid("no") : new FeedbackException.Pending("with a batch"))
            .build()
            .run(Jobs.groups(5));
    assertThat(mixed.missing()).isEqualTo(1);
    assertThat(mixed.postponed()).isEqualTo(4);
  }

  @Test
  void groupsThatFailForDifferentReasonsAreRecordedWithThem() {
    JobReport report =
        job(i -> i == 0 ? invalid("a thing") : new FeedbackException.Refused("no"))
            .build()
            .run(Jobs.groups(2));

    assertThat(report.judged()).isZero();
    assertThat(report.missing()).isEqualTo(2);
    assertThat(report.isNothingJudged()).isTrue();
    assertThat(report.reasons())
        .extracting(MissingReason::words)
        .containsExactlyInAnyOrder("a thing", "the judge refused to answer: no");
    assertThat(report.words()).contains("0 groups were judged", "1 because: a thing");
    assertThat(recorded()).hasSize(2).allMatch(group -> group.judgement().isMissing());
  }

  @Test
  void whatFailedFirstIsRecordedOnceAnotherGroupIsJudged() {
    List<Integer> lines = new ArrayList<>();
    JobReport report =
        job(i -> i < 9 ? invalid("too large") : null)
            .listener(
                event -> {
                  if (event instanceof RunEvent.Progress) {
                    lines.add(recorded().size());
                  }
                })
            .reportEvery(java.time.Duration.ZERO)
            .build()
            .run(Jobs.groups(12));

    assertThat(report.missing()).isEqualTo(9);
    assertThat(report.judged()).isEqualTo(3);
    assertThat(lines.subList(0, 10)).as("while it is not known whose fault it is").containsOnly(0);
    assertThat(recorded()).hasSize(12);
    assertThat(recorded().stream().map(g -> g.judgement().missingReason()).distinct())
        .containsExactlyInAnyOrder("too large", null);
  }

  @Test
  void aJudgeThatBreaksInTheMiddleEndsTheJobAndWhatItSpoiltIsNotRecorded() {
    CountDownLatch fiveAreJudged = new CountDownLatch(1);
    assertThatThrownBy(
            () ->
                job(i -> {
                      if (i < 5) {
                        return null;
                      }
                      await(
                          fiveAreJudged); // a failure before a success is the group's, and recorded
                      return invalid("monthly allowance " + i + " reached");
                    })
                    .concurrency(2)
                    .reportEvery(java.time.Duration.ZERO)
                    .listener(
                        event -> {
                          if (event instanceof RunEvent.Progress progress && progress.done() == 5) {
                            fiveAreJudged.countDown();
                          }
                        })
                    .build()
                    .run(Jobs.groups(60)))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining("in a row")
        .hasMessageContaining("allowance");
    assertThat(recorded()).hasSize(5).noneMatch(group -> group.judgement().isMissing());
  }

  @Test
  void aFolderOfPromptsThatAJudgeRefusesDoesNotEndAJobWhoseJudgeWorks() {
    JobReport report =
        job(i -> i == 0 ? null : new FeedbackException.Refused("no")).build().run(Jobs.groups(31));

    assertThat(report.judged()).isEqualTo(1);
    assertThat(report.missing()).isEqualTo(30);
    assertThat(recorded()).hasSize(31);
  }

  @Test
  void aGroupInFlightThatIsJudgedSavesTheJob() {
    CountDownLatch failed = new CountDownLatch(10);
    FeedbackOracle good = Jobs.oracle(MockJudge.of(Greys::score));
    AtomicInteger calls = new AtomicInteger();
    FeedbackOracle oracle =
        (groups, rubric) -> {
          int call = calls.getAndIncrement();
          if (call == 0) { // slow, and right
            await(failed);
          } else if (call <= 10) {
            failed.countDown();
            throw invalid("no");
          }
          return good.rank(groups, rubric);
        };

    JobReport report =
        AnnotationJob.builder(folder.resolve("d.jsonl"), oracle, Greys.RUBRIC, Settings.none())
            .concurrency(2)
            .build()
            .run(Jobs.groups(20));

    assertThat(report.missing()).isEqualTo(10);
    assertThat(report.judged()).isEqualTo(10);
    assertThat(recorded()).hasSize(20);
  }

  @Test
  void aJobWhoseJudgeHasWorkedRecordsTheLastGroupThatFails() {
    job(i -> null).build().run(Jobs.groups(5));

    JobReport report = job(i -> invalid("no")).build().run(Jobs.groups(6));

    assertThat(report.missing()).isEqualTo(1);
    assertThat(recorded()).hasSize(6);
  }

  @Test
  void stoppingTheJobBeforeAnythingIsJudgedRecordsNothing() {
    Cancellation stop = new Cancellation();

    assertThatThrownBy(
            () ->
                job(i -> {
                      if (i == 2) {
                        stop.cancel();
                      }
                      return invalid("no");
                    })
                    .cancellation(stop)
                    .build()
                    .run(Jobs.groups(6)))
        .isInstanceOf(java.util.concurrent.CancellationException.class);
    assertThat(recorded()).isEmpty();
  }

  @Test
  void aLimitOfZeroRecordsEverythingAtOnceAndNeverStops() {
    JobReport report = job(i -> invalid("no")).stopAfterFailures(0).build().run(Jobs.groups(30));

    assertThat(report.missing()).isEqualTo(30);
    assertThat(recorded()).hasSize(30);
    assertThatThrownBy(() -> job(i -> null).stopAfterFailures(-1))
        .hasMessageContaining("at least 0, but was -1");
  }

  @Test
  void aLimitOfThreeStopsAfterThree() {
    AtomicInteger asked = new AtomicInteger();
    assertThatThrownBy(
            () ->
                job(i -> {
                      asked.incrementAndGet();
                      return invalid("no");
                    })
                    .stopAfterFailures(3)
                    .build()
                    .run(Jobs.groups(30)))
        .isInstanceOf(NothingJudgedException.class);
    assertThat(asked).hasValue(3);
  }

  @Test
  void groupsOfOneImageAreNotWorthAJob() {
    List<ImageGroup> single = List.of(Greys.group("a", 0.5), Greys.group("b", 0.6));

    assertThatThrownBy(
            () ->
                Jobs.job(folder.resolve("d.jsonl"), MockJudge.of(Greys::score)).build().run(single))
        .isInstanceOf(NothingJudgedException.class)
        .hasMessageContaining("a single image has no order");
  }

  @Test
  void imagesOfGroupsThatAreNotRecordedAreNotKept() throws Exception {
    Path images = folder.resolve("images");

    assertThatThrownBy(() -> job(i -> invalid("no")).saveImages(images).build().run(Jobs.groups(3)))
        .isInstanceOf(NothingJudgedException.class);

    try (var files = Files.list(images)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void theKindsOfFailuresAreInTheProvenance() {
    AtomicInteger calls = new AtomicInteger();
    Judgement judgement =
        Jobs.oracle(
                question -> {
                  throw calls.getAndIncrement() < 2 // the attempts of the first question
                      ? new FeedbackException.Refused("no")
                      : invalid("image 3 of req-1a2b is of 40 x 40 pixels");
                })
            .rank(Jobs.groups(1), Greys.RUBRIC)
            .get(0);

    assertThat(MissingReason.kindsOf(judgement))
        .isEqualTo(Set.of("refused", "request: image # of # is of # x # pixels"));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
