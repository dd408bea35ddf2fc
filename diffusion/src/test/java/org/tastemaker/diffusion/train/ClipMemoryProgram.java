package org.tastemaker.diffusion.train;

import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.testing.MemoryGrowth;

/**
 * Trains the tiny CLIP model, and prints by how many bytes resident memory has grown after a
 * warm-up. A program of its own, for the reason that {@link TrainingMemoryProgram} has.
 */
final class ClipMemoryProgram {
  private static final int WARM_UP = 100;
  private static final int STEPS = 500;

  private ClipMemoryProgram() {}

  public static void main(String[] arguments) {
    MemoryGrowth growth = MemoryGrowth.over(WARM_UP, STEPS);
    RunListener listener =
        event -> {
          if (event instanceof RunEvent.Progress progress && progress.done() > 0) {
            growth.called();
          }
        };
    BatchSource<ClipBatch> batches =
        number -> (number % 2 == 0 ? TinyClip.captioned(16) : TinyClip.choices()).batch(number);
    try (ClipModel clip = TinyClip.model(Seed.of(1))) {
      new ClipTrainer(clip, FunctionOptions.training(), OptimizerOptions.defaults(WARM_UP + STEPS))
          .run(batches, Checkpointing.none(), listener, new Cancellation());
    }
    growth.print("");
  }
}
