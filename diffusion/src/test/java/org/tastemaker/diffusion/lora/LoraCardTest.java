package org.tastemaker.diffusion.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tastemaker.diffusion.lora.LoraFixtures.newLora;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.card.ModelCard;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/** A LoRA that says what it is. */
class LoraCardTest {
  private static final LoraFile.Options OPTIONS =
      LoraFile.Options.kohya()
          .describedBy(ModelCard.of("Red emoji").withJudge(Optional.of("gpt-4.1-mini")));

  @TempDir Path folder;

  private void write(Path path, LoraFile.Options options) {
    try (UNet2DConditionModel unet = LoraFixtures.unet();
        Lora lora = newLora("a", unet, Lora.Options.defaults())) {
      LoraFile.write(path, List.of(lora), options);
    }
  }

  private static Map<String, String> header(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return file.metadata();
    }
  }

  @Test
  void theHeaderHasWhatListsShowAndAReadmeIsBesideTheFile() throws IOException {
    Path path = folder.resolve("red.safetensors");
    write(path, OPTIONS);

    assertThat(header(path))
        .containsEntry("modelspec.sai_model_spec", "1.0.0")
        .containsEntry("modelspec.architecture", "stable-diffusion-v1/lora")
        .containsEntry("modelspec.implementation", "diffusers")
        .containsEntry("modelspec.title", "Red emoji")
        .containsEntry("ss_output_name", "red")
        .containsEntry("ss_network_module", "networks.lora")
        .containsEntry("ss_training_comment", "trained with Tastemaker; judge: gpt-4.1-mini");
    assertThat(Files.readString(folder.resolve("README.md")))
        .startsWith("---\n")
        .contains("# Red emoji", "- judge: gpt-4.1-mini");
    assertThat(header(path).toString() + Files.readString(folder.resolve("README.md")))
        .doesNotContain(folder.toString());
  }

  @Test
  void someoneElsesReadmeIsKept() throws IOException {
    Files.writeString(folder.resolve("README.md"), "mine");
    write(folder.resolve("red.safetensors"), OPTIONS);

    assertThat(folder.resolve("README.md")).hasContent("mine");
    assertThat(folder.resolve("red.safetensors.md")).content().contains("# Red emoji");
  }

  @Test
  void aCardOfAnEarlierSaveIsReplaced() throws IOException {
    write(folder.resolve("red.safetensors"), OPTIONS);
    write(folder.resolve("red.safetensors"), OPTIONS.describedBy(ModelCard.of("Redder emoji")));

    assertThat(Files.readString(folder.resolve("README.md")))
        .contains("# Redder emoji")
        .doesNotContain("# Red emoji");
  }

  @Test
  void aFolderOfPeftsHasItsCardWithin() {
    write(folder.resolve("red"), LoraFile.Options.peftFolder().describedBy(ModelCard.of("Red")));

    assertThat(folder.resolve("red/README.md")).content().contains("# Red", "- lora");
    assertThat(folder.resolve("README.md")).doesNotExist();
  }

  @Test
  void withoutACardThereIsNone() {
    Path path = folder.resolve("plain.safetensors");
    write(path, LoraFile.Options.kohya());

    assertThat(header(path)).doesNotContainKeys("modelspec.title", "ss_output_name");
    assertThat(folder.resolve("README.md")).doesNotExist();
  }
}
