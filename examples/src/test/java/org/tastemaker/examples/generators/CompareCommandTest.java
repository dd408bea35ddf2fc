package org.tastemaker.examples.generators;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.emoji.BundledModel;

class CompareCommandTest {
  @TempDir Path folder;

  private final StringWriter printed = new StringWriter();

  private int run(String... args) {
    printed.getBuffer().setLength(0);
    PrintWriter out = new PrintWriter(printed);
    int code = CompareCommand.run(List.of(args), out, out);
    out.flush();
    return code;
  }

  /** A LoRA that changes nothing yet: the arms before and after give the same images. */
  private Path lora() {
    Path file = folder.resolve("lora.safetensors");
    try (LatentDiffusion model = BundledModel.load();
        Lora lora =
            Lora.create(
                "test",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.ofRank(1),
                Seed.of(1))) {
      LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
    }
    return file;
  }

  @Test
  void aTinyStudyRunsToItsTablesAndGoesOnFromWhatIsThere() throws IOException {
    Path prompts = Files.writeString(folder.resolve("prompts.txt"), "red heart\n\nfox\n");
    Path study = folder.resolve("study");
    String[] args = {
      "--run",
      study.toString(),
      "--prompts",
      prompts.toString(),
      "--images",
      "1",
      "--lora",
      lora().toString()
    };

    assertThat(run(args)).as(printed.toString()).isZero();

    assertThat(printed.toString())
        .contains("Nothing is left to be paid for")
        .contains("| local before |", "| local after, rewritten |", "| api |")
        .contains("What rewriting the prompts does to each source")
        .contains("Comparisons without a result: 0");
    assertThat(Files.readString(study.resolve("result.md"))).contains("# Generators compared");
    String csv = Files.readString(study.resolve("result.csv"));
    assertThat(csv)
        .contains("win rate,\"local before\",\"local after\",0.5000,0.5000,0.5000,2")
        .contains("effect of rewriting,\"api\",");
    assertThat(Image.read(study.resolve("images.png")).width()).isGreaterThan(6 * 128);
    Files.delete(study.resolve("images/api/000-00.png"));
    byte[] kept = Files.readAllBytes(study.resolve("images/api/001-00.png"));

    assertThat(run(args)).isZero();

    assertThat(study.resolve("images/api/000-00.png")).exists();
    assertThat(study.resolve("images/api/001-00.png")).hasBinaryContent(kept);
  }

  @Test
  void wrongOptionsAreRefusedBeforeAnythingIsDone() {
    assertThat(run("--judge", "me")).isEqualTo(2);
    assertThat(printed.toString()).contains("--judge must be glyphs or chatgpt");
    assertThat(run("--model", "x")).isEqualTo(2);
    assertThat(printed.toString()).contains("--model needs --lora");
    assertThat(run("--help")).isZero();
    assertThat(printed.toString()).contains("--image-model", "--budget", "--yes");
  }

  @Test
  void whatIsPaidForIsSaidAndAskedForBeforehand() throws IOException {
    Path prompts = Files.writeString(folder.resolve("prompts.txt"), "red heart\nfox\n");
    Path study = folder.resolve("study");

    int code =
        run(
            "--run",
            study.toString(),
            "--prompts",
            prompts.toString(),
            "--images",
            "2",
            "--image-model",
            "gpt-image-1",
            "--image-price",
            "0.01",
            "--judge",
            "chatgpt",
            "--price",
            "0.40,1.60",
            "--base-url",
            "http://localhost:9/v1");

    assertThat(code).isEqualTo(2);
    assertThat(printed.toString())
        .contains("2 prompts rewritten by gpt-4.1-mini: up to 2 calls")
        .contains("8 images by gpt-image-1: up to 8 calls", "up to 0.08 USD")
        .contains("60 pairs judged by gpt-4.1-mini: up to 120 calls")
        .contains("there is nobody to confirm the cost: add --yes to accept it");
    assertThat(study.resolve("images")).doesNotExist();
  }
}
