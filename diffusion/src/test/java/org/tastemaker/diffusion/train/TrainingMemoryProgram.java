package org.tastemaker.diffusion.train;

import org.bytedeco.javacpp.Pointer;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

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
    long[] resident = new long[2];
    RunListener listener =
        event -> {
          if (event instanceof RunEvent.Progress progress && progress.done() == WARM_UP) {
            resident[0] = Pointer.physicalBytes();
          } else if (event instanceof RunEvent.Progress progress
              && progress.done() == WARM_UP + STEPS) {
            resident[1] = Pointer.physicalBytes();
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
    System.out.println("grown " + (resident[1] - resident[0]));
  }
}
