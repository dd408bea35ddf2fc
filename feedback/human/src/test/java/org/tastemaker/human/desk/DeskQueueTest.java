package org.tastemaker.human.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeskQueueTest {
  private static final int GROUPS = 200;

  @TempDir Path folder;

  @Test
  void fourPeopleFinishTwoHundredGroupsAndNothingIsDoubledOrLost() throws Exception {
    finish(4, 1);
  }

  @Test
  void withRedundancyEachGroupHasAnswersOfDifferentPeople() throws Exception {
    finish(4, 3);
  }

  private void finish(int people, int redundancy) throws Exception {
    ExecutorService askers = Executors.newFixedThreadPool(16);
    List<Thread> annotators = new ArrayList<>();
    try (Desk desk = People.desk(folder, redundancy)) {
      for (int i = 0; i < people; i++) {
        annotators.add(People.annotator(desk, "p" + i, People::brightest));
      }
      List<Future<List<DeskAnswer>>> asked = new ArrayList<>();
      for (int g = 0; g < GROUPS; g++) {
        DeskQuestion question = People.question("q" + g, 3);
        asked.add(askers.submit(() -> desk.ask(question, Duration.ofMinutes(1))));
      }
      for (Future<List<DeskAnswer>> answers : asked) {
        assertThat(answers.get()).hasSize(redundancy);
      }
      annotators.forEach(Thread::interrupt);
      for (Thread annotator : annotators) {
        annotator.join();
      }
      assertThat(desk.damaged()).isZero();
    } finally {
      askers.shutdownNow();
    }
    List<DeskAnswer> answers = DeskRecords.read(People.log(folder)).answers();
    assertThat(answers).hasSize(GROUPS * redundancy);
    Set<String> once = new HashSet<>();
    for (DeskAnswer answer : answers) {
      Assignment assignment = answer.assignment();
      assertThat(once.add(assignment.question() + " " + assignment.person())).isTrue();
    }
  }
}
