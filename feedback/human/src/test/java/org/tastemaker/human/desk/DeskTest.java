package org.tastemaker.human.desk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.human.desk.Assignment.Check;
import org.tastemaker.human.desk.Desk.Outcome;

class DeskTest {
  @TempDir Path folder;

  private static DeskQuestion question(String id) {
    ImageGroup group =
        new ImageGroup(
            Prompt.of("prompt " + id),
            List.of(
                Image.filled(2, 2, 0, 0, 0),
                Image.filled(2, 2, 0.5f, 0, 0),
                Image.filled(2, 2, 1, 0, 0)));
    return new DeskQuestion(id, group, "Which is redder?");
  }

  private Desk desk(int people, Duration grace, int checkEvery, Desk.KnownQuestion... known) {
    return Desk.open(
        folder.resolve("answers.jsonl"),
        new Desk.Options(people, Duration.ofMinutes(5), grace, checkEvery, Seed.of(3)),
        List.of(known),
        Map.of("q0", Ranking.of(2, 1, 0)),
        Clock.systemUTC());
  }

  private static CompletableFuture<List<DeskAnswer>> ask(Desk desk, String id) {
    CompletableFuture<List<DeskAnswer>> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(desk.ask(question(id), Duration.ofSeconds(60)));
              } catch (InterruptedException e) {
                result.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    while (!desk.isAsking(id) && !result.isDone()) {
      Thread.onSpinWait();
    }
    return result;
  }

  private static Desk.Shown look(Desk desk, String person) {
    return desk.standing(person).shown().orElseThrow();
  }

  /** Ranks images in an order, whatever order they are shown in. */
  private static Outcome rank(Desk desk, String person, String id, int... images) {
    Desk.Shown shown = look(desk, person);
    List<List<Integer>> tiers = new ArrayList<>();
    for (int image : images) {
      tiers.add(List.of(shown.assignment().shown().indexOf(image)));
    }
    return desk.answer(person, id, shown.assignment().id(), DeskAnswer.Kind.RANKED, tiers, 700);
  }

  @Test
  void whoAsksGetsTheOrderOfTheImages() {
    try (Desk desk = desk(1, Duration.ZERO, 0)) {
      CompletableFuture<List<DeskAnswer>> asked = ask(desk, "q0");
      assertThat(rank(desk, "ann", "a", 2, 0, 1)).isEqualTo(Outcome.TAKEN);
      assertThat(asked.join()).hasSize(1);
      assertThat(asked.join().get(0).order()).contains(Ranking.of(2, 0, 1));
    }
  }

  @Test
  void twoPeopleGetDifferentQuestionsUnlessTwoAreWanted() {
    try (Desk desk = desk(1, Duration.ZERO, 0)) {
      CompletableFuture<List<DeskAnswer>> first = ask(desk, "q0");
      CompletableFuture<List<DeskAnswer>> second = ask(desk, "q1");
      assertThat(look(desk, "ann").question().id()).isEqualTo("q0");
      assertThat(look(desk, "bob").question().id()).isEqualTo("q1");
      assertThat(desk.standing("cid").shown()).isEmpty();
      assertThat(first).isNotDone();
      assertThat(second).isNotDone();
    }
  }

  @Test
  void redundancyWaitsForSeveralPeopleAndAsksNobodyTwice() {
    try (Desk desk = desk(2, Duration.ZERO, 0)) {
      CompletableFuture<List<DeskAnswer>> asked = ask(desk, "q0");
      rank(desk, "ann", "a", 2, 1, 0);
      assertThat(desk.standing("ann").shown()).isEmpty();
      assertThat(asked).isNotDone();
      rank(desk, "bob", "b", 1, 2, 0);
      assertThat(asked.join()).hasSize(2);
      assertThat(desk.figures().amongPeople()).isEqualTo(new DeskFigures.Share(2, 3));
      assertThat(desk.figures().withReference()).isEqualTo(new DeskFigures.Share(5, 6));
    }
  }

  @Test
  void whatWasAnsweredBeforeIsNotAskedAgain() throws InterruptedException {
    try (Desk desk = desk(1, Duration.ZERO, 0)) {
      CompletableFuture<List<DeskAnswer>> asked = ask(desk, "q0");
      rank(desk, "ann", "a", 2, 1, 0);
      assertThat(asked.join()).hasSize(1);
    }
    try (Desk desk = desk(1, Duration.ZERO, 0)) {
      assertThat(desk.ask(question("q0"), Duration.ofSeconds(60))).hasSize(1);
    }
  }

  @Test
  void nobodyAnswersAndTheCallEnds() throws InterruptedException {
    try (Desk desk = desk(1, Duration.ZERO, 0)) {
      assertThat(desk.ask(question("q0"), Duration.ofMillis(20))).isEmpty();
      CompletableFuture<List<DeskAnswer>> asked = ask(desk, "q1");
      desk.stop();
      assertThat(asked.join()).isEmpty();
    }
  }

  @Test
  void anAnswerCanBeTakenBackUntilSomebodyHasGotIt() {
    try (Desk desk = desk(1, Duration.ofMinutes(1), 0)) {
      CompletableFuture<List<DeskAnswer>> first = ask(desk, "q0");
      CompletableFuture<List<DeskAnswer>> second = ask(desk, "q1");
      String assignment = look(desk, "ann").assignment().id();
      rank(desk, "ann", "a", 2, 1, 0);
      assertThat(first).isNotDone();
      assertThat(desk.undo("ann", "u", "a")).isEqualTo(Outcome.TAKEN);
      assertThat(look(desk, "ann").assignment().id()).isEqualTo(assignment);
      rank(desk, "ann", "a2", 0, 1, 2);
      rank(desk, "ann", "b", 0, 1, 2); // the next answer settles the one before
      assertThat(first.join().get(0).order()).contains(Ranking.of(0, 1, 2));
      assertThat(desk.undo("ann", "u2", "a2")).isEqualTo(Outcome.CLOSED);
      assertThat(second).isNotDone();
    }
  }

