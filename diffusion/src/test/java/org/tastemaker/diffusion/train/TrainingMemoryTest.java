package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.NativeMemory;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

class TrainingMemoryTest {
  private static final int WARM_UP = 100;
  private static final int STEPS = 500;

  @Test
  void fiveHundredStepsLeaveResidentMemoryFlat() {
    long[] resident = new long[2];
    RunListener listener =
        event -> {
          if (event instanceof RunEvent.Progress progress) {
            if (progress.done() == WARM_UP) {
              resident[0] = NativeMemory.resident();
            } else if (progress.done() == WARM_UP + STEPS) {
              resident[1] = NativeMemory.resident();
            }
          }
        };
    try (UNet2DConditionModel unet = TinyModels.unet(Seed.of(1));
        ClipTextModel text = TinyModels.textEncoder(Seed.of(2))) {
      new DenoisingTrainer(
              TinyModels.models(unet, text)
                  .training(TrainedPart.everything(), TrainedPart.everything()),
              new DenoisingTrainer.Options(
                  OptimizerOptions.defaults(WARM_UP + STEPS)
                      .withEma(Optional.of(Ema.Options.defaults())),
                  0.1,
                  0,
                  0),
              Seed.of(3))
          .run(TinyModels.latents(4, 8), Checkpointing.none(), listener, new Cancellation());
    }
    // 32 KiB a step. The latents of one step are 4 KiB in each of four arrays, and what the two
    // functions keep for their gradients is over 1 MiB. The rest is room for what the Java runtime
    // itself takes meanwhile; nothing was seen to grow by more than a few MiB.
    assertThat(resident[1] - resident[0]).isLessThan(16 << 20);
  }
}
