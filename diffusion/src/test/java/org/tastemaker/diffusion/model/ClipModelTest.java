package org.tastemaker.diffusion.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.CapturingEngine;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

class ClipModelTest {
  /** Heads of 3 numbers and 2 patches a side: nothing is of the same size by chance. */
  private static ClipVisionConfig vision(Activation activation) {
    return new ClipVisionConfig(6, 10, 2, 2, 8, 4, activation, 1e-5, 5);
  }

  private static ClipConfig config() {
    return ClipConfig.of(TestModels.clip(Activation.GELU), vision(Activation.GELU));
  }

  private static float[] embeds(ClipVisionModel vision, INDArray pixels) {
    return Objects.requireNonNull(
            vision
                .function((int) pixels.size(0), FunctionOptions.inference())
                .forward(Map.of(ClipVisionModel.PIXEL_VALUES, pixels))
                .get(ClipVisionModel.IMAGE_EMBEDS))
        .data()
        .asFloat();
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void gradientsOfTheImageTowerAreRight(Activation activation) {
    Set<String> trained =
        Set.of(
            "vision_model.embeddings.class_embedding",
            "vision_model.embeddings.patch_embedding.weight",
            "vision_model.embeddings.position_embedding.weight",
            "vision_model.pre_layrnorm.weight",
            "vision_model.encoder.layers.0.self_attn.q_proj.weight",
            "vision_model.encoder.layers.1.mlp.fc2.bias",
            "vision_model.post_layernorm.bias",
            "visual_projection.weight");
    CapturingEngine engine = new CapturingEngine();
    FunctionOptions options =
        FunctionOptions.inference()
            .withTrainable(trained::contains)
            .withInputGradients(Set.of(ClipVisionModel.PIXEL_VALUES))
            .withEngine(engine);
    try (ClipVisionModel tower =
            ClipVisionModel.random(vision(activation), Seed.of(4), DataType.DOUBLE);
        INDArray pixels = TestModels.random(DataType.DOUBLE, 5, 2, 3, 8, 8)) {
      GraphFunction function = tower.function(2, options);
      // The bound is explained there.
      assertThat(
              GradientCheck.errors(
                  function, engine.graph(), Map.of(ClipVisionModel.PIXEL_VALUES, pixels)))
          .hasSize(trained.size() + 1)
          .allSatisfy((leaf, error) -> assertThat(error).as(leaf).isLessThan(GradientCheck.BOUND));
    }
  }

  @Test
  void imageDoesNotDependOnTheOthersOfItsBatch() {
    try (ClipVisionModel tower = ClipVisionModel.random(vision(Activation.GELU), Seed.of(1));
        INDArray two = TestModels.random(DataType.FLOAT, 5, 2, 3, 8, 8);
        INDArray one = TestModels.random(DataType.FLOAT, 5, 1, 3, 8, 8)) {
      float[] together = embeds(tower, two);
      float[] alone = embeds(tower, one);
      for (int i = 0; i < alone.length; i++) {
        assertThat(together[i]).isCloseTo(alone[i], within(1e-6f)); // other sizes of products
      }
    }
  }

  @Test
  void patchesInAnotherOrderAreAnotherImage() {
    try (ClipVisionModel tower = ClipVisionModel.random(vision(Activation.GELU), Seed.of(1));
        INDArray image = TestModels.random(DataType.FLOAT, 5, 1, 3, 8, 8);
        INDArray mirrored = image.dup()) {
      for (int c = 0; c < 3; c++) {
        for (int y = 0; y < 8; y++) {
          for (int x = 0; x < 8; x++) { // the halves change places
            mirrored.putScalar(new int[] {0, c, y, x}, image.getFloat(0, c, y, (x + 4) % 8));
          }
        }
      }
      float[] before = embeds(tower, image);
      assertThat(embeds(tower, mirrored)).isNotEqualTo(before);
      tower.parameters().get("vision_model.embeddings.position_embedding.weight").assign(0);
      float[] unplaced = embeds(tower, image);
      float[] unplacedMirrored = embeds(tower, mirrored);
      for (int i = 0; i < unplaced.length; i++) { // without positions a set of patches
        assertThat(unplacedMirrored[i]).isCloseTo(unplaced[i], within(1e-6f));
      }
    }
  }

  @Test
  void savedModelIsTheModel(@TempDir Path folder) {
    try (ClipModel clip = ClipModel.random(config(), Seed.of(4))) {
      clip.save(folder);
      try (ClipModel copy = ClipModel.load(folder)) {
        assertThat(copy.config()).isEqualTo(clip.config());
        assertThat(copy.parameters().arrays()).isEqualTo(clip.parameters().arrays());
      }
    }
  }

  @Test
  void filesHaveTheShapesOfTransformers(@TempDir Path folder) {
    try (ClipModel clip = ClipModel.random(config(), Seed.of(4))) {
      clip.save(folder, DType.F16);
    }
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      assertThat(file.shape("logit_scale").toArray()).isEmpty();
      assertThat(file.shape("vision_model.embeddings.class_embedding").toArray())
          .containsExactly(6);
      assertThat(file.shape("vision_model.embeddings.patch_embedding.weight").toArray())
          .containsExactly(6, 3, 4, 4);
      assertThat(file.shape("visual_projection.weight").toArray()).containsExactly(5, 6);
      assertThat(file.shape("text_projection.weight").toArray()).containsExactly(5, 8);
    }
  }

