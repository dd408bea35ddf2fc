package org.tastemaker.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.votes.Answer;
import org.tastemaker.feedback.votes.Answer.Outcome;
import org.tastemaker.feedback.votes.Fields;
import org.tastemaker.feedback.votes.ImageCheck;
import org.tastemaker.feedback.votes.PickAPic;
import org.tastemaker.feedback.votes.RowImage;
import org.tastemaker.feedback.votes.RowVote;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.feedback.votes.VotedRow;

class PickAPicWriterTest {
  @TempDir Path folder;

  private static RowImage red(float red) {
    return new RowImage.Encoded("image", Image.filled(2, 2, red, 0, 0).toPng());
  }

  private static VotedRow row(String prompt, List<RowImage> images, RowVote... votes) {
    return new VotedRow("7", prompt, images, List.of(votes), "here", "", Map.of(), List.of());
  }

  private static List<VotedRow> read(Path file) {
    return TestFiles.rows(
        VoteFile.of(ParquetRecords.of(file), PickAPic.inFile("train")).check(ImageCheck.NONE));
  }

  @Test
  void anOrderIsARecordForEachTwoImages() {
    Path file = folder.resolve("train.parquet");
    RowVote order =
        new RowVote(
            "gpt", "", new Answer.Order(Ranking.ofTiers(3, List.of(List.of(2), List.of(0, 1)))));

    try (PickAPicWriter out = new PickAPicWriter(file)) {
      out.write(row("a kite", List.of(red(0), red(0.5f), red(1)), order));
      assertThat(file).as("nothing is there until it is whole").doesNotExist();
      assertThat(out.report().records()).isEqualTo(3);
    }

    assertThat(read(file))
        .extracting(row -> row.votes().get(0))
        .as("0 and 1, 0 and 2, 1 and 2")
        .containsExactly(
            RowVote.pick("gpt", Outcome.TIE),
            RowVote.pick("gpt", Outcome.SECOND),
            RowVote.pick("gpt", Outcome.SECOND));
    assertThat(folder).isDirectoryContaining(path -> path.endsWith("train.parquet"));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void theColumnsAreThoseThatTrainersRead() {
    Path file = folder.resolve("train.parquet");
    RowImage first = red(0);
    try (PickAPicWriter out = new PickAPicWriter(file)) {
      out.write(
          new VotedRow(
              "7",
              "a kite",
              List.of(first, red(1)),
              List.of(RowVote.pick("u", Outcome.SECOND)),
              "here",
              "",
              Map.of(),
              List.of(Map.of("model", "sdxl"), Map.of())));
    }

    Fields record =
        TestFiles.records(
                ParquetRecords.of(file),
                "caption",
                "jpg_0",
                "label_0",
                "label_1",
                "are_different",
                "has_label",
                "ranking_id",
                "user_id",
                "model_0",
                "model_1",
                "num_example_per_prompt")
            .get(0);
    assertThat(record.value("caption")).isEqualTo("a kite");
    assertThat(record.value("jpg_0")).isEqualTo(((RowImage.Encoded) first).bytes());
    assertThat(record.value("label_0")).isEqualTo(0.0);
    assertThat(record.value("label_1")).isEqualTo(1.0);
    assertThat(record.value("are_different")).isEqualTo(true);
    assertThat(record.value("has_label")).isEqualTo(true);
    assertThat(record.value("ranking_id")).isEqualTo("7");
    assertThat(record.value("user_id")).isEqualTo("u");
    assertThat(record.value("model_0")).isEqualTo("sdxl");
    assertThat(record.value("model_1")).isEqualTo("");
    assertThat(record.value("num_example_per_prompt")).isEqualTo(1L);
  }

  @Test
  void whatHasNoPlaceIsCountedAndNamed() {
    Path file = folder.resolve("train.parquet");
    try (PickAPicWriter out = new PickAPicWriter(file)) {
      out.write(
          row(
              "a kite",
              List.of(
                  red(0),
                  red(1),
                  new RowImage.OnDisk(folder.resolve("gone.png")),
                  new RowImage.Unusable("broken.png", RowImage.Fault.BROKEN, "no image")),
              RowVote.pick("u", Outcome.BOTH_BAD),
              new RowVote("u", "fidelity", new Answer.Pick(0, 1, Outcome.FIRST)),
              new RowVote("u", "", new Answer.Pick(0, 2, Outcome.FIRST)),
              new RowVote("u", "", new Answer.Pick(0, 3, Outcome.FIRST)),
              RowVote.pick("v", Outcome.FIRST)));

      assertThat(out.report().toString())
          .contains(
              "1 records, 1 rows",
              "votes that both images are bad: 1 (7)",
              "votes by other dimensions: 1 (7)",
              "a pair with an image that cannot be used: 2 (7; 7)",
              "broken: 1 (broken.png)",
              "missing: 1 (" + folder.resolve("gone.png") + ")");
    }
    assertThat(read(file)).hasSize(1);
  }

  @Test
  void severalRowGroupsAreWritten() throws IOException {
    Path file = folder.resolve("train.parquet");
    byte[] noise = new byte[3 << 20];
    new java.util.Random(1).nextBytes(noise);
    try (PickAPicWriter out = new PickAPicWriter(file)) {
      for (int i = 0; i < 30; i++) { // 180 MiB
        out.write(
            row(
                "prompt " + i,
                List.of(new RowImage.Encoded("a", noise), new RowImage.Encoded("b", noise)),
                RowVote.pick("u", Outcome.FIRST)));
      }
    }

    List<VotedRow> rows = read(file);
    assertThat(rows).hasSize(30);
    assertThat(rows.get(29).prompt()).isEqualTo("prompt 29");
    assertThat(((RowImage.Encoded) rows.get(29).images().get(1)).bytes()).isEqualTo(noise);
    try (var channel = ParquetFooter.open(file)) {
      assertThat(ParquetFooter.read(channel, file).getRow_groups()).hasSizeGreaterThan(1);
    }
  }

  @Test
  void aFileIsReplacedOnlyWhenTheNewOneIsWhole() throws IOException {
    Path file = Files.writeString(folder.resolve("train.parquet"), "the old one");
    PickAPicWriter out = new PickAPicWriter(file);
    assertThat(file).hasContent("the old one");
    out.close();

    assertThat(TestFiles.records(ParquetRecords.of(file), "caption")).isEmpty();
  }

  @Test
  void aFileIsNotBegunInAFolderThatIsNotThere() {
    assertThatThrownBy(() -> new PickAPicWriter(folder.resolve("nowhere/train.parquet")))
        .hasMessageContaining("is not a folder; create it first");
  }

  @Property(tries = 60)
  void whatIsWrittenIsReadAgain(@ForAll("rows") List<VotedRow> rows) throws IOException {
    Path temp = Files.createTempDirectory("pick-a-pic");
    try {
      Path file = temp.resolve("train.parquet");
      try (PickAPicWriter out = new PickAPicWriter(file)) {
        rows.forEach(out::write);
      }
      List<VotedRow> read = new ArrayList<>();
      for (VotedRow row : read(file)) {
        List<RowImage> images = new ArrayList<>();
        for (RowImage image : row.images()) {
          images.add(new RowImage.Encoded("image", ((RowImage.Encoded) image).bytes()));
        }
        read.add(
            new VotedRow(
                row.id(),
                row.prompt(),
                images,
                row.votes(),
                "here",
                "",
                Map.of(),
                row.imageFacts()));
      }
      assertThat(read).isEqualTo(rows);
    } finally {
      org.tastemaker.core.run.AtomicFiles.deleteRecursively(temp);
    }
  }

  @Provide
  Arbitrary<List<VotedRow>> rows() {
    Arbitrary<String> texts =
        Arbitraries.strings().all().ofMaxLength(40).map(PickAPicWriterTest::whole);
    Arbitrary<RowImage> images =
        Arbitraries.bytes()
            .array(byte[].class)
            .ofMinSize(1)
            .ofMaxSize(300)
            .map(bytes -> new RowImage.Encoded("image", bytes));
    Arbitrary<Map<String, String>> models =
        Arbitraries.of("sdxl", "flux", "").map(m -> m.isEmpty() ? Map.of() : Map.of("model", m));
    return Combinators.combine(
            texts,
            texts,
            texts,
            images.list().ofSize(2),
            Arbitraries.of(Outcome.FIRST, Outcome.SECOND, Outcome.TIE),
            models.list().ofSize(2))
        .as(
            (id, prompt, user, pair, outcome, facts) ->
                new VotedRow(
                    id,
                    prompt,
                    pair,
                    List.of(RowVote.pick(user, outcome)),
                    "here",
                    "",
                    Map.of(),
                    facts))
        .list()
        .ofMaxSize(30);
  }

  /** Half a surrogate pair is no text: UTF-8 has no place for it. */
  private static String whole(String text) {
    return new String(
        text.getBytes(java.nio.charset.StandardCharsets.UTF_8),
        java.nio.charset.StandardCharsets.UTF_8);
  }
}
