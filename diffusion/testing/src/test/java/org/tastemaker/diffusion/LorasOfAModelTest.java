package org.tastemaker.diffusion;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraContents;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraMismatchException;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

class LorasOfAModelTest {
  @TempDir Path folder;

  private static Lora everywhere(LoraNetwork network, Parameters base) {
    Lora.Options options = Lora.Options.ofRank(2).withTargets(LoraTargets.matching(".*"));
    return Lora.create("all", network, base, options, Seed.of(1));
  }

  @Test
  void everyModelNamesItsNetworks() {
    try (LatentDiffusion first = TinyModel.create(Seed.of(1));
        LatentDiffusion xl = TinyXl.base(Seed.of(1));
        LatentDiffusion refiner = TinyXl.refiner(Seed.of(1))) {
      assertThat(first.components().loraNetworks())
          .containsOnlyKeys(LoraNetwork.UNET, LoraNetwork.TEXT_ENCODER);
      assertThat(xl.components().loraNetworks()).containsOnlyKeys(LoraNetwork.values());
      assertThat(refiner.components().loraNetworks())
          .containsOnlyKeys(LoraNetwork.UNET, LoraNetwork.TEXT_ENCODER_2);
    }
  }

  @Test
  void aFileOfXlWithNamesOfBothConventionsAdaptsAllItsNetworks() {
    try (LatentDiffusion xl = TinyXl.base(Seed.of(1))) {
      ImmutableMap<LoraNetwork, Parameters> networks = xl.components().loraNetworks();
      List<Lora> loras =
          networks.entrySet().stream()
              .map(entry -> everywhere(entry.getKey(), entry.getValue()))
              .toList();
      Path written = folder.resolve("xl.safetensors");
      LoraFile.write(written, loras, LoraFile.Options.kohya().withBaseModel("sdxl_base_v1-0"));
      Path renamed = folder.resolve("sgm.safetensors");
      int others = rename(written, renamed);
      assertThat(others).isPositive();
      for (Path file : List.of(written, renamed)) {
        try (LoraContents contents = LoraFile.contents(file, "all", networks)) {
          for (Lora lora : loras) {
            assertThat(requireNonNull(contents.loras().get(lora.network())).modules())
                .isEqualTo(lora.modules());
          }
        }
      }
      loras.forEach(Lora::close);
    }
  }

  /** Writes the layers of the middle and of the first block on the way up as kohya's trainer. */
  private static int rename(Path from, Path to) {
    SafetensorsWriter writer = new SafetensorsWriter();
    int renamed = 0;
    List<INDArray> arrays = new ArrayList<>();
    try (SafetensorsFile file = SafetensorsFile.open(from)) {
      for (String name : file.names()) {
        String other =
            name.replaceFirst("_mid_block_attentions_0_", "_middle_block_1_")
                .replaceFirst("_up_blocks_0_attentions_0_", "_output_blocks_0_1_");
        renamed += other.equals(name) ? 0 : 1;
        INDArray array = file.array(name);
        arrays.add(array);
        writer.add(other, array, DType.F32);
      }
    }
    writer.write(to);
    arrays.forEach(INDArray::close);
    return renamed;
  }

  @Test
  void aFileOfXlIsRefusedByAModelWithoutASecondTextEncoder() {
    try (LatentDiffusion xl = TinyXl.base(Seed.of(1));
        LatentDiffusion first = TinyModel.create(Seed.of(1))) {
      Parameters second =
          requireNonNull(xl.components().loraNetworks().get(LoraNetwork.TEXT_ENCODER_2));
      Path file = folder.resolve("te2.safetensors");
      try (Lora lora = everywhere(LoraNetwork.TEXT_ENCODER_2, second)) {
        LoraFile.write(
            file, List.of(lora), LoraFile.Options.kohya().withBaseModel("sdxl_base_v1-0"));
      }
      assertThatThrownBy(() -> LoraFile.read(file, "all", first.components().loraNetworks()))
          .isInstanceOf(LoraMismatchException.class)
          .hasMessageContaining("made for \"sdxl_base_v1-0\"")
          .hasMessageContaining("adapts a second text encoder (Stable Diffusion XL), but only");
    }
  }
}
