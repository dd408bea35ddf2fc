package org.tastemaker.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.feedback.votes.Fields;
import org.tastemaker.feedback.votes.PickAPic;
import org.tastemaker.feedback.votes.ReadingReport;
import org.tastemaker.feedback.votes.Records;
import org.tastemaker.feedback.votes.VoteFile;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;

class ParquetRecordsTest {
  private static final int TIMES = Effort.times(600, 100_000);

  @TempDir Path folder;

  private ParquetRecords file(String name) {
    return ParquetRecords.of(TestFiles.copy(name, folder));
  }

  /** 5,000 records in three row groups, Zstandard, with dictionaries. */
  @Test
  void everyKindOfColumnIsReadFromEveryRowGroup() {
    String[] names = {
      "id", "text", "label", "list", "image", "nest", "price", "flag", "small", "large", "map",
      "single", "texts"
    };
    List<Fields> records = TestFiles.records(file("kinds.parquet"), names);

    assertThat(records).hasSize(5000);
    for (int i = 0; i < 5000; i++) {
      Fields r = records.get(i);
      assertThat(r.value("id")).isEqualTo((long) i);
      assertThat(r.text("text")).isEqualTo("p" + i % 7);
      assertThat(r.value("label")).isEqualTo(i % 3 == 0 ? null : i / 2.0);
      assertThat(r.value("list")).isEqualTo(i % 5 == 4 ? null : List.of((long) i, i + 1L));
      assertThat(r.fields("image").value("bytes"))
          .isEqualTo(("ab" + i).getBytes(StandardCharsets.UTF_8));
      assertThat(r.value("nest"))
          .isEqualTo(List.of(Map.of("a", List.of(List.of("text", "b" + i)))));
      assertThat(r.value("price")).isEqualTo(BigDecimal.valueOf(100L * i, 2));
      assertThat(r.value("flag")).isEqualTo(i % 2 == 0);
      assertThat(r.value("small")).isEqualTo((long) (i % 256));
      assertThat(r.value("large")).isEqualTo(new BigInteger("18446744073709551615"));
      assertThat(r.value("map")).isEqualTo(Map.of("k", (long) i));
      assertThat(r.value("single")).isEqualTo((double) i);
      assertThat(r.value("texts")).isEqualTo(i % 2 == 0 ? List.of() : Arrays.asList(null, "z"));
    }
  }

  /** Ten records of Arrow's Rust library, in row groups of four. */
  @Test
  void pagesOfVersionTwoAreRead() {
    List<Fields> records =
        TestFiles.records(file("pages-v2.parquet"), "id", "caption", "label", "list", "image");

    assertThat(records).hasSize(10);
    assertThat(records)
        .extracting(r -> r.value("caption"))
        .containsExactly("p0", "p1", "p2", null, "p1", "p2", "p0", null, "p2", "p0");
    assertThat(records)
        .extracting(r -> r.value("label"))
        .containsExactly(null, 0.5, 1.0, null, 2.0, 2.5, null, 3.5, 4.0, null);
    assertThat(records.get(4).value("list")).isNull();
    assertThat(records.get(5).value("list")).isEqualTo(List.of(50L, 51L));
    assertThat(records.get(6).value("list")).isEqualTo(List.of());
    assertThat(records.get(9).fields("image").value("bytes")).isEqualTo(new byte[] {1, 2, 9});
  }

  @Test
  void columnsThatNobodyWantsAreNotRead() {
    assertThat(TestFiles.records(file("kinds.parquet"), "id").get(3).names()).containsExactly("id");
  }

  @Test
  void shardsAreOneAfterAnotherInTheOrderOfTheirNames() throws IOException {
    byte[] bytes = TestFiles.bytes("pages-v2.parquet");
    Files.write(folder.resolve("train-00001.parquet"), bytes);
    Files.write(folder.resolve("train-00000.parquet"), bytes);
    Files.write(folder.resolve("test-00000.parquet"), bytes);
    Files.writeString(folder.resolve("README.md"), "not a shard");

    List<Fields> train = TestFiles.records(ParquetRecords.shards(folder, "train-"), "id");

    assertThat(train).hasSize(20);
    assertThat(train.get(0).where()).endsWith("train-00000.parquet, record 1");
    assertThat(train.get(10).where()).endsWith("train-00001.parquet, record 1");
    assertThat(TestFiles.records(ParquetRecords.shards(folder), "id")).hasSize(30);
  }

