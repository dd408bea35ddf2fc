package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.cli.Commands.Done;

class MeasureCommandTest {
  private final Commands commands = new Commands();

  @TempDir Path folder;

  @Test
  void aFolderOfImagesIsScoredIntoATableCsvAndJson() throws IOException {
    Files.write(folder.resolve("a_wall.png"), Image.filled(16, 16, 1, 0, 0).toPng());
    Files.write(folder.resolve("b.png"), Image.filled(16, 16, 0, 1, 0).toPng());
    Files.writeString(folder.resolve("b.txt"), "grass");
    Path csv = folder.resolve("scores.csv");

    Done done = commands.run("measure", folder, "--score", "jpeg", "--csv", csv, "--json");

    assertThat(done.code()).as(done.err()).isZero();
    assertThat(done.json().objects("images"))
        .extracting(row -> row.text("prompt"))
        .containsExactly("a wall", "grass");
    assertThat(done.json().number("mean")).isNegative();
    assertThat(done.err()).contains("mean of 2 images");
    assertThat(csv).content().startsWith("file,prompt,score,by\na_wall.png,a wall,-");
  }

  @Test
  void theBundledModelsMeasurementsAreThoseOfItsCard() {
    Path csv = folder.resolve("card.csv");

    Done done = commands.run("measure", "--quick", "--steps", 1, "--csv", csv, "--json");

    assertThat(done.code()).as(done.err()).isZero();
    JsonObject diversity = done.json().object("diversity");
    assertThat(diversity.integer("n")).isPositive();
    assertThat(done.json().object("consistency").number("value")).isBetween(0.0, 1.0);
    assertThat(done.err()).contains("| skin tone bias |");
    assertThat(csv).content().contains("measurement,value,low,high,n", "harm,");
  }

  @Test
  void aModelIsScoredByImagesThatItMakes() {
    Done done =
        commands.run(
            "measure",
            "--prompt",
            "frog",
            "--count",
            2,
            "--steps",
            1,
            "--score",
            "jpeg",
            "--out",
            folder.resolve("made"),
            "--json");

    assertThat(done.code()).as(done.err()).isZero();
    assertThat(done.json().objects("images")).hasSize(2);
    assertThat(folder.resolve("made").resolve("0002.png")).isRegularFile();
    assertThat(folder.resolve("made").resolve("0002.txt")).hasContent("frog");
  }

  @Test
  void whatIsMissingIsNamedWithTheWayOut() {
    assertThat(commands.run("measure", folder).err()).contains("--score jpeg", "--clip PATH");
    assertThat(commands.run("measure", folder, "--score", "pickscore").err())
        .contains("needs the files of a CLIP model");
    assertThat(commands.run("measure", "--score", "jpeg").err()).contains("--prompt TEXT");
    assertThat(commands.run("measure", "--prompt", "frog").err()).contains("there is no score");
    assertThat(commands.run("measure", folder, "--score", "jpeg", "--prompt", "a").err())
        .contains("leave --model, --prompt and --lora out");
    Done none = commands.run("measure", folder.resolve("no"), "--score", "jpeg");
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("there is no folder of images");
  }
}
