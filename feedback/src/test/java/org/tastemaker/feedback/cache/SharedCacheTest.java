package org.tastemaker.feedback.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException.TransportFailed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;
import org.tastemaker.testing.ChildProgram;

/** Several caches on one folder, in one process and in several, and what a full disk keeps. */
class SharedCacheTest {
  private static final int QUESTIONS = 80;
  private static final Rubric RUBRIC = Rubric.of("quality", "1", "Redder is better.");

  @TempDir private Path folder;
  private final AtomicInteger calls = new AtomicInteger();
  private final ExecutorService threads = Executors.newFixedThreadPool(16);

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  @Test
  void twoCachesOfOneProcessPayForEachQuestionOnce() throws Exception {
    List<AnswerCache> caches = List.of(cache(this::slow), cache(this::slow), cache(this::slow));
    List<Future<Verdict>> answers = new ArrayList<>();
    for (int i = 0; i < QUESTIONS; i++) {
      Question question = question(i);
      for (AnswerCache cache : caches) {
        answers.add(threads.submit(() -> cache.ask(question)));
      }
    }
    int paid = 0;
    for (Future<Verdict> answer : answers) {
      paid += answer.get().cached() ? 0 : 1;
    }
    assertThat(calls).hasValue(QUESTIONS);
    assertThat(paid).isEqualTo(QUESTIONS);
    assertThat(temporary()).isEmpty();
  }

  @Test
  void severalProcessesPayForEachQuestionOnce() throws Exception {
    List<Process> jobs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      jobs.add(ChildProgram.of(Asker.class, "all", folder.toString()).start());
    }
    int paid = 0;
    for (Process job : jobs) {
      String said = new String(job.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(job.waitFor()).as(said).isZero();
      paid += Integer.parseInt(said.strip());
    }
    assertThat(paid).isEqualTo(QUESTIONS);
    assertThat(temporary()).isEmpty();
  }

  @Test
  void theQuestionOfAKilledProcessIsTakenOver() throws Exception {
    Process asking = ChildProgram.of(Asker.class, "forever", folder.toString()).start();
    try {
      assertThat(firstLine(asking)).isEqualTo("asked");
      AnswerCache cache = cache(this::slow);
      Future<Verdict> ours = threads.submit(() -> cache.ask(question(0)));
      assertThatThrownBy(() -> ours.get(200, TimeUnit.MILLISECONDS)).as("it waits").isNotNull();
      assertThat(calls).hasValue(0);
      asking.destroyForcibly().waitFor();
      assertThat(ours.get().cached()).isFalse();
    } finally {
      asking.destroyForcibly().waitFor();
    }
    assertThat(calls).hasValue(1);
    assertThat(temporary()).isEmpty();
  }

