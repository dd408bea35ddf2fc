package org.tastemaker.diffusion.checkpoint;

import static java.util.Objects.requireNonNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.testing.Goldens;

/**
 * The projection of a text against transformers and OpenCLIP, whose names and layouts of the same
 * numbers differ.
 */
class TextEmbedsGoldenTest {
  static List<Path> cases() {
    return Goldens.cases("clip_model_");
  }

  private static ClipTextConfig config(JsonObject json) {
    return new ClipTextConfig(
        json.integer("vocab_size"),
        json.integer("hidden_size"),
        json.integer("intermediate_size"),
        json.integer("num_hidden_layers"),
        json.integer("num_attention_heads"),
        json.integer("max_position_embeddings"),
        json.text("hidden_act").equals("gelu") ? Activation.GELU : Activation.QUICK_GELU,
        json.number("layer_norm_eps"),
        json.integer("bos_token_id"),
        json.integer("eos_token_id"),
        json.integer("pad_token_id"),
        json.integer("projection_dim"),
        true);
  }

  private static ClipTextModel load(Path golden, ClipTextConfig config) {
    Path openClip = golden.resolve("open_clip_model.safetensors");
    boolean theirs = Files.exists(openClip);
    TextNames names = theirs ? TextNames.openClip("") : TextNames.transformers("");
    try (SafetensorsFile file =
            SafetensorsFile.open(theirs ? openClip : golden.resolve("model.safetensors"));
        CheckpointPart part =
            new CheckpointPart(file, ClipTextModel.names(config), names::placeOf)) {
      return ClipTextModel.read(config, part);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void textEmbedsAreThoseOfTheReference(Path golden) {
    ClipTextConfig config =
        config(Json.readObject(golden.resolve("config.json")).object("text_config"));
    try (SafetensorsFile io = SafetensorsFile.open(golden.resolve("io.safetensors"));
        ClipTextModel model = load(golden, config);
        INDArray input = io.array("input_ids")) {
      int[][] ids = input.toIntMatrix();
      GraphFunction function =
          model.hiddenStates(ids.length, ids[0].length, 1, FunctionOptions.inference());
      try (INDArray given = Nd4j.createFromArray(ids)) {
        INDArray all = // [B, N, P]
            requireNonNull(
                function
                    .forward(Map.of(ClipTextModel.INPUT_IDS, given))
                    .get(ClipTextModel.TEXT_EMBEDS));
        INDArray embeds = Nd4j.create(ids.length, config.projectionDim());
        for (int b = 0; b < ids.length; b++) {
          int end = model.endOf(ids[b]).orElseThrow();
          double norm = 0;
          for (int p = 0; p < config.projectionDim(); p++) {
            norm += all.getDouble(b, end, p) * all.getDouble(b, end, p);
          }
          for (int p = 0; p < config.projectionDim(); p++) {
            embeds.putScalar(b, p, all.getDouble(b, end, p) / Math.sqrt(norm));
          }
        }
        Goldens.of(golden).check("text_embeds", embeds, Goldens.BOUND);
      }
    }
  }
}
