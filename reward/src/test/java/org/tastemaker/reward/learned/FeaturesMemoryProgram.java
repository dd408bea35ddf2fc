package org.tastemaker.reward.learned;

import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.UNetActivations;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.testing.MemoryGrowth;

/** Computes features repeatedly, and prints by how many bytes resident memory has grown. */
final class FeaturesMemoryProgram {
  private static final int WARM_UP = 100;
  private static final int CALLS = 400;

  private FeaturesMemoryProgram() {}

  public static void main(String[] arguments) {
    try (LatentDiffusion model = TinyModel.ofReferenceSizes(Seed.of(1))) {
      Features features = UnetFeatures.of(model, "tiny", UNetActivations.Options.defaults());
      List<Prompt> prompts = List.of(Prompt.of("a red cat"), Prompt.of("a blue dog"));
      MemoryGrowth.print(
          WARM_UP,
          CALLS,
          i -> {
            float grey = i / 1000f;
            float[][] rows =
                features.of(
                    prompts,
                    List.of(
                        Image.filled(16, 16, grey, grey, grey),
                        Image.filled(16, 16, 1, grey, grey)));
            if (rows.length != 2) {
              throw new IllegalStateException("there are %d rows".formatted(rows.length));
            }
          });
    }
  }
}
