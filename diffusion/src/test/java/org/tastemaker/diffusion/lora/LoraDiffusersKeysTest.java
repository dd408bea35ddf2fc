package org.tastemaker.diffusion.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tastemaker.diffusion.lora.LoraFixtures.SEED;
import static org.tastemaker.diffusion.lora.LoraFixtures.everywhere;
import static org.tastemaker.diffusion.lora.LoraFixtures.golden;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
