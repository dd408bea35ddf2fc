package org.tastemaker.feedback.votes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.HumanCeiling;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.study.Truth;
import org.tastemaker.feedback.study.VoteVerdicts;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/** Rows in the forms that the rest of the library works with. */
class LoadedRowTest {
  @TempDir Path folder;
  private final List<String> problems = new ArrayList<>();

  private LoadedRow first(VoteFile file) {
    return LoadedRow.of(PublicFiles.rows(file).get(0), problems::add).orElseThrow();
  }

  private VoteFile hpd() {
    return VoteFile.json(PublicFiles.copy("hpd-v2-test.json", folder), HpdV2Test.in(folder));
  }

  private VoteFile rated() {
    return VoteFile.json(
        PublicFiles.copy("imagereward.json", folder), ImageRewardDb.in(folder, "train"));
  }

  @Test
  void ordersAreVotesAboutAllPairs() {
    VotedGroup group = first(hpd()).votedGroup();

    assertThat(group.images().images()).hasSize(3);
    assertThat(group.facts()).containsEntry("source", "HPD v2").containsEntry("split", "test");
    assertThat(group.pairs()).hasSize(3);
    assertThat(group.pairs().get(0).votes())
        .extracting(vote -> vote.annotator() + " " + vote.choice())
        .containsExactly("a1 FIRST", "b2 FIRST", "c3 FIRST");
    assertThat(group.pairs().get(2).votes()) // images 1 and 2
        .extracting(vote -> vote.choice())
        .containsExactly(Choice.SECOND, Choice.SECOND, Choice.TIE);
  }

  @Test
  void peopleAmongThemselvesAreTheCeiling() {
    List<HumanCeiling.Votes> votes = new ArrayList<>();
    hpd().read(row -> votes.addAll(RowPairs.ceiling(row, RowVote.OVERALL)));

    HumanCeiling ceiling = HumanCeiling.of(votes);

    assertThat(ceiling.items()).as("pairs of three votes each").isEqualTo(3);
    // 0 and 1: always the same; 0 and 2: two of three; 1 and 2: two of three.
    assertThat(ceiling.another().mean()).isCloseTo((1 + 1 / 3.0 + 1 / 3.0) / 3, within(1e-12));
  }

  @Test
  void aStudyRunsOnAFileOfVotes() {
    VoteFile votes = hpd();

    StudyReport report =
        AgreementStudy.builder()
            .build()
            .of(
                votes.groups(problems::add),
                VoteVerdicts.of("the same people", votes.groups(problems::add), Truth.majority()));

    assertThat(problems).isEmpty();
    assertThat(report.table()).contains("1.000");
  }

  @Test
  void bothBadIsATieWhereThereIsNoPlaceForIt() {
    VoteFile file =
        VoteFile.json(PublicFiles.copy("genai-bench.jsonl", folder), GenAiBench.in(folder));
    LoadedRow bad = LoadedRow.of(PublicFiles.rows(file).get(3), problems::add).orElseThrow();

    assertThat(bad.votedGroup().pairs().get(0).votes().get(0).choice()).isEqualTo(Choice.TIE);
    assertThat(bad.ballots().preferences().get(0).isTie()).isTrue();
    assertThat(bad.judgement("people").ranking().tiers()).containsExactly(List.of(0, 1));
  }

  @Test
  void scoresAreLabelsAndOrdersAreBallots() {
    LoadedRow row = first(rated());

    assertThat(row.ballots().rankings())
        .containsExactly(Ranking.ofTiers(3, List.of(List.of(1), List.of(0, 2))));
    assertThat(row.labels(ImageRewardDb.RATING))
        .containsExactly(OptionalDouble.of(5), OptionalDouble.of(7), OptionalDouble.of(4));
    assertThat(row.labels("a dimension that nobody asked for")).isEmpty();
    assertThat(row.judgement("experts").byCriterion())
        .containsEntry(
            ImageRewardDb.FIDELITY, Ranking.ofTiers(3, List.of(List.of(0, 1), List.of(2))));
    assertThat(row.votedGroup().pairs())
        .extracting(VotedPair::criterion)
        .contains(RowVote.OVERALL, ImageRewardDb.ALIGNMENT);
  }

  @Test
  void theOrderOfManyVotesIsByTheirShares() {
    LoadedRow row =
        first(
            VoteFile.json(
                PublicFiles.copy("hpd-v3.json", folder), HpdV3.in(folder, "", Seed.of(3))));
    int better = "first".equals(row.row().facts().get(HpdV3.PREFERRED)) ? 0 : 1;

    assertThat(row.judgement("people").ranking().permutation()).containsExactly(better, 1 - better);
    assertThat(row.ballots().preferences()).hasSize(7);
  }

  @Test
  void anImageThatCannotBeDecodedIsToldAndItsVotesAreLeftOut() throws IOException {
    VotedRow row = PublicFiles.rows(hpd()).get(0);
    Files.writeString(folder.resolve("0.png"), "no image");

    LoadedRow loaded = LoadedRow.of(row, problems::add).orElseThrow();

    assertThat(loaded.images().size()).isEqualTo(2);
    assertThat(loaded.votedGroup().pairs()).hasSize(1);
    assertThat(problems).singleElement().asString().contains(folder.resolve("0.png").toString());
  }

  @Test
  void aRowWithOneImageLeftIsNoRow() throws IOException {
    VotedRow row = PublicFiles.rows(hpd()).get(1);
    Files.delete(folder.resolve("3.png"));

    assertThat(LoadedRow.of(row, problems::add)).isEmpty();
    assertThat(problems).hasSize(2);
    assertThat(problems.get(1)).contains("'a cup, seen from above' has fewer than two");
  }

  @Test
  void aVoteAboutAnImageThatIsNotThereIsRefused() {
    RowImage image = new RowImage.OnDisk(folder.resolve("0.png"));

    assertThatThrownBy(
            () ->
                VotedRow.of(
                    "p", List.of(image), List.of(RowVote.pick("", Answer.Outcome.FIRST)), "s"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("about the row's images 0 to 0");
  }
}
