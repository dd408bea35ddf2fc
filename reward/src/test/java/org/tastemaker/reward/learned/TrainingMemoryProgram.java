package org.tastemaker.reward.learned;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.nd4j.linalg.learning.config.Adam;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.testing.MemoryGrowth;

/** Trains a reward, and prints by how many bytes resident memory has grown after a warm-up. */
final class TrainingMemoryProgram {
  private static final int WARM_UP = 20;
  private static final int READINGS = 11;
  private static final int EPOCHS_BETWEEN = 10;
  private static final int EPOCHS = WARM_UP + READINGS * EPOCHS_BETWEEN;

  private TrainingMemoryProgram() {}

  public static void main(String[] arguments) {
    MemoryGrowth growth = MemoryGrowth.over(0, READINGS);
    RewardTrainer.Options options =
        RewardTrainer.Options.defaults()
            .withHiddenLayers(List.of(256))
            .withUpdater(new Adam(1e-4))
            .withMaxEpochs(EPOCHS)
            .withPatience(EPOCHS);
    new RewardTrainer(Planted.features(), new BradleyTerryLoss(), options, Seed.of(3))
        .train(
            Planted.ranked(100, 16, Seed.of(1)),
            event -> {
              if (event instanceof RunEvent.Metrics epoch
                  && epoch.step() >= WARM_UP
                  && (epoch.step() - WARM_UP) % EPOCHS_BETWEEN == 0) {
                collect();
                growth.called();
              }
            },
            new Cancellation())
        .reward()
        .close();
    growth.print("");
  }

  /** Frees what the collector can free: Deeplearning4j leaves its temporaries to it. */
  private static void collect() {
    for (int i = 0; i < 2; i++) {
      System.gc();
      LockSupport.parkNanos(150_000_000); // ND4J frees what was collected on threads of its own
    }
  }
}
