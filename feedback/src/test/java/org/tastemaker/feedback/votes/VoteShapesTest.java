package org.tastemaker.feedback.votes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.votes.Answer.Outcome;

/** Files of each public shape, made for these tests: their prompts and images are our own. */
class VoteShapesTest {
  @TempDir Path folder;

  private RowImage image(int number) {
    return new RowImage.OnDisk(folder.resolve(number + ".png"));
  }

  private static RowVote order(String annotator, List<List<Integer>> tiers, int size) {
    return new RowVote(annotator, RowVote.OVERALL, new Answer.Order(Ranking.ofTiers(size, tiers)));
  }

  private static Answer.Scores scores(double... values) {
    return new Answer.Scores(
        IntStream.range(0, values.length).mapToObj(i -> OptionalDouble.of(values[i])).toList());
  }

  @Test
  void hpdV2sTestSplitHasEveryPersonsOrder() {
    VoteFile file =
        VoteFile.json(PublicFiles.copy("hpd-v2-test.json", folder), HpdV2Test.in(folder));

    List<VotedRow> rows = PublicFiles.rows(file);

    assertThat(rows).hasSize(2);
    assertThat(rows.get(0))
        .isEqualTo(
            new VotedRow(
                "",
                "a red kite over a grey sea",
                List.of(image(0), image(1), image(2)),
                List.of(
                    order("a1", List.of(List.of(0), List.of(2), List.of(1)), 3),
                    order("b2", List.of(List.of(2), List.of(0), List.of(1)), 3),
                    order("c3", List.of(List.of(0), List.of(1, 2)), 3)),
                "HPD v2",
                "test",
                Map.of(),
                List.of()));
    assertThat(rows.get(1).votes())
        .as("the mean order, where there are no others")
        .containsExactly(order("", List.of(List.of(1), List.of(0)), 2));
  }

  @Test
  void theOtherNameOfHpdV2sAnnotationsIsReadToo() throws IOException {
    Path file = PublicFiles.copy("hpd-v2-test.json", folder);
    Files.writeString(
        file, Files.readString(file).replace("\"raw_annotations\"", "\"raw_annotation\""));

    assertThat(PublicFiles.rows(VoteFile.json(file, HpdV2Test.in(folder))).get(0).votes())
        .hasSize(3);
  }

  @Test
  void hpdV2sTrainSplitHasOnePersonsChoice() {
    VoteFile file =
        VoteFile.json(PublicFiles.copy("hpd-v2-train.json", folder), HpdV2Train.in(folder));

    assertThat(PublicFiles.rows(file))
        .extracting(row -> row.votes().get(0))
        .containsExactly(
            RowVote.pick("a1", Outcome.FIRST),
            RowVote.pick("b2", Outcome.SECOND),
            RowVote.pick("", Outcome.TIE));
    assertThat(PublicFiles.rows(file)).extracting(VotedRow::split).containsOnly("train");
    assertThat(PublicFiles.rows(file).get(2).prompt()).isEqualTo("a \"cup\" {");
  }

  @Test
  void hpdV3sCountsAreVotesAndFollowTheirImages() {
    Path file = PublicFiles.copy("hpd-v3.json", folder);
    List<VotedRow> rows = new ArrayList<>();
    for (int seed = 0; seed < 8; seed++) {
      rows.add(
          PublicFiles.rows(VoteFile.json(file, HpdV3.in(folder, "train", Seed.of(seed)))).get(0));
    }

    VotedRow kept =
        new VotedRow(
            "",
            "a lighthouse",
            List.of(image(0), image(1)),
            votes(5, 2),
            "HPDv3",
            "train",
            Map.of(HpdV3.PREFERRED, "first", "confidence", "0.98"),
            List.of(Map.of("model", "flux"), Map.of("model", "infinity")));
    VotedRow exchanged =
        new VotedRow(
            "",
            "a lighthouse",
            List.of(image(1), image(0)),
            votes(2, 5).stream().sorted((a, b) -> b.toString().compareTo(a.toString())).toList(),
            "HPDv3",
            "train",
            Map.of(HpdV3.PREFERRED, "second", "confidence", "0.98"),
            List.of(Map.of("model", "infinity"), Map.of("model", "flux")));
    assertThat(rows).contains(kept, exchanged).isSubsetOf(kept, exchanged);
  }

  private static List<RowVote> votes(int first, int second) {
    List<RowVote> votes = new ArrayList<>();
    IntStream.range(0, first).forEach(i -> votes.add(RowVote.pick("", Outcome.FIRST)));
    IntStream.range(0, second).forEach(i -> votes.add(RowVote.pick("", Outcome.SECOND)));
    return votes;
  }

