package org.tastemaker.diffusion.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.CapturingEngine;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.testing.Goldens;

class ClipTextModelTest {
  private static final int[][] IDS = {{9, 3, 4, 10, 10}};

  static List<Path> cases() {
    return Goldens.cases("clip_text_");
  }

  private static ClipTextModel model() {
    return ClipTextModel.random(TestModels.clip(Activation.QUICK_GELU), Seed.of(4));
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void gradientsOfTheWholeNetworkAreRight(Activation activation) {
    Set<String> trained =
        Set.of(
            "text_model.embeddings.token_embedding.weight",
            "text_model.embeddings.position_embedding.weight",
            "text_model.encoder.layers.0.self_attn.k_proj.weight",
            "text_model.encoder.layers.1.mlp.fc1.weight",
            "text_model.final_layer_norm.bias");
    CapturingEngine engine = new CapturingEngine();
    FunctionOptions options =
        FunctionOptions.inference().withTrainable(trained::contains).withEngine(engine);
    try (ClipTextModel clip =
            ClipTextModel.random(TestModels.clip(activation), Seed.of(4), DataType.DOUBLE);
        INDArray ids = Nd4j.createFromArray(new int[][] {{9, 3, 4, 10}, {9, 10, 10, 10}})) {
      GraphFunction function = clip.function(2, 4, 0, options);
      // The bound is explained there.
      assertThat(
              GradientCheck.errors(function, engine.graph(), Map.of(ClipTextModel.INPUT_IDS, ids)))
          .hasSize(trained.size())
          .allSatisfy((leaf, error) -> assertThat(error).as(leaf).isLessThan(GradientCheck.BOUND));
    }
  }

  @Test
  void laterTokensDoNotChangeEarlierOnes() {
    try (ClipTextModel clip = model();
        INDArray a = clip.encode(new int[][] {{9, 3, 4, 10, 10}}, 0).dup();
        INDArray b = clip.encode(new int[][] {{9, 3, 4, 7, 2}}, 0).dup()) {
      for (int token = 0; token < 5; token++) {
        double difference = 0;
        for (int j = 0; j < 8; j++) {
          difference += Math.abs(a.getDouble(0, token, j) - b.getDouble(0, token, j));
        }
        if (token < 3) {
          assertThat(difference).isZero();
        } else {
          assertThat(difference).isPositive();
        }
      }
    }
  }

  @Test
  void clipSkipLeavesTheLastLayersOut() {
    try (ClipTextModel clip = model()) {
      // With its last layer's two branches set to zero, the whole model is the one without it.
      float[] skipped = clip.encode(IDS, 1).data().asFloat();
      for (String layer : List.of("self_attn.out_proj", "mlp.fc2")) {
        clip.parameters().get("text_model.encoder.layers.1." + layer + ".weight").assign(0);
        clip.parameters().get("text_model.encoder.layers.1." + layer + ".bias").assign(0);
      }
      assertThat(clip.encode(IDS, 0).data().asFloat()).isEqualTo(skipped);
    }
  }

  @Test
  void endTokenIsTheGreatestIdWhenTheConfigurationIsTheOldOne() {
    ClipTextConfig old =
        new ClipTextConfig(11, 8, 12, 1, 2, 5, Activation.QUICK_GELU, 1e-5, 0, 2, 1, 8);
    try (ClipTextModel clip = ClipTextModel.random(old, Seed.of(4))) {
      assertThat(clip.endOf(IDS[0])).hasValue(3);
    }
  }

  @Test
  void endTokenIsTheFirstOfTheConfigurationsIfThereIsOne() {
    try (ClipTextModel clip = model()) {
      assertThat(clip.endOf(IDS[0])).hasValue(3);
      assertThat(clip.endOf(new int[] {9, 3, 4, 5, 6})).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void parametersAreReadWithoutTheirPrefixAndWithOldBuffers(Path golden, @TempDir Path folder)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(golden.resolve("model.safetensors"))) {
      for (String name : file.names()) {
        writer.add(
            name.replaceFirst("^text_model\\.", ""),
            file.floats(name),
            DType.F32,
            file.info(name).shape().toArray());
      }
    }
    writer.add("embeddings.position_ids", new float[5], DType.F32, 1, 5);
    writer.write(folder.resolve("model.safetensors"));
    Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
    try (ClipTextModel expected = ClipTextModel.load(golden);
        ClipTextModel actual = ClipTextModel.load(folder)) {
      assertThat(actual.parameters().arrays()).isEqualTo(expected.parameters().arrays());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void savedModelIsTheModel(Path golden, @TempDir Path folder) {
    try (ClipTextModel clip = ClipTextModel.load(golden)) {
      clip.save(folder);
      try (ClipTextModel copy = ClipTextModel.load(folder)) {
        assertThat(copy.config()).isEqualTo(clip.config());
        assertThat(copy.parameters().arrays()).isEqualTo(clip.parameters().arrays());
      }
    }
  }

  @Test
  void idOutsideTheVocabularyIsRefused() {
    try (ClipTextModel clip = model()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> clip.encode(new int[][] {{9, 11, 10}}, 0))
          .withMessage("input \"input_ids\": ids must be in [0, 11), but are between 9 and 11");
    }
  }

  @Test
  void idOutsideTheVocabularyIsRefusedByTheFunctionToo() {
    try (ClipTextModel clip = model();
        INDArray ids = Nd4j.createFromArray(new int[][] {{9, -1, 10}})) {
      GraphFunction function = clip.function(1, 3, 0, FunctionOptions.inference());
      assertThatIllegalArgumentException()
          .isThrownBy(() -> function.forward(Map.of(ClipTextModel.INPUT_IDS, ids)))
          .withMessage("input \"input_ids\": ids must be in [0, 11), but are between -1 and 10");
    }
  }

  @Test
  void textsOfDifferentLengthsAreRefused() {
    try (ClipTextModel clip = model()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> clip.encode(new int[][] {{9, 10}, {9, 3, 10}}, 0))
          .withMessageContaining("all texts must have the same length");
    }
  }

  @Test
  void textLongerThanThePositionsIsRefused() {
    try (ClipTextModel clip = model()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> clip.function(1, 6, 0, FunctionOptions.inference()))
          .withMessageContaining("length in [1, 5], but they are 1 and 6");
    }
  }

  @Test
  void skippingEveryLayerIsRefused() {
    try (ClipTextModel clip = model()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> clip.function(1, 5, 2, FunctionOptions.inference()))
          .withMessage("clipSkip must be in [0, 2), but was 2");
    }
  }

  @Test
  void unknownActivationIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ClipTextConfig.read(ConfigReader.of("config.json", "{\"hidden_act\": \"relu\"}")))
        .withMessage("hidden_act = \"relu\" is not supported; supported are quick_gelu and gelu");
  }
}
