package org.tastemaker.feedback.votes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.feedback.votes.RowImage.Fault;
import org.tastemaker.testing.ChildProgram;

class VotedRowsTest {
  @TempDir Path folder;

  private Path file(String content) throws IOException {
    PublicFiles.images(folder);
    Path file = folder.resolve("votes.json");
    Files.writeString(file, content);
    return file;
  }

  private ReadingReport train(String content) throws IOException {
    return VoteFile.json(file(content), HpdV2Train.in(folder)).read(row -> {});
  }

  private static String pair(String first, String second) {
    return String.format(
        "{\"prompt\":\"p\",\"file_path\":[\"%s\",\"%s\"],\"human_preference\":[1,0]}",
        first, second);
  }

  @Test
  void missingEmptyAndBrokenImagesAreCountedAndNamed() throws IOException {
    Files.createFile(folder.resolve("empty.png"));
    Files.writeString(folder.resolve("page.png"), "<!DOCTYPE html><html>not found</html>");
    Files.createDirectory(folder.resolve("folder.png"));

    ReadingReport report =
        train(
            "["
                + String.join(
                    ",",
                    pair("0.png", "1.png"),
                    pair("0.png", "absent.png"),
                    pair("empty.png", "1.png"),
                    pair("page.png", "../../etc/passwd"),
                    pair("folder.png", "https://example.org/a.png"))
                + "]");

    assertThat(report.records()).isEqualTo(5);
    assertThat(report.rows()).isEqualTo(1);
    assertThat(report.leftOut())
        .singleElement()
        .satisfies(
            reason -> {
              assertThat(reason.what()).isEqualTo("fewer than two of its images can be used");
              assertThat(reason.count()).isEqualTo(4);
            });
    assertThat(report.unusableImages()).isEqualTo(6);
    assertThat(report.toString())
        .contains("missing: 3 (" + folder.resolve("absent.png") + ": there is no such file; ")
        .contains("it is an address on the network: download it first")
        .contains("empty: 1 (" + folder.resolve("empty.png") + ": it has no bytes")
        .contains("broken: 2 (")
        .contains("HTML")
        .contains("outside of");
  }

  @Test
  void anImageThatIsCutShortIsFoundByItsPixels() throws IOException {
    byte[] whole = Image.filled(8, 8, 1, 0, 0).toPng();
    Files.write(folder.resolve("cut.png"), Arrays.copyOf(whole, whole.length - 30));
    Path file = file("[" + pair("cut.png", "1.png") + "]");
    VoteFile votes = VoteFile.json(file, HpdV2Train.in(folder));

    assertThat(votes.read(row -> {}).rows()).as("it begins as an image does").isEqualTo(1);
    ReadingReport report = votes.check(ImageCheck.PIXELS).read(row -> {});
    assertThat(report.rows()).isZero();
    assertThat(report.toString()).contains("broken: 1 (" + folder.resolve("cut.png"));
  }

  @Test
  void aRowOfManyImagesKeepsThePlaceOfOneThatIsMissing() throws IOException {
    Path file = PublicFiles.copy("hpd-v2-test.json", folder);
    Files.delete(folder.resolve("1.png"));

    VotedRow row = PublicFiles.rows(VoteFile.json(file, HpdV2Test.in(folder))).get(0);

    assertThat(row.images().get(1))
        .isEqualTo(
            new RowImage.Unusable(
                folder.resolve("1.png").toString(), Fault.MISSING, "there is no such file"));
    assertThat(row.usable()).containsExactly(0, 2);
    VotedRow left = row.only(row.usable());
    assertThat(((Answer.Order) left.votes().get(1).answer()).ranking().tiers())
        .as("the second person's order, without image 1")
        .containsExactly(List.of(1), List.of(0));
  }

  @Test
  void aRecordThatIsNotOfTheShapeIsLeftOutAndNamedWithWhatItHas() throws IOException {
    ReadingReport report =
        train(
            "["
                + pair("0.png", "1.png")
                + ",\n{\"prompt\":7,\"file_path\":[\"0.png\",\"1.png\"],\"human_preference\":[1,0]}"
                + ",\n{\"file_path\":[\"0.png\",\"1.png\"],\"human_preference\":[1,0]}"
                + ",\n{\"prompt\":\"p\",\"file_path\":[\"0.png\"],\"human_preference\":[1,0]}]");

    assertThat(report.rows()).isEqualTo(1);
    assertThat(report.toString())
        .contains("its fields are not of the shape: 3 (")
        .contains("record 2: 'prompt' must be a text, but is 7")
        .contains("record 3: there is no 'prompt', a text; it has [file_path, human_preference]")
        .contains("record 4: 'human_preference' must be of the two images");
  }

  @Test
  void aFileOfAnotherShapeIsRefusedWithWhatItHas() {
    assertThatThrownBy(() -> train("[{\"prompt\":\"p\",\"images\":[],\"ranks\":[]}]"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("record 1 is not of the shape of HPD v2")
        .hasMessageContaining("no [file_path, human_preference]")
        .hasMessageContaining("it has [prompt, images, ranks]");
  }

  @Test
  void whatIsNoJsonIsNamed() {
    assertThatThrownBy(() -> train("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"))
        .hasMessageContaining("pointer of Git LFS");
    assertThatThrownBy(() -> train("<!DOCTYPE html><html></html>")).hasMessageContaining("HTML");
    assertThatThrownBy(() -> train("")).hasMessageContaining("it is empty");
    assertThatThrownBy(() -> train("42"))
        .hasMessageContaining("must hold a JSON list of objects, or an object on each line");
    assertThatThrownBy(() -> train("[1, 2]")).hasMessageContaining("expected an object");
    assertThatThrownBy(() -> train("[" + pair("0.png", "1.png") + "] []"))
        .hasMessageContaining("something after the end");
    assertThatThrownBy(() -> train("[{\"prompt\": tru}]"))
        .hasMessageContaining("record 1")
        .hasMessageContaining("is not JSON");
  }

  @Test
  void aDamagedRecordInTheMiddleIsAnErrorWithItsLine() {
    assertThatThrownBy(
            () -> train(pair("0.png", "1.png") + "\n" + "{\"prompt\": \"p\", \"file_path\" []}\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("votes.json, record 2");
  }

  @Test
  void aFolderOfImagesThatIsNotThereIsAnErrorBeforeAnythingIsRead() {
    assertThatThrownBy(() -> HpdV2Test.in(folder.resolve("nowhere")))
        .hasMessageContaining("nowhere");
  }

  @Test
  void rowsAreGivenOutOneByOneAndTheReportGrowsWithThem() throws IOException {
    Path file = PublicFiles.copy("hpd-v2-train.json", folder);
    try (VotedRows rows = VoteFile.json(file, HpdV2Train.in(folder)).open()) {
      rows.next();
      assertThat(rows.report().rows()).isEqualTo(1);
      List<VotedRow> rest = new ArrayList<>();
      rows.forEachRemaining(rest::add);
      assertThat(rest).hasSize(2);
      assertThat(rows.report().records()).isEqualTo(3);
      assertThatThrownBy(rows::next).isInstanceOf(NoSuchElementException.class);
    }
  }

  /** 60 MB of rows, in a virtual machine that has half of that. */
  @Test
  void memoryDoesNotGrowWithTheRows() throws IOException, InterruptedException {
    String printed =
        ChildProgram.of(ManyRowsProgram.class, folder.toString())
            .withVmOptions("-Xmx24m", "-XX:+UseSerialGC")
            .output();

    assertThat(printed).contains("300000 records, 300000 rows");
  }
}
