package org.tastemaker.examples.ideas;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.measure.Csv;
import org.tastemaker.examples.measure.PromptedImages;
import org.tastemaker.reward.clip.ClipReward;
import org.tastemaker.reward.clip.PickScore;
import org.tastemaker.reward.clip.Preprocessing;

class ScoreImagesTest {
  @TempDir static Path shared;

  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, UTF_8);
  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(errors, true, UTF_8);

  private static Path toy;
  private static ClipTokenizer tokenizer;
  private Path images;

  @BeforeAll
  static void saveToy() throws IOException {
    toy = shared.resolve("toy");
    Files.createDirectories(toy);
    try (LatentDiffusion model = BundledModel.load()) {
      tokenizer = model.components().tokenizer();
    }
    try (ClipModel clip = ToyClip.of(tokenizer, Seed.of(1))) {
      clip.save(toy);
      tokenizer.save(toy);
    }
  }

  @BeforeEach
  void makeImages() throws IOException {
    images = folder.resolve("images");
    Files.createDirectories(images);
    Files.write(images.resolve("red_wall.png"), Image.filled(40, 50, 1, 0, 0).toPng());
    Files.write(images.resolve("sky.png"), Image.filled(32, 32, 0, 0, 1).toPng());
    Files.writeString(images.resolve("sky.txt"), "the sky, at noon\n");
  }

  private int run(String... args) {
    return ScoreImages.run(List.of(args), folder, out, err);
  }

  private int score(String name, String... more) {
    List<String> args = new ArrayList<>(List.of("--model", toy.toString(), "--score", name));
    args.addAll(List.of(more));
    args.add(images.toString());
    return ScoreImages.run(args, folder, out, err);
  }

  @Test
  void aFolderIsScoredIntoATableAndACsvThatSayWhatTheScoreIs() throws IOException {
    assertThat(score("pickscore")).as(errors.toString(UTF_8)).isZero();

    double[] expected;
    try (ClipModel clip = ClipModel.load(toy)) {
      expected =
          ClipReward.of(
                  clip,
                  "toy",
                  tokenizer,
                  Preprocessing.PIL,
                  new PickScore(),
                  ClipReward.Options.defaults())
              .score(
                  List.of(Prompt.of("red wall"), Prompt.of("the sky, at noon")),
                  List.of(
                      Image.read(images.resolve("red_wall.png")),
                      Image.read(images.resolve("sky.png"))));
    }
    assertThat(Files.readAllLines(folder.resolve("scores.csv")))
        .containsExactly(
            "file,prompt,score,by,model,preprocessing",
            "red_wall.png,red wall," + expected[0] + ",PickScore,toy,PIL",
            "sky.png,\"the sky, at noon\"," + expected[1] + ",PickScore,toy,PIL");
    assertThat(printed.toString(UTF_8))
        .contains("PickScore (toy, PIL)", "red_wall.png", "the sky, at noon", "mean of 2 images");
  }

  @Test
  void promptsAreReadFromCsvAndJsonLines() throws IOException {
    Path csv = folder.resolve("prompts.csv");
    Files.writeString(
        csv,
        "\ufefffile,seed,prompt\r\nsky.png,1,\"a \"\"blue\"\" sky,\nat noon\"\r\nno.png,2,x\r\n");
    Path lines = folder.resolve("metadata.jsonl");
    Files.writeString(lines, "{\"file_name\": \"red_wall.png\", \"text\": \"a wall\"}\n\n");
    List<String> problems = new ArrayList<>();

    List<PromptedImages.Entry> ofCsv = PromptedImages.of(images, csv, problems::add);
    assertThat(ofCsv)
        .extracting(entry -> entry.prompt().text())
        .containsExactly("a \"blue\" sky,\nat noon");
    assertThat(problems).hasSize(1).first().asString().contains("no.png is left out");
    assertThat(PromptedImages.of(images, lines, problems::add))
        .containsExactly(
            new PromptedImages.Entry(images.resolve("red_wall.png"), Prompt.of("a wall")));
  }

  @Test
  void aWrittenRowIsReadAgain() {
    String text = Csv.row("a,b", "say \"x\"", "two\nlines", "") + Csv.row(1, 2.5, "c", "d");
    assertThat(Csv.rows(text, "test"))
        .containsExactly(
            List.of("a,b", "say \"x\"", "two\nlines", ""), List.of("1", "2.5", "c", "d"));
  }

  @Test
  void wrongListsAreNamedWithTheirLine() throws IOException {
    Path list = folder.resolve("list.csv");
    for (String[] wrong :
        new String[][] {
          {"name,prompt\na,b\n", "expected a header with one of [file,"},
          {"file,prompt\nsky.png,a sky, at noon\n", "row 2 has 3 cells"},
          {"file,prompt\nsky.png,\"a sky\n", "row 2 is never closed"},
          {"file,prompt\n", "names no image"}
        }) {
      Files.writeString(list, wrong[0]);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PromptedImages.of(images, list, out::println))
          .withMessageContaining(wrong[1]);
    }
    Path lines = folder.resolve("list.jsonl");
    Files.writeString(lines, "{\"file\": \"sky.png\"}\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PromptedImages.of(images, lines, out::println))
        .withMessageContaining("line 1: expected an object with one of [prompt");
  }

  @Test
  void anImageThatCannotBeReadIsNamedAndLeftOut() throws IOException {
    Files.writeString(images.resolve("broken.png"), "no image");

    assertThat(score("clip-score", "--csv", folder.resolve("new/a.csv").toString())).isZero();
    assertThat(printed.toString(UTF_8)).contains("left out: ", "broken.png", "mean of 2 images");
    assertThat(folder.resolve("new/a.csv")).content().contains("CLIP score,toy,PIL");
  }

  @Test
  void humanPreferenceScoreIsPreparedAsItsOwnProgramDoes() {
    assertThat(score("HPSv2.1")).as(errors.toString(UTF_8)).isZero();
    assertThat(printed.toString(UTF_8)).contains("HPSv2.1 (toy, HPS_ORIGINAL)");

    assertThat(score("hpsv2", "--preprocessing", "pil")).as(errors.toString(UTF_8)).isZero();
    assertThat(printed.toString(UTF_8)).contains("HPSv2 (toy, PIL)");
  }

  @Test
  void theAestheticScoreNeedsItsHeadAndNoTokenizer() throws IOException {
    assertThat(score("aesthetic")).isEqualTo(2);
    assertThat(errors.toString(UTF_8)).contains("needs its predictor: give --head");

    Path head = folder.resolve("head.safetensors");
    new SafetensorsWriter()
        .add("weight", new float[16], DType.F32, 16)
        .add("bias", new float[] {5}, DType.F32, 1)
        .write(head);
    Path alone = folder.resolve("alone");
    Files.createDirectories(alone);
    Files.copy(toy.resolve("config.json"), alone.resolve("config.json"));
    Files.copy(toy.resolve("model.safetensors"), alone.resolve("model.safetensors"));
    assertThat(
            run(
                "--model",
                alone.toString(),
                "--score",
                "aesthetic",
                "--head",
                head.toString(),
                images.toString()))
        .as(errors.toString(UTF_8))
        .isZero();
    assertThat(printed.toString(UTF_8)).contains("5.0000  mean of 2 images by LAION aesthetic");

    assertThat(run("--model", alone.toString(), "--score", "pickscore", images.toString()))
        .isEqualTo(2);
    assertThat(errors.toString(UTF_8)).contains("there is no tokenizer in", "--tokenizer FOLDER");
  }

  @Test
  void wrongArgumentsAreAnErrorThatSaysHow() {
    assertThat(score("beauty")).isEqualTo(2);
    assertThat(score("clip-iqa:nice")).isEqualTo(2);
    assertThat(run("--score", "pickscore", images.toString())).isEqualTo(2);
    assertThat(run("--model", toy.toString(), "--score", "pickscore", "nowhere")).isEqualTo(2);
    assertThat(errors.toString(UTF_8))
        .contains("there is no score 'beauty'; there are clip-score")
        .contains("CLIP-IQA has no pair 'nice'")
        .contains("Missing required option: '--model=PATH'")
        .contains("there is no folder of images nowhere");
  }

  @Test
  void helpListsTheOptions() {
    assertThat(run("--help")).isZero();
    assertThat(printed.toString(UTF_8))
        .contains("--model", "--score", "--prompts", "--preprocessing", "--engine", "pickscore");
  }

  @Test
  void theDemonstrationRunsWithoutArguments() {
    Path own = folder.resolve("demonstration");
    assertThat(ScoreImages.run(List.of(), own, out, err)).as(errors.toString(UTF_8)).isZero();
    assertThat(printed.toString(UTF_8))
        .contains("PickScore (toy-clip, PIL)", "mean of 4 images", "the scores mean nothing");
    assertThat(own.resolve("scores.csv")).content().contains("red_heart.png,red heart,");
  }
}
