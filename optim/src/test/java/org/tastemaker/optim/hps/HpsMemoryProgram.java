package org.tastemaker.optim.hps;

import java.util.List;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.train.Checkpointing;
import org.tastemaker.diffusion.train.OptimizerOptions;
import org.tastemaker.testing.MemoryGrowth;

/** A hundred steps of a training, after twenty. Prints by how many bytes resident memory grew. */
final class HpsMemoryProgram {
  private HpsMemoryProgram() {}

  public static void main(String[] arguments) {
    MemoryGrowth growth = MemoryGrowth.over(20, 100);
    RunListener called =
        event -> {
          if (event instanceof RunEvent.Metrics) {
            growth.called();
          }
        };
    List<CaptionedImage> images =
        List.of(
            new CaptionedImage(Image.filled(8, 8, 1, 0, 0), "a cat", true),
            new CaptionedImage(Image.filled(8, 8, 0, 0, 1), "a cat", false));
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, Seed.of(2))) {
      new HpsTuning(
              model,
              lora,
              new HpsTuning.Options("two ", 0.1, 2, OptimizerOptions.defaults(120)),
              Seed.of(3))
          .train(images, Checkpointing.none(), called, new Cancellation());
    }
    growth.print("");
  }
}
