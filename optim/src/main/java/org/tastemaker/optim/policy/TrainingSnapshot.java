package org.tastemaker.optim.policy;

import com.google.common.collect.ImmutableList;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.diffusion.train.TrainingState;

/** A copy of the weights, the moments and the average, to go back to if an update fails. */
final class TrainingSnapshot {
  private final TrainingState state;
  private final ImmutableList<FloatBuffer> live;
  private final List<float[]> copies = new ArrayList<>();
  private final long updates;

  TrainingSnapshot(TrainingState state) {
    this.state = state;
    live =
        state.buffers().values().stream()
            .flatMap(List::stream)
            .collect(ImmutableList.toImmutableList());
    for (FloatBuffer buffer : live) {
      float[] copy = new float[buffer.remaining()];
      buffer.get(buffer.position(), copy);
      copies.add(copy);
    }
    updates = state.step();
  }

  /** Writes the copy back. */
  void restore() {
    for (int i = 0; i < copies.size(); i++) {
      live.get(i).put(live.get(i).position(), copies.get(i));
    }
    state.resume(updates);
  }
}
