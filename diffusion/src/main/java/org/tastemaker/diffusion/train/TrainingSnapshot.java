package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** A copy of the weights, the moments and the average, to go back to if an update fails. */
final class TrainingSnapshot {
  private final ImmutableList<FloatBuffer> live;
  private final List<float[]> copies = new ArrayList<>();

  /**
   * Copies.
   *
   * @param live on the host
   */
  TrainingSnapshot(Iterable<List<FloatBuffer>> live) {
    ImmutableList.Builder<FloatBuffer> all = ImmutableList.builder();
    live.forEach(all::addAll);
    this.live = all.build();
    for (FloatBuffer buffer : this.live) {
      float[] copy = new float[buffer.remaining()];
      buffer.get(buffer.position(), copy);
      copies.add(copy);
    }
  }

  /** Writes the copy back. */
  void restore() {
    for (int i = 0; i < copies.size(); i++) {
      live.get(i).put(live.get(i).position(), copies.get(i));
    }
  }
}
