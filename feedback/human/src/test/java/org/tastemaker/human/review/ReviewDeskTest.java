package org.tastemaker.human.review;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.human.review.ReviewDesk.Outcome;
import org.tastemaker.testing.HandClock;

class ReviewDeskTest {
  @TempDir Path folder;

  @Test
  void verdictAfterVerdictIsShownAndNoneTwice() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 4))) {
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < 4; i++) {
        ReviewDesk.Standing standing = desk.standing("ann");
        assertThat(standing.left()).isEqualTo(4 - i);
        String group = standing.shown().orElseThrow().verdict().id();
        assertThat(seen.add(group)).isTrue();
        assertThat(desk.say("ann", Judged.confirm("c" + i, group))).isEqualTo(Outcome.TAKEN);
      }
      assertThat(desk.standing("ann").isFinished()).isTrue();
      assertThat(desk.standing("ann").shown()).isEmpty();
      assertThat(desk.standing("bob").isFinished()).isTrue();
    }
  }

  @Test
  void anOverrulingOrderIsOfTheImagesAndNotOfPlacesOnThePage() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 1))) {
      ReviewDesk.Shown shown = Judged.look(desk, "ann");
      desk.say("ann", Judged.overrule("o", shown, 1, 2, 0));
      assertThat(desk.reviews().get(0).kind()).isEqualTo(Review.Kind.OVERRULED);
      assertThat(desk.reviews().get(0).order()).contains(Ranking.of(1, 2, 0));
    }
  }

  @Test
  void theJudgesOwnOrderSentAsAnotherOneConfirms() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 1))) {
      desk.say("ann", Judged.overrule("o", Judged.look(desk, "ann"), 2, 0, 1));
      assertThat(desk.reviews().get(0).kind()).isEqualTo(Review.Kind.CONFIRMED);
    }
  }

  @Test
  void imagesWithoutAPlaceShareTheLastOne() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 1))) {
      desk.say("ann", Judged.overrule("o", Judged.look(desk, "ann"), 1));
      assertThat(desk.reviews().get(0).order()).contains(Ranking.topK(3, 1));
    }
  }

  @Test
  void cannotSayAndSkipLeaveTheVerdictToOthers() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 2))) {
      String first = Judged.look(desk, "ann").verdict().id();
      desk.say("ann", Judged.other("u", first, Review.Kind.UNSURE));
      String second = Judged.look(desk, "ann").verdict().id();
      desk.say("ann", Judged.other("s", second, Review.Kind.SKIPPED));
      assertThat(desk.standing("ann").isFinished()).isTrue();
      assertThat(desk.standing("bob").left()).isEqualTo(2);
    }
  }

  @Test
  void whatIsTakenBackIsShownAgain() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 3))) {
      String first = Judged.look(desk, "ann").verdict().id();
      desk.say("ann", Judged.confirm("c", first));
      assertThat(Judged.look(desk, "ann").verdict().id()).isNotEqualTo(first);
      assertThat(desk.undo("ann", "u", "c")).isEqualTo(Outcome.TAKEN);
      assertThat(desk.undo("ann", "u", "c")).isEqualTo(Outcome.REPEATED);
      assertThat(Judged.look(desk, "ann").verdict().id()).isEqualTo(first);
      assertThat(desk.reviews()).isEmpty();
      assertThat(desk.say("ann", Judged.confirm("c2", first))).isEqualTo(Outcome.TAKEN);
    }
  }

  @Test
  void nobodyTakesBackWhatAnotherSaid() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 1))) {
      desk.say("ann", Judged.confirm("c", Judged.look(desk, "ann").verdict().id()));
      assertThat(desk.undo("bob", "u", "c")).isEqualTo(Outcome.NOT_SHOWN);
      assertThat(desk.reviews()).hasSize(1);
    }
  }

  @Test
  void theSameClickTwiceCountsOnce() throws IOException {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 2))) {
      String group = Judged.look(desk, "ann").verdict().id();
      desk.say("ann", Judged.confirm("c", group));
      long size = Files.size(Judged.log(folder));
      assertThat(desk.say("ann", Judged.confirm("c", group))).isEqualTo(Outcome.REPEATED);
      assertThat(Files.size(Judged.log(folder))).isEqualTo(size);
    }
  }

  @Test
  void ofTwoTabsTheFirstAnswerCounts() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 2))) {
      ReviewDesk.Shown shown = Judged.look(desk, "ann");
      desk.say("ann", Judged.confirm("tab1", shown.verdict().id()));
      assertThat(desk.say("ann", Judged.overrule("tab2", shown, 1, 0, 2)))
          .isEqualTo(Outcome.ALREADY_ANSWERED);
      assertThat(desk.reviews()).extracting(Review::id).containsExactly("tab1");
    }
  }

  @Test
  void twoPeopleAreNotShownTheSameUnlessThatIsAskedFor() {
    Path dataset = Judged.dataset(folder, 3);
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      String ann = Judged.look(desk, "ann").verdict().id();
      assertThat(Judged.look(desk, "bob").verdict().id()).isNotEqualTo(ann);
      assertThat(desk.say("bob", Judged.confirm("c", ann))).isEqualTo(Outcome.NOT_SHOWN);
      assertThat(desk.reviews()).isEmpty();
    }
    try (ReviewDesk desk =
        ReviewDesk.open(dataset, folder.resolve("two.jsonl"), Judged.options(2), Judged.CLOCK)) {
      String ann = Judged.look(desk, "ann").verdict().id();
      assertThat(Judged.look(desk, "bob").verdict().id()).isEqualTo(ann);
      assertThat(Judged.look(desk, "cid").verdict().id()).isNotEqualTo(ann);
    }
  }

  @Test
  void whoWaitsForOthersIsNotFinished() {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 1))) {
      String group = Judged.look(desk, "ann").verdict().id();
      assertThat(desk.standing("bob").shown()).isEmpty();
      assertThat(desk.standing("bob").isFinished()).isFalse();
      desk.say("ann", Judged.confirm("c", group));
      assertThat(desk.standing("bob").isFinished()).isTrue();
    }
  }

  @Test
  void whoDoesNotAnswerInTimeIsPassedOverAndTheirLateAnswerStillCounts() {
    Path dataset = Judged.dataset(folder, 1);
    HandClock clock = new HandClock(Judged.CLOCK.instant());
    try (ReviewDesk desk = ReviewDesk.open(dataset, Judged.log(folder), Judged.options(1), clock)) {
      String group = Judged.look(desk, "ann").verdict().id();
      clock.pass(Duration.ofMinutes(11));
      assertThat(Judged.look(desk, "bob").verdict().id()).isEqualTo(group);
      desk.say("bob", Judged.confirm("b", group));
      assertThat(desk.say("ann", Judged.confirm("a", group))).isEqualTo(Outcome.TAKEN);
      assertThat(desk.reviews()).hasSize(2);
    }
  }

  @Test
  void aDeskThatIsOpenedAgainIsAsItWasLeft() {
    Path dataset = Judged.dataset(folder, 4);
    List<Review> before;
    ReviewDesk.Shown looking;
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      desk.say("ann", Judged.overrule("a", Judged.look(desk, "ann"), 1, 0, 2));
      desk.say("bob", Judged.confirm("b", Judged.look(desk, "bob").verdict().id()));
      desk.say("ann", Judged.confirm("c", Judged.look(desk, "ann").verdict().id()));
      desk.undo("ann", "u", "c");
      looking = Judged.look(desk, "ann");
      before = desk.reviews();
    }
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      assertThat(desk.reviews()).hasSize(2).isEqualTo(before);
      assertThat(Judged.look(desk, "ann")).isEqualTo(looking);
      assertThat(desk.say("ann", Judged.confirm("c", looking.verdict().id())))
          .as("a click that was taken back before is not taken again")
          .isEqualTo(Outcome.REPEATED);
    }
  }

  @Test
  void aLogThatIsCutAtAnyByteLosesNothingThatWasAcknowledgedBefore() throws IOException {
    Path dataset = Judged.dataset(folder, 3);
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      desk.say("ann", Judged.overrule("a", Judged.look(desk, "ann"), 1, 0, 2));
      desk.say("ann", Judged.confirm("b", Judged.look(desk, "ann").verdict().id()));
      desk.undo("ann", "u", "b");
      desk.say("ann", Judged.confirm("c", Judged.look(desk, "ann").verdict().id()));
    }
    byte[] whole = Files.readAllBytes(Judged.log(folder));
    Path cutFolder = Files.createDirectory(folder.resolve("cut"));
    for (int length = 0; length <= whole.length; length++) {
      Files.write(Judged.log(cutFolder), Arrays.copyOf(whole, length));
      try (ReviewDesk desk = Judged.desk(cutFolder, dataset)) {
        assertThat(desk.damaged()).isZero();
        assertThat(desk.reviews()).extracting(Review::id).isEqualTo(idsUpTo(whole, length));
        ReviewDesk.Standing standing = desk.standing("ann"); // and it goes on
        assertThat(standing.own() + standing.left()).isEqualTo(3);
      }
    }
  }

  /** By a plain reading of the whole lines. */
  private static List<String> idsUpTo(byte[] log, int length) {
    String text = new String(log, 0, length, java.nio.charset.StandardCharsets.UTF_8);
    List<String> ids = new java.util.ArrayList<>();
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
      if (line.contains("\"kind\":\"undone\"")) {
        ids.remove("b");
      } else if (line.contains("\"id\":\"")) {
        ids.add(line.substring(line.indexOf("\"id\":\"") + 6, line.indexOf("\"id\":\"") + 7));
      }
    }
    return ids;
  }

  @Test
  void aDamagedLineIsCountedAndLeftOut() throws IOException {
    Path dataset = Judged.dataset(folder, 2);
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      desk.say("ann", Judged.confirm("a", Judged.look(desk, "ann").verdict().id()));
    }
    Files.writeString(
        Judged.log(folder), Files.readString(Judged.log(folder)) + "{\"kind\":\"conf\n");
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      assertThat(desk.damaged()).isEqualTo(1);
      assertThat(desk.reviews()).hasSize(1);
    }
  }

  @Test
  void aLogOfAnotherDatasetIsLeftUnchanged() throws IOException {
    Path dataset = Judged.dataset(folder, 1);
    Files.writeString(Judged.log(folder), "{\"format\":\"something else\"}\nhalf");
    assertThatIllegalStateException()
        .isThrownBy(() -> Judged.desk(folder, dataset))
        .withMessageContaining("is not a review of this dataset");
    assertThat(Judged.log(folder)).hasContent("{\"format\":\"something else\"}\nhalf");
  }

  @Test
  void oneProcessHasAReviewAtATime() {
    Path dataset = Judged.dataset(folder, 1);
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      assertThat(desk.verdicts()).hasSize(1);
      assertThatIllegalStateException().isThrownBy(() -> Judged.desk(folder, dataset));
    }
  }

  @Test
  void anAnswerThatDoesNotFitIsRefusedAndNothingChanges() throws IOException {
    try (ReviewDesk desk = Judged.desk(folder, Judged.dataset(folder, 1))) {
      String group = Judged.look(desk, "ann").verdict().id();
      long size = Files.size(Judged.log(folder));
      for (List<List<Integer>> tiers :
          List.of(
              List.of(List.of(3)),
              List.of(List.of(-1)),
              List.of(List.of(0), List.of(0)),
              List.<List<Integer>>of(List.of()),
              List.<List<Integer>>of())) {
        assertThatIllegalArgumentException()
            .isThrownBy(
                () ->
                    desk.say(
                        "ann",
                        new ReviewDesk.SaidAnswer(
                            "x", group, Review.Kind.OVERRULED, tiers, Map.of(), 1)));
      }
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  desk.say(
                      "ann",
                      new ReviewDesk.SaidAnswer(
                          "x",
                          group,
                          Review.Kind.CONFIRMED,
                          List.of(),
                          Map.of("no such", true),
                          1)))
          .withMessageContaining("no order by 'no such'");
      assertThat(Files.size(Judged.log(folder))).isEqualTo(size);
      assertThat(desk.reviews()).isEmpty();
    }
  }

  @Test
  void missingJudgementsAreNotShown() {
    Path dataset = folder.resolve("partly.jsonl");
    AnnotationJob.builder(
            dataset,
            (asked, rubric) ->
                asked.stream()
                    .map(
                        group ->
                            group.prompt().text().endsWith("1")
                                ? Judgement.missing(3, "refused", "chat", Usage.NONE)
                                : Judgement.of(Judged.ORDER, "chat"))
                    .toList(),
            Judged.RUBRIC,
            Settings.none())
        .build()
        .run(Judged.groups(3));
    try (ReviewDesk desk = Judged.desk(folder, dataset)) {
      assertThat(desk.verdicts()).hasSize(2);
      assertThat(desk.missing()).isEqualTo(1);
    }
  }

  @Test
  void theLeastCertainVerdictComesFirst() {
    List<String> facts =
        List.of("0,1,0.9;0,2,0.9;1,2,0.9", "0,1,0.5;0,2,0.6;1,2,0.5", "0,1,0.7;0,2,0.7;1,2,0.7");
    Path dataset = folder.resolve("soft.jsonl");
    AnnotationJob.builder(
            dataset,
            (asked, rubric) ->
                asked.stream()
                    .map(
                        group ->
                            Judgement.of(Judged.ORDER, "chat")
                                .withProvenance(
                                    Map.of(
                                        "preferences",
                                        facts.get(
                                            Integer.parseInt(
                                                group.prompt().metadata().get("number"))))))
                    .toList(),
            Judged.RUBRIC,
            Settings.none())
        .build()
        .run(numbered());
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(dataset);
    assertThat(ReviewOrder.LEAST_CERTAIN.of(groups, Seed.of(1)))
        .extracting(group -> group.prompt().metadata().get("number"))
        .containsExactly("1", "2", "0");
  }

  private static List<org.tastemaker.core.ImageGroup> numbered() {
    return List.of("0", "1", "2").stream()
        .map(
            number ->
                new org.tastemaker.core.ImageGroup(
                    new org.tastemaker.core.Prompt("p" + number, "", Map.of("number", number)),
                    List.of(
                        Image.filled(2, 2, 0, 0, 0),
                        Image.filled(2, 2, 1, 0, 0),
                        Image.filled(2, 2, 1, 1, 0))))
        .toList();
  }

  @Test
  void aRandomOrderIsTheSameAgainAndKeptWhenTheDatasetGrows() {
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(Judged.dataset(folder, 20));
    List<AnnotatedGroup> drawn = ReviewOrder.RANDOM.of(groups, Seed.of(3));
    assertThat(drawn).containsExactlyInAnyOrderElementsOf(groups).isNotEqualTo(groups);
    assertThat(ReviewOrder.RANDOM.of(groups, Seed.of(3))).isEqualTo(drawn);
    List<AnnotatedGroup> fewer = groups.subList(0, 10);
    assertThat(ReviewOrder.RANDOM.of(fewer, Seed.of(3)))
        .isEqualTo(drawn.stream().filter(fewer::contains).toList());
  }
}
