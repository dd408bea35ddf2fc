package org.tastemaker.human.review;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.calibration.JudgePanel;
import org.tastemaker.feedback.calibration.KeptOracle;
import org.tastemaker.feedback.protocol.JudgementFacts;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.DatasetVerdicts;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.votes.ReadingReport;
import org.tastemaker.feedback.votes.RowLines;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.feedback.votes.VotedRow;

class CorrectedDatasetTest {
  @TempDir Path folder;

  private final List<Review> reviews = new ArrayList<>();

  private void review(AnnotatedGroup group, String person, Review.Kind kind, Ranking order) {
    review(group, person, kind, order, Map.of());
  }

  private void review(
      AnnotatedGroup group,
      String person,
      Review.Kind kind,
      Ranking order,
      Map<String, Boolean> criteria) {
    reviews.add(
        new Review(
            "r" + reviews.size(),
            person,
            group.id(),
            kind,
            Optional.of(order),
            criteria,
            List.of(0, 1, 2),
            Judged.CLOCK.instant(),
            900));
  }

  private Judgement corrected(Path dataset, String group) {
    return Objects.requireNonNull(corrected(dataset).get(group));
  }

  private Map<String, Judgement> corrected(Path dataset) {
    Path file = folder.resolve("corrected.jsonl");
    CorrectedDataset.write(dataset, reviews, file);
    Map<String, Judgement> judgements = new HashMap<>();
    PreferenceDataset.readAll(file).forEach(g -> judgements.put(g.id(), g.judgement()));
    return judgements;
  }

  @Test
  void overruledGroupsCarryThePersonsOrderAndWeighAsVotes() {
    Path dataset = Judged.dataset(folder, 3);
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(dataset);
    review(groups.get(0), "ann", Review.Kind.OVERRULED, Ranking.of(1, 2, 0));
    Judgement now = corrected(dataset, groups.get(0).id());
    assertThat(now.ranking()).isEqualTo(Ranking.of(1, 2, 0));
    assertThat(now.judge()).isEqualTo("ann");
    assertThat(RecordedPreferences.of(now)).isEqualTo(Ranking.of(1, 2, 0).pairs());
    assertThat(now.provenance())
        .containsEntry("review", "overruled")
        .containsEntry("review.people", "ann")
        .containsEntry("review.anchored", "true")
        .containsEntry("review.judge", "chat")
        .containsEntry("review.judge.ranking", "2,0,1")
        .containsEntry("review.judge.preferences", "0,1,0.9;0,2,0.2;1,2,0.4")
        .containsEntry("rubric", "red@1")
        .doesNotContainKey("shown");
    assertThat(now.rationale()).isEmpty();
    assertThat(now.byCriterion()).isEmpty();
  }

  @Test
  void confirmedGroupsKeepTheJudgesWithARecordOfWhoConfirmed() {
    Path dataset = Judged.dataset(folder, 2);
    AnnotatedGroup group = PreferenceDataset.readAll(dataset).get(0);
    review(group, "ann", Review.Kind.CONFIRMED, Judged.ORDER, Map.of("text", false, "style", true));
    Judgement now = corrected(dataset, group.id());
    assertThat(now.ranking()).isEqualTo(Judged.ORDER);
    assertThat(now.judge()).isEqualTo("chat");
    assertThat(now.rationale()).isEqualTo(group.judgement().rationale());
    assertThat(now.byCriterion()).containsOnlyKeys("style");
    assertThat(now.provenance())
        .containsAllEntriesOf(group.judgement().provenance())
        .containsEntry("review", "confirmed")
        .containsEntry("review.people", "ann");
  }

  @Test
  void whatNobodyHasAnOpinionAboutIsTheJudges() {
    Path dataset = Judged.dataset(folder, 2);
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(dataset);
    reviews.add(
        new Review(
            "u",
            "ann",
            groups.get(0).id(),
            Review.Kind.UNSURE,
            Optional.empty(),
            Map.of(),
            List.of(0, 1, 2),
            Judged.CLOCK.instant(),
            1));
    Map<String, Judgement> now = corrected(dataset);
    groups.forEach(group -> assertThat(now.get(group.id())).isEqualTo(group.judgement()));
  }