  @Test
  void aSkippedQuestionGoesToAnotherPerson() {
    try (Desk desk = desk(1, Duration.ZERO, 0)) {
      CompletableFuture<List<DeskAnswer>> asked = ask(desk, "q0");
      desk.answer(
          "ann", "a", look(desk, "ann").assignment().id(), DeskAnswer.Kind.SKIP, List.of(), 1);
      assertThat(desk.standing("ann").shown()).isEmpty();
      assertThat(look(desk, "bob").question().id()).isEqualTo("q0");
      assertThat(asked).isNotDone();
    }
  }

  @Test
  void clicksThatDoNotFitChangeNothing() throws IOException {
    try (Desk desk = desk(1, Duration.ZERO, 0)) {
      CompletableFuture<List<DeskAnswer>> asked = ask(desk, "q0");
      String assignment = look(desk, "ann").assignment().id();
      byte[] before = Files.readAllBytes(folder.resolve("answers.jsonl"));
      List<List<Integer>> tiers = List.of(List.of(0));
      assertThat(desk.answer("bob", "x", assignment, DeskAnswer.Kind.RANKED, tiers, 1))
          .isEqualTo(Outcome.NOT_SHOWN);
      assertThat(desk.answer("ann", "x", "none", DeskAnswer.Kind.RANKED, tiers, 1))
          .isEqualTo(Outcome.NOT_SHOWN);
      assertThat(desk.undo("ann", "x", "none")).isEqualTo(Outcome.NOT_SHOWN);
      assertThat(Files.readAllBytes(folder.resolve("answers.jsonl"))).isEqualTo(before);
      assertThat(asked).isNotDone();
    }
  }

  @Test
  void checksRepeatWithExchangedSidesAndAskWhatIsKnownAndCountForNothing() {
    Desk.KnownQuestion known = new Desk.KnownQuestion(question("k"), Ranking.of(2, 1, 0));
    try (Desk desk = desk(1, Duration.ZERO, 1, known)) {
      CompletableFuture<List<DeskAnswer>> q0 = ask(desk, "q0");
      final CompletableFuture<List<DeskAnswer>> q1 = ask(desk, "q1");
      List<Integer> shown = look(desk, "ann").assignment().shown();
      rank(desk, "ann", "a", 2, 1, 0);
      assertThat(q0.join()).hasSize(1);
      Assignment repeat = look(desk, "ann").assignment();
      assertThat(repeat.check()).isEqualTo(Check.SWAPPED);
      assertThat(repeat.shown()).containsExactly(shown.get(2), shown.get(1), shown.get(0));
      rank(desk, "ann", "b", 2, 0, 1); // of three pairs, one otherwise
      assertThat(look(desk, "ann").question().id()).isEqualTo("q1");
      rank(desk, "ann", "c", 2, 1, 0);
      assertThat(q1.join()).hasSize(1);
      assertThat(look(desk, "ann").assignment().check()).isEqualTo(Check.KNOWN);
      rank(desk, "ann", "d", 0, 1, 2); // all wrong
      DeskFigures.Person ann = desk.figures().people().get(0);
      assertThat(ann.answers()).isEqualTo(2);
      assertThat(ann.repeated()).isEqualTo(new DeskFigures.Share(2, 3));
      assertThat(ann.known()).isEqualTo(new DeskFigures.Share(0, 3));
      assertThat(ann.withReference()).isEqualTo(new DeskFigures.Share(3, 3));
    }
  }

  @Test
  void aLogThatIsCutAtAnyByteKeepsWhatWasWholeAndGoesOn() throws IOException {
    try (Desk desk = desk(1, Duration.ofMinutes(1), 0)) {
      CompletableFuture<List<DeskAnswer>> asked = ask(desk, "q0");
      rank(desk, "ann", "a", 2, 1, 0);
      desk.undo("ann", "u", "a");
      rank(desk, "ann", "b", 0, 1, 2);
      assertThat(asked).isNotDone();
    }
    Path log = folder.resolve("answers.jsonl");
    byte[] whole = Files.readAllBytes(log);
    for (int length = 0; length <= whole.length; length++) {
      Files.write(log, Arrays.copyOf(whole, length));
      String text = new String(whole, 0, length, StandardCharsets.UTF_8);
      String lines = text.substring(0, text.lastIndexOf('\n') + 1);
      int expected =
          lines.contains("\"id\":\"b\"")
              ? 1
              : lines.contains("\"id\":\"a\"") && !lines.contains("undone") ? 1 : 0;
      try (Desk desk = desk(1, Duration.ofMinutes(1), 0)) {
        assertThat(desk.damaged()).isZero();
        assertThat(desk.standing("ann").own()).as("%s bytes", length).isEqualTo(expected);
      }
    }
  }

  @Test
  void aFileOfSomethingElseIsLeftUnchanged() throws IOException {
    Path log = folder.resolve("answers.jsonl");
    Files.writeString(log, "mine\nhalf");
    assertThatIllegalStateException().isThrownBy(() -> desk(1, Duration.ZERO, 0));
    assertThat(log).hasContent("mine\nhalf");
  }
}
