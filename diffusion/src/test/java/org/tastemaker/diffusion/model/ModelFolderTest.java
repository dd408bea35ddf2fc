package org.tastemaker.diffusion.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TorchBytes;

/** Which of the files in a model's folder is read. */
class ModelFolderTest {
  private static final String NAME = "diffusion_pytorch_model";

  @TempDir Path folder;

  private final UNet2DConditionModel usual =
      UNet2DConditionModel.random(TestModels.unet(false), Seed.of(1));
  private final UNet2DConditionModel other =
      UNet2DConditionModel.random(TestModels.unet(false), Seed.of(2));

  @BeforeEach
  void writeConfiguration() {
    TestModels.unet(false).write(folder.resolve("config.json"));
  }

  @AfterEach
  void close() {
    usual.close();
    other.close();
  }

  /** Writes a model's weights under another name, as PyTorch does if it ends so. */
  private void put(UNet2DConditionModel model, String name) throws IOException {
    Path source = folder.resolve("source");
    model.save(source);
    Path weights = source.resolve(NAME + ".safetensors");
    if (name.endsWith(".bin")) {
      TorchBytes.convert(weights, folder.resolve(name), "");
    } else {
      Files.copy(weights, folder.resolve(name));
    }
  }

  private long read(String variant) {
    assertThat(UNet2DConditionModel.check(folder, variant)).isEqualTo(usual.config());
    try (UNet2DConditionModel model = UNet2DConditionModel.load(folder, variant)) {
      return model.parameters().checksum();
    }
  }

  @ParameterizedTest
  @CsvSource({
    // what the usual one is, what else there is
    ".safetensors, .bin",
    ".safetensors, .fp16.safetensors",
    ".safetensors, .non_ema.safetensors",
    ".bin, .fp16.safetensors",
    ".fp16.safetensors, .non_ema.safetensors",
    ".fp16.bin, .non_ema.bin"
  })
  void theUsualWeightsAreReadUnlessAVariantIsAskedFor(String first, String second)
      throws IOException {
    put(usual, NAME + first);
    put(other, NAME + second);
    assertThat(read("")).isEqualTo(usual.parameters().checksum());
  }

  @ParameterizedTest
  @CsvSource({
    "fp16, .fp16.safetensors",
    "non_ema, .non_ema.safetensors",
    "non_ema, .non_ema.bin",
    "bf16, .bf16.safetensors"
  })
  void aVariantIsReadWhereItIsAskedForOrAlone(String variant, String ending) throws IOException {
    put(other, NAME + ending);
    assertThat(read("")).isEqualTo(other.parameters().checksum());
    put(usual, NAME + ".safetensors");
    assertThat(read(variant)).isEqualTo(other.parameters().checksum());
    // As of a vae/ without it, where the unet/ has one.
    assertThat(read("another")).isEqualTo(usual.parameters().checksum());
  }

  @ParameterizedTest
  @CsvSource({
    "'', safetensors, safetensors.index",
    "'', bin, bin.index",
    "fp16, safetensors, safetensors.index.fp16",
    "fp16, bin, bin.index.fp16"
  })
  void shardsAreReadByTheirIndex(String variant, String ending, String index) throws IOException {
    usual.save(folder.resolve("source"));
    String dot = variant.isEmpty() ? "" : "." + variant;
    SafetensorsWriter[] shards = {new SafetensorsWriter(), new SafetensorsWriter()};
    Map<String, Object> map = new LinkedHashMap<>();
    try (SafetensorsFile file =
        SafetensorsFile.open(folder.resolve("source").resolve(NAME + ".safetensors"))) {
      int number = 0;
      for (String name : file.names()) {
        int shard = number++ % 2;
        shards[shard].add(name, file.array(name, DataType.FLOAT), DType.F32);
        map.put(name, "%s%s-0000%s-of-00002.%s".formatted(NAME, dot, shard + 1, ending));
      }
    }
    for (int i = 0; i < 2; i++) {
      Path shard = folder.resolve("shard.safetensors");
      shards[i].write(shard);
      Path target = folder.resolve("%s%s-0000%s-of-00002.%s".formatted(NAME, dot, i + 1, ending));
      if (ending.equals("bin")) {
        TorchBytes.convert(shard, target, "");
      } else {
        Files.copy(shard, target);
      }
    }
    Files.writeString(
        folder.resolve(NAME + "." + index + ".json"), Json.write(Map.of("weight_map", map)));
    assertThat(read(variant)).isEqualTo(usual.parameters().checksum());
  }

  @Test
  void aTextEncoderIsReadFromAFileOfPyTorch() throws IOException {
    Path safe = folder.resolve("safe");
    Path pickled = folder.resolve("pickled");
    Files.createDirectory(pickled);
    try (ClipTextModel model =
        ClipTextModel.random(TestModels.clip(ClipTextConfig.Activation.QUICK_GELU), Seed.of(3))) {
      model.save(safe);
      Files.copy(safe.resolve("config.json"), pickled.resolve("config.json"));
      TorchBytes.convert(
          safe.resolve("model.safetensors"), pickled.resolve("pytorch_model.bin"), "");
      try (ClipTextModel read = ClipTextModel.load(pickled)) {
        assertThat(read.parameters().checksum()).isEqualTo(model.parameters().checksum());
      }
    }
  }

  @Test
  void whatDoesNotFitIsNamedAsItStandsInTheFile() throws IOException {
    try (ClipTextModel model =
        ClipTextModel.random(TestModels.clip(ClipTextConfig.Activation.QUICK_GELU), Seed.of(3))) {
      model.save(folder.resolve("text"));
    }
    Path whole = folder.resolve("text/model.safetensors");
    SafetensorsWriter part = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(whole)) {
      for (String name : file.names()) {
        if (!name.endsWith("final_layer_norm.bias")) {
          // As older versions of transformers wrote them.
          part.add(
              name.substring("text_model.".length()), file.array(name, DataType.FLOAT), DType.F32);
        }
      }
    }
    part.add("odd.weight", new float[] {1}, DType.F32, 1).write(whole);
    assertThatThrownBy(() -> ClipTextModel.check(folder.resolve("text")))
        .isInstanceOf(WeightsMismatchException.class)
        .hasMessageContaining("1 missing: final_layer_norm.bias.")
        .hasMessageContaining("1 not in the network: odd.weight.");
  }

  @Test
  void aVariantIsAWord() {
    assertThatThrownBy(() -> UNet2DConditionModel.load(folder, "../x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a variant is a word, such as fp16 or non_ema, but was \"../x\"");
  }
}
