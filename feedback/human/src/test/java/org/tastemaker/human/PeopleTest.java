package org.tastemaker.human;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.calibration.KeptOracle;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.Protocol;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.votes.RowLines;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.human.desk.Desk;
import org.tastemaker.human.desk.DeskRecords;
import org.tastemaker.human.desk.People;

/** People behind the library's ports. */
class PeopleTest {
  private static final Rubric RUBRIC = Rubric.of("bright", "1", "Brighter is better.");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path folder;

  private static List<ImageGroup> groups(int count, int size) {
    List<ImageGroup> groups = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      groups.add(People.group("prompt " + i, size));
    }
    return groups;
  }

  private Path dataset() {
    return folder.resolve("preferences.jsonl");
  }

  private JobReport job(Desk desk, Duration patience, List<ImageGroup> groups) {
    return AnnotationJob.builder(dataset(), new HumanOracle(desk, 1, patience), RUBRIC)
        .concurrency(4)
        .build()
        .run(groups);
  }

  @Test
  void aJobWritesWhatPeopleSayAsAPreferenceDatasetThatKeptOracleReads() {
    List<ImageGroup> groups = groups(6, 3);
    try (Desk desk = People.desk(folder, 1)) {
      Thread ann = People.annotator(desk, "ann", People::brightest);
      job(desk, PATIENCE, groups);
      ann.interrupt();
    }
    List<Ranking> orders = new ArrayList<>();
    PreferenceDataset.read(dataset(), group -> orders.add(group.judgement().ranking()));
    assertThat(orders).hasSize(6).containsOnly(Ranking.of(2, 1, 0));
    List<Judgement> kept = KeptOracle.ofDataset("people", dataset()).rank(groups, RUBRIC);
    assertThat(kept).allMatch(judgement -> judgement.ranking().equals(Ranking.of(2, 1, 0)));
  }

  @Test
  void whatNobodyAnswersIsPostponedAndAskedByALaterRun() {
    List<ImageGroup> groups = groups(2, 2);
    try (Desk desk = People.desk(folder, 1)) {
      job(desk, Duration.ofMillis(5), groups);
    }
    List<String> ids = new ArrayList<>();
    PreferenceDataset.read(dataset(), group -> ids.add(group.id()));
    assertThat(ids).isEmpty();
    try (Desk desk = People.desk(folder, 1)) {
      Thread ann = People.annotator(desk, "ann", People::brightest);
      job(desk, PATIENCE, groups);
      ann.interrupt();
    }
    PreferenceDataset.read(dataset(), group -> ids.add(group.id()));
    assertThat(ids).hasSize(2);
  }

  @Test
  void severalPeoplesOrdersAreOneJudgementThatKeepsTheirVotes() {
    try (Desk desk = People.desk(folder, 3)) {
      List<Thread> people = new ArrayList<>();
      for (String name : List.of("ann", "bob", "cid")) {
        people.add(
            People.annotator(
                desk, name, name.equals("cid") ? PeopleTest::worst : People::brightest));
      }
      Judgement judgement = new HumanOracle(desk, 3, PATIENCE).rank(groups(1, 3), RUBRIC).get(0);
      people.forEach(Thread::interrupt);
      assertThat(judgement.ranking()).isEqualTo(Ranking.of(2, 1, 0));
      assertThat(judgement.judge()).isEqualTo("ann+bob+cid");
      assertThat(judgement.provenance().get(HumanOracle.VOTES))
          .contains("\"person\":\"ann\"", "\"person\":\"bob\"", "\"person\":\"cid\"", "shown");
      assertThat(judgement.provenance().get("preferences")).contains("0.33333");
    }
  }

  @Test
  void protocolsAskPeopleInBothOrdersAndFindWhoAlwaysClicksTheLeftImage() {
    List<ImageGroup> groups = groups(8, 2);
    assertThat(bias(groups, People::brightest, "careful")).isEqualTo(8);
    assertThat(bias(groups, PeopleTest::left, "left")).isZero();
  }

  /** How many of the pairs have the same winner in both orders. */
  private long bias(
      List<ImageGroup> groups, Function<Desk.Shown, List<List<Integer>>> habit, String name) {
    Path own = folder.resolve(name);
    assertThat(own.toFile().mkdir()).isTrue();
    try (Desk desk = People.desk(own, 1)) {
      Thread ann = People.annotator(desk, "ann", habit);
      JudgeOracle oracle =
          JudgeOracle.builder(new HumanJudge(desk, PATIENCE))
              .protocol(Protocol.pairsInBothOrders(1))
              .seed(Seed.of(1))
              .build();
      oracle.rank(groups, RUBRIC);
      ann.interrupt();
      assertThat(oracle.positionBias().swappedPairs()).isEqualTo(groups.size());
      return oracle.positionBias().consistentPairs();
    }
  }

  @Test
  void peopleRankAndNameTheBestAndGiveNoNumbers() {
    ImageGroup group = People.group("prompt", 3);
    try (Desk desk = People.desk(folder, 1)) {
      Thread ann = People.annotator(desk, "ann", People::brightest);
      HumanJudge judge = new HumanJudge(desk, PATIENCE);
      assertThat(judge.ask(Question.rank(group.prompt(), group.images(), RUBRIC)).overall().order())
          .isEqualTo(Ranking.of(2, 1, 0));
      var best = judge.ask(Question.best(1, group.prompt(), group.images(), RUBRIC));
      assertThat(best.overall().order().tiers().get(0)).containsExactly(2);
      assertThat(best.model()).isEqualTo("ann");
      assertThatExceptionOfType(FeedbackException.InvalidRequest.class)
          .isThrownBy(
              () ->
                  judge.ask(
                      Question.score(
                          new Question.Scale(1, 5), group.prompt(), group.images(), RUBRIC)))
          .withMessageContaining("choose a protocol of pairs or ranks");
      ann.interrupt();
    }
  }

  @Test
  void answersAreReadBackAsVotesWithoutTheProgramThatAsked() {
    try (Desk desk = People.desk(folder, 2)) {
      Thread ann = People.annotator(desk, "ann", People::brightest);
      Thread bob = People.annotator(desk, "bob", shown -> List.of(List.of(0, 1)));
      new HumanOracle(desk, 2, PATIENCE).rank(groups(3, 2), RUBRIC);
      ann.interrupt();
      bob.interrupt();
    }
    Path file = folder.resolve("votes.jsonl");
    assertThat(PeopleVotes.write(DeskRecords.read(People.log(folder)), file).rows()).isEqualTo(3);
    List<String> problems = new ArrayList<>();
    List<VotedGroup> groups = new ArrayList<>();
    VoteFile.json(file, RowLines.in(folder)).groups(problems::add).forEach(groups::add);
    assertThat(problems).isEmpty();
    assertThat(groups).hasSize(3);
    for (VotedGroup group : groups) {
      assertThat(group.pairs().get(0).votes()).hasSize(2);
      assertThat(group.pairs().get(0).shareOfFirst()).isEqualTo(0.25);
      assertThat(group.facts()).containsKeys("shown.ann", "millis.bob", VotedGroup.GROUP);
    }
    Judgement kept =
        KeptOracle.ofVotes("people", groups).rank(List.of(groups.get(0).images()), RUBRIC).get(0);
    assertThat(kept.ranking()).isEqualTo(Ranking.of(1, 0));
  }

  private static List<List<Integer>> worst(Desk.Shown shown) {
    List<List<Integer>> tiers = new ArrayList<>(People.brightest(shown));
    Collections.reverse(tiers);
    return tiers;
  }

  private static List<List<Integer>> left(Desk.Shown shown) {
    return List.of(List.of(0), List.of(1));
  }
}