  @Test
  void towerAloneIsTheTowerOfTheModel(@TempDir Path folder) {
    try (ClipModel clip = ClipModel.random(config(), Seed.of(4));
        INDArray pixels = TestModels.random(DataType.FLOAT, 5, 1, 3, 8, 8)) {
      clip.vision().save(folder, DType.F32);
      try (ClipVisionModel alone = ClipVisionModel.load(folder)) {
        assertThat(embeds(alone, pixels)).isEqualTo(embeds(clip.vision(), pixels));
      }
    }
  }

  @Test
  void olderFilesWithPositionIdsAndSettingsTwiceAreRead(@TempDir Path folder) throws IOException {
    try (ClipModel clip = ClipModel.random(config(), Seed.of(4))) {
      clip.save(folder);
      SafetensorsWriter writer = new SafetensorsWriter();
      clip.parameters().addTo(writer, DType.F32);
      writer.add("text_model.embeddings.position_ids", new float[5], DType.F32, 1, 5);
      writer.add("vision_model.embeddings.position_ids", new float[5], DType.F32, 1, 5);
      writer.write(folder.resolve("model.safetensors"));
      Path file = folder.resolve("config.json");
      String json = Files.readString(file);
      // As in published files, where the second object is the one that counts.
      Files.writeString(
          file,
          json.replace("\"text_config\"", "\"text_config_dict\"")
              .replaceFirst("\\{", "{\"text_config\": {\"hidden_size\": 999},"));
      try (ClipModel copy = ClipModel.load(folder)) {
        assertThat(copy.config()).isEqualTo(clip.config());
        assertThat(copy.parameters().arrays()).isEqualTo(clip.parameters().arrays());
      }
    }
  }

  @Test
  void tensorOfNoParameterIsRefusedByName(@TempDir Path folder) {
    try (ClipModel clip = ClipModel.random(config(), Seed.of(4))) {
      clip.save(folder);
      SafetensorsWriter writer = new SafetensorsWriter();
      clip.parameters().addTo(writer, DType.F32);
      writer.add("vision_model.head.weight", new float[5], DType.F32, 5);
      writer.write(folder.resolve("model.safetensors"));
    }
    assertThatThrownBy(() -> ClipModel.load(folder))
        .isInstanceOf(WeightsMismatchException.class)
        .hasMessageContaining("not in the network")
        .hasMessageContaining("vision_model.head.weight");
  }

  @Test
  void settingThatIsNotUnderstoodIsRefusedWithItsPlace(@TempDir Path folder) throws IOException {
    config().write(folder.resolve("config.json"));
    Path file = folder.resolve("config.json");
    Files.writeString(
        file, Files.readString(file).replaceFirst("\"patch_size\"", "\"rope\": 1, \"patch_size\""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClipConfig.read(file))
        .withMessageContaining("vision_config")
        .withMessageContaining("rope");
  }

  @Test
  void towersWithoutACommonProjectionAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new ClipConfig(TestModels.clip(Activation.GELU), vision(Activation.GELU), 5))
        .withMessageContaining("the text tower has none")
        .withMessageContaining("withProjection");
  }

  @Test
  void imageThatPatchesDoNotDivideIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClipVisionConfig(6, 10, 2, 2, 9, 4, Activation.GELU, 1e-5, 5))
        .withMessageContaining("image_size");
  }

  @Test
  void logitScaleBeginsAsInThePaper() {
    try (ClipModel clip = ClipModel.random(config(), Seed.of(4))) {
      assertThat(clip.logitScale().getDouble(0)).isCloseTo(Math.log(1 / 0.07), within(1e-7));
      assertThat(List.copyOf(clip.parameters().arrays().keySet()))
          .isEqualTo(ClipModel.names(clip.config()));
    }
  }
}
