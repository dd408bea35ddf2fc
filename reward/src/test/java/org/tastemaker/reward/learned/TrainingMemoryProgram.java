package org.tastemaker.reward.learned;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.learning.config.Adam;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;

/** Trains a reward, and prints by how many bytes resident memory has grown after a warm-up. */
final class TrainingMemoryProgram {
  private static final int WARM_UP = 20;
  private static final int EPOCHS = 120;

  private TrainingMemoryProgram() {}

  public static void main(String[] arguments) {
    long[] resident = new long[2];
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
              if (event instanceof RunEvent.Metrics epoch && epoch.step() == WARM_UP) {
                resident[0] = resident();
              } else if (event instanceof RunEvent.Metrics epoch && epoch.step() == EPOCHS - 1) {
                resident[1] = resident();
              }
            },
            new Cancellation())
        .reward()
        .close();
    System.out.println("grown " + (resident[1] - resident[0]));
  }

  /** Without what the collector can free: Deeplearning4j leaves its temporaries to it. */
  private static long resident() {
    for (int i = 0; i < 3; i++) {
      System.gc();
      LockSupport.parkNanos(300_000_000); // ND4J frees what was collected on threads of its own
    }
    return Pointer.physicalBytes();
  }
}
