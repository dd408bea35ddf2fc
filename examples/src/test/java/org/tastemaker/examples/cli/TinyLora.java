package org.tastemaker.examples.cli;

import java.nio.file.Path;
import java.util.List;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.examples.emoji.BundledModel;

/** A LoRA of the bundled model that changes its images. */
final class TinyLora {
  private TinyLora() {}

  static void write(Path file) {
    try (LatentDiffusion model = BundledModel.load();
        Lora lora =
            Lora.create(
                "mine",
                LoraNetwork.UNET,
                model.components().unet().parameters(),
                Lora.Options.ofRank(2),
                Seed.of(1))) {
      lora.parameters().arrays().values().forEach(array -> array.addi(0.05));
      LoraFile.write(file, List.of(lora), LoraFile.Options.kohya());
    }
  }
}
