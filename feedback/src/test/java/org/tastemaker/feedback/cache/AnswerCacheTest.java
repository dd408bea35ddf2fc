package org.tastemaker.feedback.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.FeedbackException.InvalidRequest;
import org.tastemaker.feedback.FeedbackException.MalformedVerdict;
import org.tastemaker.feedback.FeedbackException.Refused;
import org.tastemaker.feedback.FeedbackException.TransportFailed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.Verdict;

class AnswerCacheTest {
  private static final Image RED = Image.filled(2, 2, 1, 0, 0);
  private static final Image BLUE = Image.filled(2, 2, 0, 0, 1);
  private static final Prompt PROMPT = Prompt.of("a colour");
  private static final Rubric RUBRIC = Rubric.of("quality", "1", "Redder is better.");
  private static final Question PAIR = Question.pair(PROMPT, RED, BLUE, RUBRIC);
  private static final Verdict VERDICT =
      new Verdict(
          Verdict.Answer.soft(0.75),
          Map.of("quality", Verdict.Answer.of(Ranking.of(1, 0))),
          "it is red",
          new Usage(1, 100, 20, 5),
          "model-7",
          false);

  @TempDir private Path folder;
  private final AtomicInteger calls = new AtomicInteger();

  @Test
  void theSameQuestionIsAskedOnce() {
    AnswerCache cache = answering(VERDICT);
    assertThat(cache.ask(PAIR)).isEqualTo(VERDICT);
    assertThat(cache.ask(PAIR)).isEqualTo(VERDICT.fromCache());
    assertThat(calls).hasValue(1);
    assertThat(cache.counts()).isEqualTo(new AnswerCache.Counts(1, 0, 1, 0));
  }

  @Test
  void anAnswerOutlivesTheProcess() {
    answering(VERDICT).ask(PAIR);
    assertThat(answering(VERDICT).ask(PAIR)).isEqualTo(VERDICT.fromCache());
    assertThat(calls).hasValue(1);
  }

  @Test
  void scoresWithGapsAreKept() {
    Question question =
        Question.score(new Question.Scale(0, 9), PROMPT, List.of(RED, BLUE), RUBRIC);
    Verdict verdict =
        new Verdict(
            Verdict.Answer.ofScores(List.of(OptionalDouble.empty(), OptionalDouble.of(7))),
            Map.of(),
            "",
            Usage.NONE,
            "m",
            false);
    answering(verdict).ask(question);
    assertThat(answering(verdict).ask(question)).isEqualTo(verdict.fromCache());
  }

  @Test
  void whateverDiffersIsAnotherQuestion() {
    AnswerCache cache = answering(VERDICT);
    cache.ask(PAIR);
    cache.ask(Question.pair(PROMPT, BLUE, RED, RUBRIC));
    cache.ask(Question.pair(Prompt.of("another"), RED, BLUE, RUBRIC));
    cache.ask(Question.pair(PROMPT, RED, BLUE, Rubric.of("quality", "2", "Redder is better.")));
    cache.ask(Question.pair(PROMPT, RED, BLUE, Rubric.of("quality", "1", "Bluer is better.")));
    cache.ask(Question.pair(PROMPT, RED, Image.filled(2, 2, 0, 0, 0.9f), RUBRIC));
    cache.ask(PAIR.withSample(1));
    cache.ask(PAIR.again("no JSON"));
    cache.ask(PAIR.again("no label"));
    cache.ask(PAIR.again("no JSON").again("no JSON"));
    AnswerCache.of(this::verdict, "other settings", folder).ask(PAIR);
    assertThat(calls).hasValue(11);
  }

  @Test
  void whereAnImageIsInItsGroupMakesNoDifference() {
    AnswerCache cache = answering(VERDICT);
    cache.ask(PAIR);
    cache.ask(PAIR.withShown(List.of(3, 1)));
    assertThat(calls).hasValue(1);
  }

  @Test
  void aRefusalIsKeptAndNotPaidForAgain() {
    Judge refusing = refusing(new Refused("no", new Usage(1, 9, 0, 2)));
    for (int i = 0; i < 2; i++) {
      int time = i;
      assertThatThrownBy(() -> AnswerCache.of(refusing, "s", folder).ask(PAIR))
          .isInstanceOf(Refused.class)
          .hasMessage("the judge refused to answer: no")
          .satisfies(
              e ->
                  assertThat(((FeedbackException) e).usage())
                      .isEqualTo(time == 0 ? new Usage(1, 9, 0, 2) : Usage.NONE));
    }
    assertThat(calls).hasValue(1);
  }

