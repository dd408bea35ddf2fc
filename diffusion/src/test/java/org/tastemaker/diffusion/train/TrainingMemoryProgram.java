package org.tastemaker.diffusion.train;

import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.testing.MemoryGrowth;

/**
 * Trains the tiny denoiser and its text encoder, and prints by how many bytes resident memory has
 * grown after a warm-up. A program of its own, because in the tests' process the Java heap grows
 * and shrinks by more than what is looked for.
 */
final class TrainingMemoryProgram {
  private static final int WARM_UP = 100;
  private static final int STEPS = 500;

  private TrainingMemoryProgram() {}

  public static void main(String[] arguments) {
    MemoryGrowth growth = MemoryGrowth.over(WARM_UP, STEPS);
    RunListener listener =
        event -> {
          if (event instanceof RunEvent.Progress progress && progress.done() > 0) {
            growth.called();
          }
        };
    try (UNet2DConditionModel unet = TinyModels.unet(Seed.of(1));
        ClipTextModel text = TinyModels.textEncoder(Seed.of(2))) {
      new DenoisingTrainer(
              TinyModels.models(unet, text)
                  .withTrainedUnet(TrainedPart.everything())
                  .withTrainedTextEncoder(TrainedPart.everything()),
              DenoisingTrainer.Options.defaults(WARM_UP + STEPS),
              Seed.of(3))
          .run(TinyModels.latents(4, 8), Checkpointing.none(), listener, new Cancellation());
    }
    growth.print("");
  }
}