  @Test
  void ofSeveralPeopleEachPairHasTheirShare() {
    Path dataset = Judged.dataset(folder, 1);
    AnnotatedGroup group = PreferenceDataset.readAll(dataset).get(0);
    review(group, "ann", Review.Kind.CONFIRMED, Judged.ORDER);
    review(group, "bob", Review.Kind.OVERRULED, Ranking.of(0, 2, 1));
    review(group, "cid", Review.Kind.OVERRULED, Ranking.of(0, 1, 2));
    Judgement now = corrected(dataset, group.id());
    assertThat(now.ranking()).isEqualTo(Ranking.of(0, 2, 1));
    assertThat(now.judge()).isEqualTo("ann+bob+cid");
    assertThat(now.provenance().get("preferences"))
        .isEqualTo("0,1,1.0;0,2," + 2 / 3.0 + ";1,2," + 1 / 3.0);
  }

  @Test
  void theJudgesOwnDatasetIsNotReplaced() {
    Path dataset = Judged.dataset(folder, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> CorrectedDataset.write(dataset, reviews, folder.resolve("./judged.jsonl")))
        .withMessageContaining("must not replace");
  }

  @Test
  void aStudyReadsTheVotesAlthoughTheImagesWereRounded() {
    Path dataset = Judged.dataset(folder, 4);
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(dataset);
    for (int g = 0; g < 3; g++) {
      review(groups.get(g), "ann", Review.Kind.CONFIRMED, Judged.ORDER);
    }
    review(groups.get(3), "ann", Review.Kind.OVERRULED, Ranking.of(1, 0, 2)); // reversed
    Path images = Judged.images(folder);
    Path file = folder.resolve("votes.jsonl");
    List<VotedRow> rows = ReviewedVotes.rows(groups, reviews, images);
    ReadingReport written = ReviewedVotes.write(rows, file);
    assertThat(written.rows()).isEqualTo(4);

    List<VotedGroup> back = new ArrayList<>();
    VoteFile.json(file, RowLines.in(folder)).groups(Assertions::fail).forEach(back::add);
    assertThat(back.get(0).facts())
        .containsEntry(ReviewedVotes.ANCHORED, "true")
        .containsEntry("source", "review of chat");
    assertThat(back.get(0).id()).as("rounded").isNotEqualTo(groups.get(0).id());
    StudyReport report =
        AgreementStudy.builder().build().of(back, DatasetVerdicts.of("chat", dataset));
    assertThat(report.all().figure(Measure.DECIDED).value()).isEqualTo(9 / 12.0);
  }

  @Test
  void peopleWeighInAPanelBesideTheJudge() {
    Path dataset = Judged.dataset(folder, 1);
    List<AnnotatedGroup> groups = PreferenceDataset.readAll(dataset);
    review(groups.get(0), "ann", Review.Kind.OVERRULED, Ranking.of(1, 0, 2));
    Iterable<VotedGroup> votes =
        ReviewedVotes.groups(
            ReviewedVotes.rows(groups, reviews, Judged.images(folder)), Assertions::fail);
    List<ImageGroup> asked = Judged.groups(1);
    Judgement together =
        JudgePanel.builder()
            .member("people", KeptOracle.ofVotes("people", votes), 3)
            .member("judge", KeptOracle.ofDataset("judge", dataset), 1)
            .build()
            .rank(asked, Judged.RUBRIC)
            .get(0);
    assertThat(together.ranking()).isEqualTo(Ranking.of(1, 0, 2));
    assertThat(JudgementFacts.preferences(together).get(0).probability())
        .isEqualTo((3 * 0 + 0.9) / 4);
  }

  private static final class Assertions {
    static void fail(String problem) {
      throw new AssertionError(problem);
    }
  }
}