  @Test
  void withoutCountsHpdV3sPreferenceIsOneVote() {
    VoteFile file =
        VoteFile.json(
            PublicFiles.copy("hpd-v3.json", folder), HpdV3.in(folder, "test", Seed.of(1)));

    for (VotedRow row : PublicFiles.rows(file).subList(1, 3)) {
      boolean first = "first".equals(row.facts().get(HpdV3.PREFERRED));
      assertThat(row.votes())
          .containsExactly(RowVote.pick("", first ? Outcome.FIRST : Outcome.SECOND));
      RowImage better = row.images().get(first ? 0 : 1);
      assertThat(better).isEqualTo(image(row.prompt().equals("two spoons") ? 4 : 2));
    }
  }

  @Test
  void theSidesOfHpdV3AreExchangedByTheSeedForHalfOfTheRecords() throws IOException {
    PublicFiles.images(folder);
    Path file = folder.resolve("all.jsonl");
    int n = 4000;
    Files.write(
        file,
        IntStream.range(0, n)
            .mapToObj(i -> "{\"prompt\":\"" + i + "\",\"path1\":\"0.png\",\"path2\":\"1.png\"}")
            .toList());

    List<String> one = sides(file, 5);
    List<String> again = sides(file, 5);
    List<String> other = sides(file, 6);

    assertThat(one).hasSize(n).isEqualTo(again);
    // Four standard errors of a fair coin are 126.
    assertThat(one.stream().filter("first"::equals).count()).isBetween(1874L, 2126L);
    long same = IntStream.range(0, n).filter(i -> one.get(i).equals(other.get(i))).count();
    assertThat(same).as("another seed exchanges others").isBetween(1874L, 2126L);
    long kept = IntStream.range(1, n).filter(i -> one.get(i).equals(one.get(i - 1))).count();
    assertThat(kept).as("a side says nothing about the next").isBetween(1874L, 2126L);
  }

  private List<String> sides(Path file, long seed) {
    List<String> sides = new ArrayList<>();
    VoteFile.json(file, HpdV3.in(folder, "", Seed.of(seed)))
        .check(ImageCheck.NONE)
        .read(
            row -> {
              boolean first = row.images().get(0).equals(image(0));
              assertThat(row.votes())
                  .containsExactly(RowVote.pick("", first ? Outcome.FIRST : Outcome.SECOND));
              sides.add(first ? "first" : "second");
            });
    return sides;
  }

  @Test
  void imageRewardsRecordsOfAPromptAreOneRow() {
    VoteFile file =
        VoteFile.json(
            PublicFiles.copy("imagereward.json", folder), ImageRewardDb.in(folder, "train"));

    List<VotedRow> rows = PublicFiles.rows(file);

    assertThat(rows).extracting(VotedRow::id).containsExactly("000001-0001", "000001-0002");
    assertThat(rows.get(0).images()).containsExactly(image(0), image(1), image(2));
    assertThat(rows.get(0).facts()).containsExactly(Map.entry("category", "Outdoor"));
    assertThat(rows.get(0).votes())
        .containsExactlyInAnyOrder(
            order("", List.of(List.of(1), List.of(0, 2)), 3),
            new RowVote("", ImageRewardDb.RATING, scores(5, 7, 4)),
            new RowVote("", ImageRewardDb.ALIGNMENT, scores(5, 6, 2)),
            new RowVote("", ImageRewardDb.FIDELITY, scores(6, 6, 5)));
  }

  @Test
  void imagesOfAPromptThatDoNotStandTogetherAreLeftOutWithTheWayOut() throws IOException {
    Path file = PublicFiles.copy("imagereward.json", folder);
    List<String> records = new ArrayList<>();
    for (String line : Files.readAllLines(file).subList(1, 6)) {
      records.add(line.replaceFirst(",$", ""));
    }
    records.add(1, records.remove(3)); // the second prompt's first image, behind the first's first
    Files.write(file, records);

    ReadingReport report = VoteFile.json(file, ImageRewardDb.in(folder, "train")).read(row -> {});

    assertThat(report.rows()).isZero();
    assertThat(report.records()).isEqualTo(5);
    assertThat(report.toString())
        .contains("do not stand together: sort the file by 'prompt_id': ", "1 of 3", "record 3");
  }

  @Test
  void imageRewardsOwnTestFileIsARowEach() {
    VoteFile file =
        VoteFile.json(
            PublicFiles.copy("imagereward-test.json", folder), ImageRewardDb.in(folder, "test"));

    assertThat(PublicFiles.rows(file))
        .containsExactly(
            new VotedRow(
                "005658-0040",
                "a red kite",
                List.of(image(0), image(1), image(2)),
                List.of(order("", List.of(List.of(0), List.of(2), List.of(1)), 3)),
                "ImageRewardDB",
                "test",
                Map.of(),
                List.of()));
  }

