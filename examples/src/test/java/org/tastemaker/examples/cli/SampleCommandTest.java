package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.examples.cli.Commands.Done;

class SampleCommandTest {
  private final Commands commands = new Commands();

  @TempDir Path folder;

  private Done sample(Object... more) {
    return into("out", more);
  }

  private Done into(String out, Object... more) {
    List<Object> args = new ArrayList<>(List.of("sample", "--out", folder.resolve(out)));
    args.addAll(List.of(more));
    if (!args.contains("--steps")) {
      args.addAll(List.of("--steps", 2));
    }
    return commands.run(args.toArray());
  }

  @Test
  void anImageIsWrittenForEachPromptAndSeedAndAGridOfAll() {
    Done done = sample("red heart", "frog", "--seed", "1,5", "--json");

    assertThat(done.code()).as(done.err()).isZero();
    JsonObject json = done.json();
    List<JsonObject> images = json.objects("images");
    assertThat(images)
        .extracting(i -> i.text("prompt"))
        .containsExactly("red heart", "red heart", "frog", "frog");
    assertThat(images).extracting(i -> i.integer("seed")).containsExactly(1, 5, 1, 5);
    assertThat(images.get(1).text("file")).endsWith("002-red_heart-5.png");
    assertThat(images)
        .allSatisfy(i -> assertThat(Image.read(Path.of(i.text("file"))).width()).isEqualTo(32));
    assertThat(Path.of(json.text("grid"))).isRegularFile();
    assertThat(done.err()).contains("4 images are in");
  }

  @Test
  void promptsMayBeLinesOfAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("prompts.txt"), "frog\n\n penguin \n");

    assertThat(sample("--prompts", file).out()).contains("2 images are in");
  }

  @Test
  void aLoraActsByItsWeight() throws IOException {
    Path lora = folder.resolve("mine.safetensors");
    TinyLora.write(lora);

    sample("frog");
    into("none", "frog", "--lora", lora + "=0");
    Done done = into("with", "frog", "--lora", lora + "=0.9");

    assertThat(done.code()).as(done.err()).isZero();
    String name = "001-frog-1.png";
    byte[] without = Files.readAllBytes(folder.resolve("out").resolve(name));
    assertThat(folder.resolve("none").resolve(name)).hasBinaryContent(without);
    assertThat(Files.readAllBytes(folder.resolve("with").resolve(name))).isNotEqualTo(without);
  }

  @Test
  void nothingIsOverwrittenUnlessAsked() {
    assertThat(sample("frog").code()).isZero();

    Done again = sample("frog");

    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("001-frog-1.png exists", "--overwrite");
    assertThat(sample("frog", "--overwrite").code()).isZero();
  }

  @Test
  void whatIsNoModelIsRefusedBeforeAnyWork() {
    Done done = sample("frog", "--model", folder.resolve("missing"));

    assertThat(done.code()).isEqualTo(2);
    assertThat(done.err()).contains("--model", "missing");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aFolderOfImagesIsNoModel() {
    sample("frog");

    Done done = into("more", "frog", "--model", folder.resolve("out"));

    assertThat(done.code()).isEqualTo(2);
    assertThat(done.err()).contains("--model").contains("out");
  }

  @Test
  void numbersOutOfTheirRangeAreRefused() {
    assertThat(sample("frog", "--steps", "0").err()).contains("steps must be at least 1");
    assertThat(sample("frog", "--size", "512").err()).contains("--size", "512x768", "'512'");
    assertThat(sample("frog", "--lora", "a=much").err()).contains("FILE=WEIGHT", "'much'");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aStoppedCommandSaysSoByItsExitCode() {
    commands.cancellation.cancel();

    assertThat(sample("frog").code()).isEqualTo(130);
  }
}