  @Test
  void aFolderWithoutShardsIsRefused() {
    assertThatThrownBy(() -> ParquetRecords.shards(folder, "train-"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(folder + " has no file whose name begins with 'train-' and ends in .parquet");
  }

  @Test
  void whatIsNoParquetIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("a.parquet"), "<html>Not found</html>");

    assertThatThrownBy(() -> TestFiles.records(ParquetRecords.of(file), "id"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(file + " is no file of Parquet: it has 22 bytes and must begin with PAR1");
    assertThatThrownBy(() -> TestFiles.records(ParquetRecords.of(folder), "id"))
        .hasMessageContaining("a folder of shards is ParquetRecords.shards(folder)");
    assertThatThrownBy(() -> TestFiles.records(ParquetRecords.of(folder.resolve("b")), "id"))
        .hasMessageContaining("there is no file or folder");
  }

  @Test
  void aFileThatIsCutShortIsRefused() throws IOException {
    byte[] whole = TestFiles.bytes("kinds.parquet");
    Path file = Files.write(folder.resolve("a.parquet"), Arrays.copyOf(whole, whole.length / 2));

    assertThatThrownBy(() -> TestFiles.records(ParquetRecords.of(file), "id"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file + " does not end as Parquet does: is it cut short?");
  }

  @Test
  void aDamagedPageNamesTheRecordAndTheColumn() throws IOException {
    Path file = TestFiles.copy("kinds.parquet", folder);
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 40, 400, (byte) 0x5A); // in the first pages of the first column
    Files.write(file, bytes);

    assertThatThrownBy(() -> TestFiles.records(ParquetRecords.of(file), "id"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(file + ", record ")
        .hasMessageContaining("column 'id'");
  }

  @Test
  void noneOfTheColumnsIsAnErrorThatNamesThem() {
    ParquetRecords file = file("pages-v2.parquet");

    assertThatThrownBy(() -> TestFiles.records(file, "jpg_0", "jpg_1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            file.name()
                + " has none of the columns [jpg_0, jpg_1]; it has [id, caption, label, list,"
                + " image]");
  }

  @Test
  void aMissingColumnIsAnErrorThatNamesTheFileAndTheColumn() {
    ParquetRecords file = file("pages-v2.parquet");

    assertThatThrownBy(() -> VoteFile.of(file, PickAPic.inFile("test")).read(row -> {}))
        .hasMessageContaining(file.name() + ", record 1 is not of the shape of Pick-a-Pic")
        .hasMessageContaining("no [jpg_0, jpg_1, label_0, label_1]");
  }

  @Test
  void aColumnOfAnotherKindIsCountedWithRecordAndColumn() throws IOException {
    Path file = folder.resolve("a.parquet");
    try (ParquetOutput out =
        new ParquetOutput(
            file,
            org.apache.parquet.schema.MessageTypeParser.parseMessageType(
                "message m { required binary caption (STRING); required binary jpg_0 (STRING);"
                    + " required binary jpg_1 (STRING); required binary label_0 (STRING);"
                    + " required double label_1; }"))) {
      out.write(
          Map.of("caption", "a cup", "jpg_0", "a", "jpg_1", "b", "label_0", "one", "label_1", 0.0));
    }

    ReadingReport report =
        VoteFile.of(ParquetRecords.of(file), PickAPic.inFile("test")).read(row -> {});

    assertThat(report.leftOut()).hasSize(1);
    assertThat(report.leftOut().get(0).first())
        .containsExactly(file + ", record 1: 'label_0' must be a number, but is one");
  }

  @Test
  void afterTheLastRecordThereIsNone() {
    try (Records records = file("pages-v2.parquet").open(Set.of("id"))) {
      for (int i = 0; i < 10; i++) {
        records.next();
      }
      assertThat(records.hasNext()).isFalse();
      assertThatThrownBy(records::next).isInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void damagedFilesAreReadOrRefused() {
    Path file = folder.resolve("damaged.parquet");
    Attack attack =
        new Attack(
            "Parquet",
            List.of(
                TestFiles.bytes("pages-v2.parquet"),
                TestFiles.bytes("pick-a-pic-images.parquet"),
                TestFiles.bytes("mmrb2-t2i.parquet")),
            List.of(IllegalArgumentException.class));
    Set<String> wanted =
        Set.of(
            "id",
            "caption",
            "label",
            "list",
            "image",
            "jpg_0",
            "jpg_1",
            "label_0",
            "response_a",
            "human_annotations",
            "prompt_content");

    Attack.Outcome outcome =
        attack.run(
            1,
            TIMES,
            bytes -> {
              Files.write(file, bytes);
              try (Records records = ParquetRecords.of(file).open(wanted)) {
                records.forEachRemaining(record -> {});
              }
            });

    assertThat(outcome.refused()).isPositive();
  }
}
