package org.tastemaker.human.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.human.desk.Desk.Outcome;
import org.tastemaker.testing.HandClock;

/** Leases of five minutes, by a clock that the tests move. */
class DeskLeaseTest {
  private final HandClock clock = People.clock();

  @TempDir Path folder;

  @Test
  void aClosedTabsQuestionGoesToSomebodyElse() {
    try (Desk desk = People.desk(folder, 1, 0, clock)) {
      CompletableFuture<List<DeskAnswer>> asked = People.ask(desk, "q0", 2);
      People.look(desk, "ann");
      clock.pass(Duration.ofMinutes(4));
      assertThat(desk.standing("bob").shown()).isEmpty();
      clock.pass(Duration.ofMinutes(2));
      assertThat(People.look(desk, "bob").question().id()).isEqualTo("q0");
      assertThat(asked).isNotDone();
    }
  }

  @Test
  void whoIsThereKeepsTheQuestionButNotForEver() {
    try (Desk desk = People.desk(folder, 1, 0, clock)) {
      CompletableFuture<List<DeskAnswer>> asked = People.ask(desk, "q0", 2);
      String id = People.look(desk, "ann").assignment().id();
      for (int i = 0; i < 12; i++) {
        clock.pass(Duration.ofMinutes(4));
        assertThat(People.look(desk, "ann").assignment().id()).isEqualTo(id);
        assertThat(desk.standing("bob").shown()).isEmpty();
      }
      clock.pass(Duration.ofMinutes(4));
      assertThat(desk.standing("bob").shown()).isPresent();
      assertThat(asked).isNotDone();
    }
  }

  @Test
  void aLateAnswerIsStillThatPersonsVote() {
    try (Desk desk = People.desk(folder, 1, 0, clock)) {
      CompletableFuture<List<DeskAnswer>> asked = People.ask(desk, "q0", 2);
      Desk.Shown late = People.look(desk, "ann");
      clock.pass(Duration.ofMinutes(6));
      assertThat(People.say(desk, "bob", "b", People::brightest)).isEqualTo(Outcome.TAKEN);
      assertThat(asked.join()).hasSize(1);
      assertThat(
              desk.answer(
                  "ann",
                  "a",
                  late.assignment().id(),
                  DeskAnswer.Kind.RANKED,
                  People.brightest(late),
                  400_000))
          .isEqualTo(Outcome.TAKEN);
    }
    assertThat(DeskRecords.read(People.log(folder)).answers())
        .extracting(answer -> answer.assignment().person())
        .containsExactly("ann", "bob");
  }

  @Test
  void theSameQuestionIsShownAfterARestartAndKeptFromOthers() {
    String id;
    List<Integer> order;
    try (Desk desk = People.desk(folder, 1, 0, clock)) {
      CompletableFuture<List<DeskAnswer>> asked = People.ask(desk, "q0", 4);
      id = People.look(desk, "ann").assignment().id();
      order = People.look(desk, "ann").assignment().shown();
      assertThat(asked).isNotDone();
    }
    clock.pass(Duration.ofHours(1));
    try (Desk desk = People.desk(folder, 1, 0, clock)) {
      CompletableFuture<List<DeskAnswer>> asked = People.ask(desk, "q0", 4);
      assertThat(desk.standing("bob").shown()).isEmpty();
      assertThat(People.look(desk, "ann").assignment().id()).isEqualTo(id);
      assertThat(People.look(desk, "ann").assignment().shown()).isEqualTo(order);
      assertThat(asked).isNotDone();
    }
  }

  @Test
  void theSecondTabIsToldThatTheFirstHasAnswered() {
    try (Desk desk = People.desk(folder, 1, 0, clock)) {
      CompletableFuture<List<DeskAnswer>> asked = People.ask(desk, "q0", 2);
      Desk.Shown one = People.look(desk, "ann");
      Desk.Shown other = People.look(desk, "ann");
      assertThat(other.assignment()).isEqualTo(one.assignment());
      assertThat(People.say(desk, "ann", "a", People::brightest)).isEqualTo(Outcome.TAKEN);
      assertThat(
              desk.answer(
                  "ann",
                  "b",
                  other.assignment().id(),
                  DeskAnswer.Kind.RANKED,
                  People.leftmost(other),
                  9))
          .isEqualTo(Outcome.CLOSED);
      assertThat(asked.join()).hasSize(1);
    }
  }

  @Test
  void aQuestionIsOpenUntilTheLastOfThoseWhoAskHasGone() throws InterruptedException {
    try (Desk desk = People.desk(folder, 1, 0, clock)) {
      CompletableFuture<List<DeskAnswer>> asked = People.ask(desk, "q0", 2);
      assertThat(desk.ask(People.question("q0", 2), Duration.ZERO)).isEmpty();
      assertThat(desk.isAsking("q0")).isTrue();
      People.say(desk, "ann", "a", People::brightest);
      assertThat(asked.join()).hasSize(1);
      assertThat(desk.isAsking("q0")).isFalse();
    }
  }
}
