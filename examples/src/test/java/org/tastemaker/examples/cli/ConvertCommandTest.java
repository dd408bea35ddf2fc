package org.tastemaker.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.inspect.FileType;
import org.tastemaker.diffusion.inspect.ModelFiles;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.cli.Commands.Done;
import org.tastemaker.examples.emoji.BundledModel;

class ConvertCommandTest {
  private final Commands commands = new Commands();

  @TempDir Path folder;

  @Test
  void aLoraGoesThroughEveryDialectUnchanged() {
    Path kohya = folder.resolve("kohya.safetensors");
    Path diffusers = folder.resolve("diffusers.safetensors");
    Path peft = folder.resolve("peft");
    Path back = folder.resolve("new").resolve("back.safetensors");
    TinyLora.write(kohya);
    try (LatentDiffusion model = BundledModel.load()) {
      convert(kohya, diffusers, "diffusers");
      convert(diffusers, peft, "peft");
      convert(peft, back, "kohya");

      Map<String, INDArray> first = read(kohya, model);
      Map<String, INDArray> last = read(back, model);
      assertThat(last.keySet()).isEqualTo(first.keySet());
      first.forEach((name, array) -> assertThat(last.get(name)).as(name).isEqualTo(array));
    }
  }

  private void convert(Path from, Path to, String form) {
    Done done = commands.run("convert", from, to, "--to", form, "--dtype", "f32", "--json");
    assertThat(done.code()).as(done.err()).isZero();
    assertThat(done.json().text("form")).isEqualTo(form);
  }

  /** The weights of a file, detached from its LoRA. */
  private static Map<String, INDArray> read(Path file, LatentDiffusion model) {
    Lora lora =
        Objects.requireNonNull(
            LoraFile.read(file, "read", model.components().loraNetworks()).get(LoraNetwork.UNET));
    try (lora) {
      return lora.parameters().arrays().entrySet().stream()
          .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().dup()));
    }
  }

  @Test
  void theBundledModelIsWrittenAsAFolderThatSamples() {
    Path model = folder.resolve("model");

    Done done = commands.run("convert", "bundled", model, "--to", "folder", "--dtype", "f16");

    assertThat(done.code()).as(done.err()).isZero();
    assertThat(ModelFiles.inspect(model).type()).isEqualTo(FileType.MODEL_FOLDER);
    assertThat(
            commands
                .run("sample", "frog", "-m", model, "--steps", 1, "--out", folder.resolve("out"))
                .code())
        .isZero();
  }

  @Test
  void nothingIsOverwrittenAndFormsMustFit() {
    Path model = folder.resolve("model");
    assertThat(commands.run("convert", "bundled", model, "--to", "folder").code()).isZero();

    Done again = commands.run("convert", "bundled", model, "--to", "folder");
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("exists, and is not overwritten");
    Done wrong = commands.run("convert", model, folder.resolve("x"), "--to", "kohya");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("is a model, which is written --to folder or checkpoint");
    Done missing =
        commands.run("convert", folder.resolve("no"), folder.resolve("x"), "--to", "peft");
    assertThat(missing.code()).isEqualTo(2);
    assertThat(missing.err()).contains("FROM", "no");
    assertThat(commands.run("convert", model, folder.resolve("x")).err()).contains("--to");
  }
}
