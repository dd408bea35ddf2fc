package org.tastemaker.optim.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.rows.ModelRecipe;

/** A tiny model in a folder, sampled alike everywhere. */
final class TinyRuns {
  private TinyRuns() {}

  static ModelRecipe recipe(Path folder) {
    Path model = folder.resolve("model");
    if (!Files.exists(model)) {
      try (LatentDiffusion tiny = TinyModel.create(Seed.of(1))) {
        tiny.save(model);
      }
    }
    return ModelRecipe.of(model, TinyRuns::view);
  }

  private static LatentDiffusion view(LatentDiffusion model) {
    return model.with(SamplingOptions.ddpo().withSteps(3).withGuidanceScale(3).withBatchSize(4));
  }
}
