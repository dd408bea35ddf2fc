package org.tastemaker.feedback.votes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.votes.Answer.Outcome;
import org.tastemaker.feedback.votes.RowImage.Fault;

class RowRoundTripTest {
  @TempDir Path folder;

  private RowImage image(int number) {
    return new RowImage.OnDisk(folder.resolve(number + ".png"));
  }

  private VotedRow everything() {
    return new VotedRow(
        "id 1",
        "a \"kite\" \u2014 \uD83E\uDE81\n",
        List.of(image(0), image(1), new RowImage.Unusable("gone.png", Fault.EMPTY, "no bytes")),
        List.of(
            new RowVote("u1", "", new Answer.Pick(1, 0, Outcome.BOTH_BAD)),
            new RowVote("u1", "colour", new Answer.Pick(0, 1, Outcome.TIE)),
            new RowVote("", "", new Answer.Order(Ranking.ofTiers(3, List.of(List.of(1, 2))))),
            new RowVote(
                "u2",
                "fidelity",
                new Answer.Scores(
                    List.of(
                        OptionalDouble.of(0.1), OptionalDouble.empty(), OptionalDouble.of(-3))))),
        "here",
        "test",
        Map.of("category", "toys"),
        List.of(Map.of("model", "a"), Map.of(), Map.of("model", "b")));
  }

  @Test
  void linesHoldAllThatARowHolds() throws IOException {
    PublicFiles.images(folder);
    Path file = folder.resolve("rows.jsonl");
    VotedRow plain =
        VotedRow.of(
            "p", List.of(image(3), image(4)), List.of(RowVote.pick("", Outcome.FIRST)), "s");

    try (RowWriter out = new RowLinesWriter(file)) {
      out.write(everything());
      out.write(plain);
      assertThat(file).as("nothing is there until it is whole").doesNotExist();
    }

    VoteFile written = VoteFile.json(file, RowLines.in(folder));
    assertThat(PublicFiles.rows(written)).containsExactly(everything(), plain);
  }

  @Test
  void imagesThatLieElsewhereAreCopiedBesideTheFile() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path here = Files.createDirectory(folder.resolve("here"));
    byte[] png = Image.filled(2, 2, 1, 0, 0).toPng();
    Files.write(elsewhere.resolve("a.png"), png);
    Path file = here.resolve("rows.jsonl");

    try (RowWriter out = new RowLinesWriter(file)) {
      out.write(
          VotedRow.of(
              "p",
              List.of(
                  new RowImage.OnDisk(elsewhere.resolve("a.png")),
                  new RowImage.Encoded("b", Image.filled(2, 2, 0, 1, 0).toPng())),
              List.of(),
              "s"));
    }

    VotedRow row = PublicFiles.rows(VoteFile.json(file, RowLines.in(here))).get(0);
    assertThat(row.images()).allSatisfy(i -> assertThat(i.name()).endsWith(".png"));
    Path copy = ((RowImage.OnDisk) row.images().get(0)).file();
    assertThat(copy).startsWith(here).hasBinaryContent(png);
  }

  @Test
  void hpdV2sTestFileIsTheSameAfterReadingAndWriting() throws IOException {
    VoteFile read =
        VoteFile.json(PublicFiles.copy("hpd-v2-test.json", folder), HpdV2Test.in(folder));
    Path file = folder.resolve("written.json");

    try (RowWriter out = new HpdV2TestWriter(file)) {
      read.read(out::write);
      assertThat(out.report().requireWhole().rows()).isEqualTo(2);
    }

    VoteFile written = VoteFile.json(file, HpdV2Test.in(folder));
    assertThat(PublicFiles.rows(written)).isEqualTo(PublicFiles.rows(read));
    Object first = ((List<?>) Objects.requireNonNull(Json.read(file))).get(0);
    assertThat(((Map<?, ?>) first).get("rank"))
        .as("mean places 4/3, 8/3 and 5/3")
        .isEqualTo(List.of(1, 3, 2));
  }

  @Test
  void hpdV2sTrainFileHasNoPlaceForATie() throws IOException {
    VoteFile read =
        VoteFile.json(PublicFiles.copy("hpd-v2-train.json", folder), HpdV2Train.in(folder));
    Path file = folder.resolve("written.json");

    try (RowWriter out = new HpdV2TrainWriter(file)) {
      read.read(out::write);
      assertThat(out.report().records()).isEqualTo(2);
      assertThat(out.report().toString()).contains("a vote for neither image: 1 ('a \"cup\" {')");
    }

    assertThat(PublicFiles.rows(VoteFile.json(file, HpdV2Train.in(folder))))
        .isEqualTo(PublicFiles.rows(read).subList(0, 2));
  }

  @Test
  void hpdV3sFileHasTheBetterImageFirstWhateverSideItWasOn() throws IOException {
    Path source = PublicFiles.copy("hpd-v3.json", folder);
    for (int seed = 0; seed < 4; seed++) {
      Path file = folder.resolve("written" + seed + ".json");
      try (RowWriter out = new HpdV3Writer(file)) {
        VoteFile.json(source, HpdV3.in(folder, "train", Seed.of(seed))).read(out::write);
      }
      List<?> records = (List<?>) Objects.requireNonNull(Json.read(file));
      assertThat(records)
          .extracting(r -> ((Map<?, ?>) r).get("path1"))
          .isEqualTo(List.of("0.png", "2.png", "4.png"));
      assertThat(records)
          .extracting(r -> ((Map<?, ?>) r).get("choice_dist"))
          .isEqualTo(List.of(List.of(5, 2), List.of(1, 0), List.of(1, 0)));
      assertThat(records)
          .extracting(r -> ((Map<?, ?>) r).get("model1"))
          .isEqualTo(List.of("flux", "midjourney", "sdxl"));
    }
  }

  @Test
  void aJudgesOrderBecomesPairsThatOtherTrainersRead() throws IOException {
    PublicFiles.images(folder);
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      images.add(Image.read(folder.resolve(i + ".png")));
      Files.write(folder.resolve(images.get(i).sha256() + ".png"), images.get(i).toPng());
    }
    AnnotatedGroup judged =
        new AnnotatedGroup(
            "0123456789abcdef0123456789abcdef",
            Instant.EPOCH,
            Prompt.of("a kite"),
            images.stream().map(Image::sha256).toList(),
            Judgement.of(Ranking.ofTiers(3, List.of(List.of(2), List.of(0, 1))), "gpt"));
    Path file = folder.resolve("train.json");

    try (RowWriter out = new HpdV2TrainWriter(file)) {
      JudgedRows.of(judged, folder).ifPresent(out::write);
    }

    assertThat(PublicFiles.rows(VoteFile.json(file, HpdV2Train.in(folder))))
        .extracting(row -> row.votes().get(0))
        .as("image 2 against 0 and against 1; the tie of 0 and 1 is left out")
        .containsExactly(RowVote.pick("gpt", Outcome.SECOND), RowVote.pick("gpt", Outcome.SECOND));
  }

  @Test
  void aFileIsNotBegunInAFolderThatIsNotThere() {
    assertThatThrownBy(() -> new HpdV3Writer(folder.resolve("nowhere/train.json")))
        .hasMessageContaining("is not a folder; create it first");
  }

  @Test
  void aFileWithoutRowsIsAnEmptyList() {
    Path file = folder.resolve("none.json");
    new HpdV3Writer(file).close();

    assertThat(Json.read(file)).isEqualTo(List.of());
  }
}