  @Test
  void pickAPicsLabelsAreChoicesAndATieIsOne() {
    VoteFile file =
        VoteFile.json(
            PublicFiles.copy("pick-a-pic.jsonl", folder), PickAPic.in(folder, "validation"));
    List<VotedRow> rows = new ArrayList<>();

    ReadingReport report = file.read(rows::add);

    assertThat(rows)
        .extracting(row -> row.votes().get(0))
        .containsExactly(RowVote.pick("12", Outcome.FIRST), RowVote.pick("12", Outcome.TIE));
    assertThat(rows.get(0).id()).isEqualTo("7");
    assertThat(rows.get(0).imageFacts())
        .containsExactly(Map.of("model", "sdxl"), Map.of("model", "dreamlike"));
    assertThat(rows.get(0).facts()).containsExactly(Map.entry("examples of prompt", "2"));
    assertThat(report.records()).isEqualTo(5);
    assertThat(report.toString())
        .contains(
            "its images are the same: 1 (" + folder.resolve("pick-a-pic.jsonl") + ", record 3)",
            "it has no label: 1 (" + folder.resolve("pick-a-pic.jsonl") + ", record 4)",
            "must be 1 and 0, 0 and 1 or one half each, but are 0.7 and 0.3");
  }

  @Test
  void mmrb2sExpertsAreVotesWhateverTheirStrength() {
    VoteFile file = VoteFile.json(PublicFiles.copy("mmrb2-t2i.json", folder), Mmrb2.in(folder));
    List<VotedRow> rows = new ArrayList<>();

    ReadingReport report = file.read(rows::add);

    assertThat(rows)
        .containsExactly(
            new VotedRow(
                "wise_1",
                "a pine after a year without rain",
                List.of(image(0), image(1)),
                List.of(
                    RowVote.pick("", Outcome.SECOND),
                    RowVote.pick("", Outcome.FIRST),
                    RowVote.pick("", Outcome.SECOND)),
                "MMRB2",
                "test",
                Map.of("category", "Biology", "prompt source", "wise"),
                List.of(Map.of("model", "flux"), Map.of("model", "imagen3"))),
            new VotedRow(
                "evalmuse_2",
                "three gloves",
                List.of(image(2), image(3)),
                List.of(RowVote.pick("", Outcome.FIRST)),
                "MMRB2",
                "test",
                Map.of("prompt source", "evalmuse"),
                List.of(Map.of("model", "flux"), Map.of("model", "flux"))));
    assertThat(report.leftOut())
        .extracting(ReadingReport.Reason::what)
        .containsExactly("its prompt is not a text alone");
  }

  @Test
  void mmrb2WithoutItsPromptsIsRefusedWithTheWayToThem() throws IOException {
    Path file = PublicFiles.copy("mmrb2-t2i.json", folder);
    Files.writeString(file, Files.readString(file).replace("prompt_content", "prompt_contents"));

    assertThatThrownBy(() -> VoteFile.json(file, Mmrb2.in(folder)).read(row -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not of the shape of MMRB2")
        .hasMessageContaining("no [prompt_content]; it has [id, response_a")
        .hasMessageContaining("run_release.sh");
  }

  @Test
  void bothBadIsAnAnswerOfItsOwn() {
    VoteFile file =
        VoteFile.json(PublicFiles.copy("genai-bench.jsonl", folder), GenAiBench.in(folder));

    assertThat(PublicFiles.rows(file))
        .extracting(row -> row.votes().get(0))
        .containsExactly(
            RowVote.pick("", Outcome.FIRST),
            RowVote.pick("", Outcome.SECOND),
            RowVote.pick("", Outcome.TIE),
            RowVote.pick("", Outcome.BOTH_BAD));
  }

  @Test
  void aVoteThatNobodyKnowsIsLeftOutAndNamed() throws IOException {
    Path file = PublicFiles.copy("genai-bench.jsonl", folder);
    Files.writeString(file, Files.readString(file).replace("tievote", "upvote"));

    ReadingReport report = VoteFile.json(file, GenAiBench.in(folder)).read(row -> {});

    assertThat(report.rows()).isEqualTo(3);
    assertThat(report.toString())
        .contains("record 3: 'vote_type' must be leftvote, rightvote, tievote or bothbad_vote")
        .contains("but is upvote");
    assertThatThrownBy(report::requireWhole)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("1 left out");
  }

  @Test
  void filesOfADataSetAreReadAsOne() {
    Path file = PublicFiles.copy("genai-bench.jsonl", folder);
    JoinedRecords twice = JoinedRecords.of(List.of(JsonRecords.of(file), JsonRecords.of(file)));

    assertThat(PublicFiles.rows(VoteFile.of(twice, GenAiBench.in(folder)))).hasSize(8);
  }
}