  @Test
  void whoWaitsTooLongIsTold() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    AnswerCache slow =
        cache(
            question -> {
              asked.countDown();
              sleep(60_000);
              return verdict("late");
            });
    threads.execute(
        () -> assertThatThrownBy(() -> slow.ask(question(0))).as("it is ended").isNotNull());
    asked.await();
    AnswerCache other = cache(this::slow).withPatience(Duration.ofMillis(100));
    assertThatThrownBy(() -> other.ask(question(0)))
        .isInstanceOf(TransportFailed.class)
        .hasMessageContaining("a question is being asked by somebody else who uses the answers in")
        .hasMessageContaining("is a process that uses them stopped?");
    assertThat(other.ask(question(1)).cached()).as("another question").isFalse();
  }

  @Test
  void aThreadThatIsCancelledDoesNotCancelThoseWhoJoinedIt() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    AnswerCache cache =
        cache(
            question -> {
              if (calls.incrementAndGet() == 1) {
                asked.countDown();
                sleep(60_000);
              }
              return verdict("second");
            });
    Future<Verdict> first = threads.submit(() -> cache.ask(question(0)));
    asked.await();
    Future<Verdict> second = threads.submit(() -> cache.ask(question(0)));
    first.cancel(true);
    assertThat(second.get().rationale()).isEqualTo("second");
  }

  @Test
  void onAFullDiskNothingIsBought() throws Exception {
    String said =
        ChildProgram.of(Asker.class, "all", folder.toString()).withFileSizeLimit(8).output();
    assertThat(said)
        .contains("an answer could not be kept in " + folder)
        .contains("so the question was not asked")
        .contains("calls: 0");
    assertThat(temporary()).isEmpty();
  }

  @Test
  void ifTheSpaceDoesNotSufficeAfterAllTheAnswerIsReturnedAndNothingMoreIsBought()
      throws Exception {
    String said =
        ChildProgram.of(Asker.class, "long", folder.toString()).withFileSizeLimit(32).output();
    assertThat(said).contains("answered: 100000").contains("again: 100000");
    assertThat(said).contains("could not be kept").contains("calls: 1");
    assertThat(temporary()).isEmpty();
  }

  @Test
  void whatKilledProcessesHadReservedIsRemovedAndWhatIsInUseIsNot() throws Exception {
    Process asking = ChildProgram.of(Asker.class, "forever", folder.toString()).start();
    try {
      assertThat(firstLine(asking)).isEqualTo("asked");
      Files.writeString(folder.resolve(".asking/" + "0".repeat(64) + ".tmp"), "left");
      assertThat(temporary()).hasSize(2);
      cache(this::slow);
      assertThat(temporary()).hasSize(1);
    } finally {
      asking.destroyForcibly().waitFor();
    }
    cache(this::slow);
    assertThat(temporary()).isEmpty();
  }

  @Test
  void aFolderThatOnlyHoldsAnswersIsNotWrittenToByAReplay() throws IOException {
    cache(this::slow).ask(question(0));
    Files.delete(folder.resolve(".lock"));
    Files.delete(folder.resolve(".asking"));
    assertThat(AnswerCache.replay("s", folder).ask(question(0)).cached()).isTrue();
    assertThat(folder.resolve(".lock")).doesNotExist();
  }

  private Verdict slow(Question question) {
    calls.incrementAndGet();
    sleep(2);
    return verdict("slow");
  }

  private AnswerCache cache(Judge judge) {
    return AnswerCache.of(judge, "s", folder);
  }

  private List<Path> temporary() throws IOException {
    Path asking = folder.resolve(".asking");
    if (!Files.exists(asking)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(asking)) {
      return files.toList();
    }
  }

  private static Question question(int i) {
    return Question.pair(
        Prompt.of("question " + i),
        Image.filled(2, 2, 1, 0, 0),
        Image.filled(2, 2, 0, 0, 1),
        RUBRIC);
  }

  private static Verdict verdict(String why) {
    return new Verdict(
        Verdict.Answer.of(Ranking.of(1, 0)), Map.of(), why, new Usage(1, 9, 0, 1), "m", false);
  }

  private static String firstLine(Process process) throws IOException {
    return new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new java.util.concurrent.CancellationException("interrupted");
    }
  }

  /** Another process that uses the folder. */
  static final class Asker {
    private Asker() {}

    public static void main(String[] args) throws Exception {
      Path folder = Path.of(args[1]);
      AtomicInteger calls = new AtomicInteger();
      switch (args[0]) {
        case "forever" ->
            AnswerCache.of(
                    question -> {
                      System.out.println("asked");
                      sleep(600_000);
                      return verdict("never");
                    },
                    "s",
                    folder)
                .ask(question(0));
        case "long" -> {
          AnswerCache cache =
              AnswerCache.of(
                  question -> {
                    calls.incrementAndGet();
                    return verdict("x".repeat(100_000));
                  },
                  "s",
                  folder);
          System.out.println("answered: " + cache.ask(question(0)).rationale().length());
          System.out.println("again: " + cache.ask(question(0)).rationale().length());
          orTell(() -> cache.ask(question(1)));
          System.out.println("calls: " + calls);
        }
        default -> {
          AnswerCache cache =
              AnswerCache.of(
                  question -> {
                    calls.incrementAndGet();
                    sleep(2);
                    return verdict("said");
                  },
                  "s",
                  folder);
          if (orTell(() -> askAll(cache))) {
            System.out.println(cache.counts().misses());
          } else {
            System.out.println("calls: " + calls);
          }
        }
      }
    }

    private static Object askAll(AnswerCache cache) throws Exception {
      ExecutorService threads = Executors.newFixedThreadPool(5);
      try {
        List<Future<Verdict>> answers = new ArrayList<>();
        for (int i = 0; i < QUESTIONS; i++) {
          Question question = question(i);
          answers.add(threads.submit(() -> cache.ask(question)));
        }
        for (Future<Verdict> answer : answers) {
          answer.get();
        }
        return "";
      } finally {
        threads.shutdownNow();
      }
    }

    private static boolean orTell(java.util.concurrent.Callable<?> work) throws Exception {
      try {
        work.call();
        return true;
      } catch (UncheckedIOException | java.util.concurrent.ExecutionException e) {
        System.out.println(e.getMessage());
        return false;
      }
    }
  }
}