  @Test
  void aMalformedAnswerIsKeptWithItsPlace() {
    Judge failing = refusing(new MalformedVerdict("overall[1]", "bad", new Usage(1, 9, 0, 2)));
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> AnswerCache.of(failing, "s", folder).ask(PAIR))
          .isInstanceOf(MalformedVerdict.class)
          .hasMessage("bad")
          .satisfies(e -> assertThat(((MalformedVerdict) e).path()).isEqualTo("overall[1]"));
    }
    assertThat(calls).hasValue(1);
  }

  @Test
  void aFailureOfTheNetworkIsNotKept() {
    Judge failing = refusing(new TransportFailed("down", null, false));
    AnswerCache cache = AnswerCache.of(failing, "s", folder);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> cache.ask(PAIR)).isInstanceOf(TransportFailed.class);
    }
    assertThat(calls).hasValue(2);
  }

  @Test
  void threadsThatAskTheSameQuestionMakeOneCall() throws Exception {
    int threads = 16;
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    AnswerCache cache =
        AnswerCache.of(
            question -> {
              calls.incrementAndGet();
              asked.countDown();
              await(answer);
              return VERDICT;
            },
            "s",
            folder);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Verdict>> verdicts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        verdicts.add(pool.submit(() -> cache.ask(PAIR)));
      }
      asked.await();
      answer.countDown();
      int paid = 0;
      for (Future<Verdict> verdict : verdicts) {
        assertThat(verdict.get().overall()).isEqualTo(VERDICT.overall());
        paid += verdict.get().cached() ? 0 : 1;
      }
      assertThat(paid).isEqualTo(1);
    } finally {
      pool.shutdownNow();
    }
    assertThat(calls).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{\"format\":2}",
        "{\"format\":1}",
        "{\"format\":1,\"verdict\":{}}",
        "{\"format\":1,\"verdict\":{\"overall\":{\"size\":2,\"tiers\":[[0],[0]]},\"byCriterion\":{},"
            + "\"rationale\":\"\",\"cost\":{\"requests\":1,\"input\":0,\"cached\":0,\"output\":0},"
            + "\"model\":\"m\"}}",
        "{\"format\":1,\"verdict\":{\"overall\":{\"size\":3,\"tiers\":[[0],[1],[2]]},"
            + "\"byCriterion\":{},\"rationale\":\"\",\"cost\":{\"requests\":1,\"input\":0,"
            + "\"cached\":0,\"output\":0},\"model\":\"m\"}}",
        "{\"format\":1,\"failure\":{\"type\":\"bored\",\"message\":\"\",\"cost\":{\"requests\":0,"
            + "\"input\":0,\"cached\":0,\"output\":0}}}"
      })
  void aDamagedAnswerIsSetAsideCountedAndAskedAgain(String content) throws IOException {
    answering(VERDICT).ask(PAIR);
    Path file = onlyFile();
    Files.writeString(file, content);
    AnswerCache cache = answering(VERDICT);
    assertThat(cache.ask(PAIR)).isEqualTo(VERDICT);
    assertThat(cache.counts()).isEqualTo(new AnswerCache.Counts(0, 0, 1, 1));
    assertThat(file.resolveSibling(file.getFileName() + ".damaged")).hasContent(content);
    assertThat(answering(VERDICT).ask(PAIR).cached()).isTrue();
  }

  @Test
  void anAnswerCutOffAnywhereIsFoundOut() throws IOException {
    answering(VERDICT).ask(PAIR);
    byte[] whole = Files.readAllBytes(onlyFile());
    for (int length = 0; length < whole.length - 1; length += 7) {
      Files.write(onlyFile(), java.util.Arrays.copyOf(whole, length));
      AnswerCache cache = answering(VERDICT);
      assertThat(cache.ask(PAIR)).isEqualTo(VERDICT);
      assertThat(cache.counts().damaged()).isEqualTo(1);
    }
  }

  @Property(tries = 50)
  void anyTextIsNoAnswerAndNoSurprise(@ForAll String text) {
    assertThatThrownBy(() -> CachedAnswer.fromJson(text))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFirstAttemptHasTheKeyThatItAlwaysHad() throws Exception {
    answering(VERDICT).ask(PAIR);
    assertThat(onlyFile()).hasFileName(sha256(PAIR.id() + "/0/s") + ".json");
  }

  @Test
  void aRepeatedQuestionIsNotAnsweredByAFileThatDoesNotTellItsComplaint() throws Exception {
    answering(VERDICT).ask(PAIR);
    String earlier = sha256(PAIR.id() + "/1/s");
    Path file = folder.resolve(earlier.substring(0, 2)).resolve(earlier + ".json");
    Files.createDirectories(file.getParent());
    Files.move(onlyFile(), file);

    assertThatThrownBy(() -> AnswerCache.replay("s", folder).ask(PAIR.again("no JSON")))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining(
            "the file "
                + file
                + " answers another attempt, but does not say after which complaint");
    assertThat(answering(VERDICT).ask(PAIR.again("no JSON")).cached()).isFalse();
    assertThat(calls).hasValue(2);
  }

  @Test
  void aReplayNeedsNoJudge() {
    answering(VERDICT).ask(PAIR);
    assertThat(AnswerCache.replay("s", folder).ask(PAIR)).isEqualTo(VERDICT.fromCache());
  }

  @Test
  void aReplayEndsWhereAnAnswerIsMissing() {
    AnswerCache replay = AnswerCache.replay("s", folder);
    assertThatThrownBy(() -> replay.ask(PAIR))
        .isInstanceOf(InvalidRequest.class)
        .hasMessageContaining("to a question of kind PAIR about 2 images of prompt 'a colour'")
        .hasMessageContaining("by rubric quality@1, and a replay makes no calls; run it once")
        .satisfies(e -> assertThat(((FeedbackException) e).stopsTheJob()).isTrue());
  }

  @Test
  void thereMustBeAFolderToReplayFrom() {
    Path absent = folder.resolve("absent");
    assertThatThrownBy(() -> AnswerCache.replay("s", absent))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no folder " + absent + " to replay answers from");
  }

  @Test
  void aFolderThatCannotBeMadeIsTold() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> AnswerCache.of(this::verdict, "s", file.resolve("answers")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageStartingWith("the folder for answers " + file.resolve("answers"));
  }

  private AnswerCache answering(Verdict verdict) {
    return AnswerCache.of(
        question -> {
          calls.incrementAndGet();
          return verdict;
        },
        "s",
        folder);
  }

  private Verdict verdict(Question question) {
    calls.incrementAndGet();
    return VERDICT;
  }

  private Judge refusing(FeedbackException failure) {
    return question -> {
      calls.incrementAndGet();
      throw failure;
    };
  }

  private static String sha256(String text) throws NoSuchAlgorithmException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).findFirst().orElseThrow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
