package org.tastemaker.benchmarks;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraContents;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.weights.SafetensorsFile;

class LoraBundleTest {
  @TempDir private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    LoraBundle.write(folder, Seed.of(1));
  }

  @Test
  void everyFileGivesTheWeightsThatAreBesideIt() {
    List<JsonObject> cases = Json.readObject(folder.resolve("bundle.json")).objects("cases");
    assertThat(cases).hasSize(3 * 5);
    for (String model : List.of("sd", "xl")) {
      Path own = folder.resolve(model);
      try (UNet2DConditionModel unet = UNet2DConditionModel.load(own.resolve("unet"));
          ClipTextModel first = ClipTextModel.load(own.resolve("text_encoder"));
          ClipTextModel second =
              ClipTextModel.load(
                  own.resolve(model.equals("xl") ? "text_encoder_2" : "text_encoder"))) {
        ImmutableMap.Builder<LoraNetwork, Parameters> networks = ImmutableMap.builder();
        networks.put(LoraNetwork.UNET, unet.parameters());
        networks.put(LoraNetwork.TEXT_ENCODER, first.parameters());
        if (model.equals("xl")) {
          networks.put(LoraNetwork.TEXT_ENCODER_2, second.parameters());
        }
        cases.stream()
            .filter(entry -> entry.text("model").equals(model))
            .forEach(entry -> check(entry, networks.buildOrThrow()));
      }
    }
  }

  private static void check(JsonObject entry, Map<LoraNetwork, Parameters> networks) {
    try (LoraContents contents =
            LoraFile.contents(folder.resolve(entry.text("file")), "read", networks);
        SafetensorsFile merged = SafetensorsFile.open(folder.resolve(entry.text("merged")))) {
      assertThat(contents.loras()).containsOnlyKeys(networks.keySet());
      int weights = 0;
      for (Lora lora : contents.loras().values()) {
        Parameters base = requireNonNull(networks.get(lora.network()));
        lora.mergeInto(base, 1);
        for (String name : merged.names()) {
          String prefix = lora.network().prefix() + ".";
          if (name.startsWith(prefix)) {
            String own = name.substring(prefix.length());
            try (INDArray found = base.torchLayout(own, base.get(own)).dup('c')) {
              assertThat(found.data().asFloat())
                  .as("%s of %s", name, entry)
                  .usingComparatorWithPrecision(2e-6f)
                  .containsExactly(merged.floats(name));
            }
            weights++;
          }
        }
        lora.unmerge();
      }
      assertThat(weights).isEqualTo(merged.names().size()).isPositive();
    }
  }
}
