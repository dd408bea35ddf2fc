package org.tastemaker.diffusion.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.diffusion.lora.LoraFixtures.SEED;
import static org.tastemaker.diffusion.lora.LoraFixtures.everywhere;
import static org.tastemaker.diffusion.lora.LoraFixtures.golden;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.weights.SafetensorsFile;

class LoraDiffusersKeysTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"unet_tiny", "unet_sd1_small"})
  void diffusersFindsEveryLayerOfTheUnet(String golden) {
    try (UNet2DConditionModel unet = UNet2DConditionModel.load(golden(golden));
        Lora lora = Lora.create("a", LoraNetwork.UNET, unet.parameters(), everywhere(), SEED)) {
      assertThat(converted(lora)).isEqualTo(expected("unet.", unet.parameters()));
    }
  }

  @Test
  void diffusersFindsEveryLayerOfTheTextEncoder() {
    try (ClipTextModel text = ClipTextModel.load(golden("clip_text_tiny"));
        Lora lora =
            Lora.create("a", LoraNetwork.TEXT_ENCODER, text.parameters(), everywhere(), SEED)) {
      assertThat(converted(lora)).isEqualTo(expected("text_encoder.", text.parameters()));
    }
  }

  @Test
  void diffusersFindsEveryLayerOfXlInKohyasFile() {
    LoraFile.Options options = LoraFile.Options.kohya().withBaseModel("sdxl_base_v1-0");
    try (Xl xl = new Xl()) {
      LoraFile.write(path(), xl.loras, options);
      assertThat(new TreeSet<>(DiffusersKeys.peft(names(path())))).isEqualTo(xl.expected());
      assertThat(names(path()))
          .contains(
              "lora_unet_label_emb_0_2.lora_down.weight",
              "lora_te1_text_model_encoder_layers_0_mlp_fc1.alpha",
              "lora_te2_text_projection.lora_up.weight");
    }
  }

  @Test
  void aSecondTextEncoderIsOfXl() {
    try (Xl xl = new Xl()) {
      assertThatThrownBy(() -> LoraFile.write(path(), xl.loras, LoraFile.Options.kohya()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("baseModel is \"sd_v1\", but there is a LoRA of a second text")
          .hasMessageContaining("withBaseModel(\"sdxl_base_v1-0\")");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void diffusersFindsEveryLayerOfXlInItsOwnFile(boolean textModel) {
    try (Xl xl = new Xl()) {
      LoraFile.write(path(), xl.loras, LoraFile.Options.diffusers().withTextModel(textModel));
      Set<String> found = new TreeSet<>();
      for (LoraNetwork network : LoraNetwork.values()) {
        DiffusersKeys.own(names(path()), network.prefix())
            .forEach(key -> found.add(network.prefix() + "." + key));
      }
      Set<String> expected = new TreeSet<>();
      xl.expected()
          .forEach(
              key ->
                  expected.add(
                      textModel ? key : key.replace("text_encoder.text_model.", "text_encoder.")));
      assertThat(found).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void peftFindsEveryLayerInItsFolder(boolean textModel) {
    try (Xl xl = new Xl()) {
      LoraFile.write(folder, xl.loras, LoraFile.Options.peftFolder().withTextModel(textModel));
      for (Lora lora : xl.loras) {
        Path own = folder.resolve(lora.network().prefix());
        Set<String> modules = // of transformers and diffusers, with every norm
            Objects.requireNonNull(xl.networks.get(lora.network())).specs().keySet().stream()
                .map(name -> name.replaceFirst("\\.(weight|bias)$", ""))
                .map(
                    name ->
                        textModel || lora.network() == LoraNetwork.TEXT_ENCODER_2
                            ? name
                            : name.replaceFirst("^text_model\\.", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        List<String> targets =
            Json.readObject(own.resolve("adapter_config.json")).texts("target_modules");
        Set<String> keys = new TreeSet<>();
        for (String module : modules) { // check_target_module_exists
          if (targets.stream().anyMatch(t -> module.equals(t) || module.endsWith("." + t))) {
            keys.add("base_model.model." + module + ".lora_A.weight");
            keys.add("base_model.model." + module + ".lora_B.weight");
          }
        }
        assertThat(names(own.resolve("adapter_model.safetensors"))).isEqualTo(keys);
      }
    }
  }

  /** LoRAs of all layers of the three networks of Stable Diffusion XL. */
  private static final class Xl implements AutoCloseable {
    private final Map<LoraNetwork, Parameters> networks =
        ImmutableMap.of(
            LoraNetwork.UNET, NamedNetworks.unet(2, 0, 1, 2),
            LoraNetwork.TEXT_ENCODER, NamedNetworks.textEncoder(2),
            LoraNetwork.TEXT_ENCODER_2, NamedNetworks.secondTextEncoder(2));
    private final List<Lora> loras =
        networks.entrySet().stream()
            .map(entry -> Lora.create("a", entry.getKey(), entry.getValue(), everywhere(), SEED))
            .toList();

    Set<String> expected() {
      Set<String> keys = new TreeSet<>();
      networks.forEach(
          (network, parameters) ->
              keys.addAll(LoraDiffusersKeysTest.expected(network.prefix() + ".", parameters)));
      return keys;
    }

    @Override
    public void close() {
      loras.forEach(Lora::close);
      networks.values().forEach(Parameters::close);
    }
  }

  private Path path() {
    return folder.resolve("lora.safetensors");
  }

  private static Set<String> names(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return new TreeSet<>(file.names());
    }
  }

  private Set<String> converted(Lora lora) {
    Path path = folder.resolve("lora.safetensors");
    LoraFile.write(path, List.of(lora), LoraFile.Options.kohya());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return new TreeSet<>(DiffusersKeys.peft(file.names()));
    }
  }

  /** Two keys for every linear layer and every convolution that the network has. */
  private static Set<String> expected(String prefix, Parameters parameters) {
    Set<String> keys = new TreeSet<>();
    for (ParameterSpec spec : parameters.specs().values()) {
      if (spec.kind() == Kind.LINEAR || spec.kind() == Kind.CONV) {
        String path = spec.name().replaceFirst("\\.weight$", "");
        keys.add(prefix + path + ".lora_A.weight");
        keys.add(prefix + path + ".lora_B.weight");
      }
    }
    return keys;
  }
}
