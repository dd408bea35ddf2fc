package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.tastemaker.diffusion.lora.LoraFixtures.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/**
 * Adapters that PEFT 0.16 and LyCORIS wrote, and the weights that they made of a U-Net's; {@code
 * scripts/lora_goldens.py} runs them.
 */
class LoraGoldenTest {
  @TempDir Path temporary;
  private UNet2DConditionModel unet;

  static List<String> goldens() throws IOException {
    try (Stream<Path> folders = Files.list(golden("lora"))) {
      return folders.map(folder -> folder.getFileName().toString()).sorted().toList();
    }
  }

  @BeforeEach
  void load() {
    unet = LoraFixtures.unet();
  }

  @AfterEach
  void close() {
    unet.close();
  }

  private static Path file(String name) {
    Path folder = golden("lora").resolve(name);
    return name.startsWith("peft") ? folder : folder.resolve("lycoris.safetensors");
  }

  private Lora read(Path path) {
    return requireNonNull(
        LoraFile.read(path, "read", Map.of(LoraNetwork.UNET, unet.parameters()))
            .get(LoraNetwork.UNET));
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void mergedWeightsAreThoseOfTheLibraryThatWroteTheFile(String name) {
    try (Lora lora = read(file(name))) {
      assertMerged(lora, name);
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void andOnceMoreFromWhatIsWrittenOfIt(String name) {
    Path again = temporary.resolve("again");
    LoraFile.Options options =
        name.equals("peft_bias") ? LoraFile.Options.diffusers() : LoraFile.Options.kohya();
    try (Lora lora = read(file(name))) {
      LoraFile.write(again, List.of(lora), options.withDtype(DType.F32));
    }
    try (Lora lora = read(again)) {
      assertMerged(lora, name);
    }
  }

  /** The weights are near 1; each comes of a few products and sums of numbers near 1. */
  private void assertMerged(Lora lora, String name) {
    lora.mergeInto(unet.parameters(), 1);
    Set<String> changed = new HashSet<>();
    lora.modules()
        .values()
        .forEach(
            module -> {
              changed.add(module.weight().name());
              if (module.bias()) {
                changed.add(module.path() + ".bias");
              }
            });
    lora.changes()
        .forEach(change -> change.targets().forEach(target -> changed.add(target.name())));
    try (SafetensorsFile merged =
        SafetensorsFile.open(golden("lora").resolve(name).resolve("merged.safetensors"))) {
      assertThat(changed).isEqualTo(merged.names());
      for (String parameter : merged.names()) {
        INDArray found = unet.parameters().get(parameter);
        try (INDArray expected = merged.array(parameter);
            INDArray actual = unet.parameters().torchLayout(parameter, found).dup('c')) {
          assertThat(LoraFixtures.relativeError(actual, expected)).as(parameter).isLessThan(1e-6);
        }
      }
    }
  }

  /** {@code scripts/lora_golden_2023.py}: a file of PyTorch, as ddpo-pytorch writes it. */
  @Test
  void aFileOfDiffusersOf2023HasTheEffectThatItHadThere() {
    Path folder = golden("lora_2023");
    try (Lora lora = read(folder);
        SafetensorsFile given =
            SafetensorsFile.open(golden("unet_tiny").resolve("io.safetensors"));
        SafetensorsFile result = SafetensorsFile.open(folder.resolve("io.safetensors"));
        INDArray sample = given.array("sample");
        INDArray text = given.array("encoder_hidden_states");
        INDArray steps = given.array("timestep");
        INDArray time = steps.castTo(DataType.FLOAT);
        INDArray without = given.array("out");
        INDArray expected = result.array("out")) {
      Map<String, INDArray> inputs =
          Map.of(
              UNet2DConditionModel.SAMPLE, sample,
              UNet2DConditionModel.TIMESTEP, time,
              UNet2DConditionModel.TEXT, text);
      INDArray out =
          requireNonNull(
              unet.function(2, 16, 16, 7, LoraFixtures.with(lora))
                  .forward(inputs)
                  .get(UNet2DConditionModel.OUT));
      try (INDArray actual = out.dup('c')) {
        assertThat(LoraFixtures.relativeError(actual, expected)).isLessThan(1e-5);
        assertThat(LoraFixtures.relativeError(without, expected)).isGreaterThan(0.01);
      }
    }
  }

  @Test
  void everyKindIsThere() throws IOException {
    assertThat(goldens())
        .contains("peft_lora", "peft_dora", "peft_bias", "peft_loha", "peft_lokr")
        .contains("lycoris_locon", "lycoris_dora", "lycoris_loha", "lycoris_lokr")
        .contains("lycoris_full", "lycoris_norm");
  }
}
