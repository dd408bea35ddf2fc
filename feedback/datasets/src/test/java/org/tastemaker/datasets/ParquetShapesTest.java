package org.tastemaker.datasets;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.study.AgreementStudy;
import org.tastemaker.feedback.study.Measure;
import org.tastemaker.feedback.study.ScoreVerdicts;
import org.tastemaker.feedback.study.StudyReport;
import org.tastemaker.feedback.votes.Answer.Outcome;
import org.tastemaker.feedback.votes.GenAiBench;
import org.tastemaker.feedback.votes.HpdV2Test;
import org.tastemaker.feedback.votes.HpdV2Train;
import org.tastemaker.feedback.votes.HpdV3;
import org.tastemaker.feedback.votes.ImageRewardDb;
import org.tastemaker.feedback.votes.LoadedRow;
import org.tastemaker.feedback.votes.Mmrb2;
import org.tastemaker.feedback.votes.PickAPic;
import org.tastemaker.feedback.votes.ReadingReport;
import org.tastemaker.feedback.votes.RowImage;
import org.tastemaker.feedback.votes.RowVote;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.feedback.votes.VoteShape;
import org.tastemaker.feedback.votes.VotedRow;

/** Each public shape, written as Parquet by DuckDB with another compression. */
class ParquetShapesTest {
  @TempDir Path folder;

  private record Case(String json, String parquet, VoteShape shape) {}

  @TestFactory
  Stream<DynamicTest> everyShapeHasTheSameRowsAsInJson() {
    return Stream.of(
            new Case("hpd-v2-train.json", "hpd-v2-train.parquet", HpdV2Train.in(folder)),
            new Case("hpd-v2-test.json", "hpd-v2-test.parquet", HpdV2Test.in(folder)),
            new Case("hpd-v3.json", "hpd-v3.parquet", HpdV3.in(folder, "all", Seed.of(3))),
            new Case("imagereward.json", "imagereward.parquet", ImageRewardDb.in(folder, "train")),
            new Case("pick-a-pic.jsonl", "pick-a-pic.parquet", PickAPic.in(folder, "test")),
            new Case("mmrb2-t2i.json", "mmrb2-t2i.parquet", Mmrb2.in(folder)),
            new Case("genai-bench.jsonl", "genai-bench.parquet", GenAiBench.in(folder)))
        .map(
            shape ->
                DynamicTest.dynamicTest(
                    shape.parquet(),
                    () -> {
                      Path json = TestFiles.copy(shape.json(), folder);
                      Path parquet = TestFiles.copy(shape.parquet(), folder);
                      List<VotedRow> expected = new ArrayList<>();
                      ReadingReport known = VoteFile.json(json, shape.shape()).read(expected::add);
                      List<VotedRow> rows = new ArrayList<>();
                      ReadingReport report =
                          VoteFile.of(ParquetRecords.of(parquet), shape.shape()).read(rows::add);

                      assertThat(rows).isNotEmpty().isEqualTo(expected);
                      assertThat(report.leftOutRows()).isEqualTo(known.leftOutRows());
                    }));
  }

  /** Six rows of {@code jpg_0} and {@code jpg_1} as bytes, one of them without a label. */
  private VoteFile pickAPic() {
    return VoteFile.of(
        ParquetRecords.of(TestFiles.copy("pick-a-pic-images.parquet", folder)),
        PickAPic.inFile("validation_unique"));
  }

  @Test
  void pickAPicsImagesAreBytes() {
    List<VotedRow> rows = TestFiles.rows(pickAPic());

    assertThat(rows).extracting(VotedRow::id).containsExactly("0", "1", "2", "3", "5");
    assertThat(rows).extracting(VotedRow::prompt).startsWith("prompt 0", "prompt 1");
    assertThat(rows)
        .extracting(row -> row.votes().get(0))
        .startsWith(
            RowVote.pick("0", Outcome.FIRST),
            RowVote.pick("1", Outcome.SECOND),
            RowVote.pick("0", Outcome.TIE));
    assertThat(rows.get(0).images()).allMatch(image -> image instanceof RowImage.Encoded);
    LoadedRow loaded = LoadedRow.of(rows.get(1), problem -> {}).orElseThrow();
    assertThat(loaded.images().images().get(0).width()).isEqualTo(4);
    assertThat(loaded.images().images().get(0).height()).isEqualTo(6);
    assertThat(loaded.ballots().preferences()).hasSize(1);
  }

  @Test
  void theRowsMakeAStudyOfAgreement() {
    StudyReport report =
        AgreementStudy.builder()
            .build()
            .of(
                pickAPic().groups(problem -> {}),
                ScoreVerdicts.of("red", (image, prompt) -> image.get(0, 0, 0)));

    // Decided are rows 0, 1 and 3; the second image is always redder, and chosen in row 1 alone.
    assertThat(report.all().pairs()).isEqualTo(5);
    assertThat(report.all().figure(Measure.TIES_HALF).value()).isEqualTo(1 / 3.0);
  }
}
