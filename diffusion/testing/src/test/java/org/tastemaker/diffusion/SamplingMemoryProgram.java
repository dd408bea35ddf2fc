package org.tastemaker.diffusion;

import java.util.List;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.testing.MemoryGrowth;

/** Samples repeatedly, and prints by how many bytes resident memory grew after a warm-up. */
final class SamplingMemoryProgram {
  private static final int WARM_UP = 100;
  private static final int CALLS = 200;

  private SamplingMemoryProgram() {}

  public static void main(String[] arguments) {
    List<Prompt> prompts = List.of(Prompt.of("a red cat"), Prompt.of("a blue dog"));
    try (LatentDiffusion model = TinyModel.ofReferenceSizes(Seed.of(1))) {
      LatentDiffusion view =
          model.with(
              SamplingOptions.defaults()
                  .withSteps(2)
                  .withHeight(16)
                  .withWidth(16)
                  .withBatchSize(2));
      MemoryGrowth.print(WARM_UP, CALLS, i -> view.generate(prompts, Seed.of(i)));
    }
  }
}
