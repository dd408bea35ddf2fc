package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;

class JpegExperimentTest {
  @TempDir Path folder;
  private final StringWriter err = new StringWriter();

  private int run(String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--run",
                folder.toString(),
                "--prompt",
                "rocket",
                "--seeds",
                "5",
                "--rounds",
                "1",
                "--images",
                "2",
                "--held-out",
                "1"));
    args.addAll(Arrays.asList(more));
    return JpegExperiment.command()
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(new StringWriter()))
        .setErr(new PrintWriter(err, true))
        .execute(args.toArray(String[]::new));
  }

  @Test
  void bothDirectionsAreTrainedOnce() throws Exception {
    assertThat(run()).isZero();

    assertThat(folder.resolve("jpeg.md"))
        .content()
        .contains("| compressibility | 1 |", "| incompressibility | 1 |");
    assertThat(folder.resolve("jpeg.png")).isNotEmptyFile();
    assertThat(folder.resolve("compressibility-5.png")).isNotEmptyFile();
    Path file = folder.resolve("incompressibility-5.json");
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    assertThat(run()).isZero();
    assertThat(Files.getLastModifiedTime(file).toMillis()).isZero();
  }

  @Test
  void aResultOfOtherSettingsIsRejected() {
    Protocol other = new Protocol(List.of(Prompt.of("rocket")), 2, 2, 1, 3);
    new JpegResult(
            JpegResult.Direction.COMPRESSIBILITY,
            5,
            JpegExperiment.settings(other),
            List.of(1.0, 0.9),
            List.of(1.0),
            List.of(0.9),
            1)
        .write(folder);

    assertThat(run()).isEqualTo(2);
    assertThat(err.toString())
        .contains(
            "compressibility-5.json is of other settings: guidance is 3.0 there and 1.0 now; rounds is"
                + " 2 there and 1 now; choose another folder with --run");
    assertThat(folder.resolve("incompressibility-5.json")).doesNotExist();
  }

  @Test
  void aResultThatHasItsSettingsAsOneTextIsRead() throws Exception {
    Protocol protocol =
        new Protocol(List.of(Prompt.of("rocket"), Prompt.of("green heart")), 2, 2, 1, 1);
    JpegResult result =
        new JpegResult(
            JpegResult.Direction.COMPRESSIBILITY,
            5,
            JpegExperiment.settings(protocol),
            List.of(1.0, 0.9),
            List.of(1.0),
            List.of(0.9),
            1);
    Path file =
        Files.writeString(
            folder.resolve("compressibility-5.json"),
            """
            {"direction": "compressibility", "seed": 5,
             "settings": "{guidance=1.0, heldOutPerPrompt=1, imagesPerPrompt=2, prompts=[rocket, green heart], rounds=2, steps=10, tie=0.03}, rate 0.001, clip range 0.001, 4 updates",
             "kilobytes": [1.0, 0.9], "before": [1.0], "after": [0.9], "kl": 1.0}
            """);

    assertThat(JpegResult.read(file)).isEqualTo(result);
    result.write(folder);
    assertThat(JpegResult.read(file)).isEqualTo(result);
  }

  @Test
  void wrongArgumentsAreUsageErrors() {
    assertThat(run("--directions", "sideways")).isEqualTo(2);
    assertThat(run("--images", "1")).isEqualTo(2);
    assertThat(folder).isEmptyDirectory();
  }
}
