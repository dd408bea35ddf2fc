package org.tastemaker.reward.clip;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/** A copy of the best weights that a training had so far; first those that it began with. */
final class BestWeights {
  private final List<FloatBuffer> weights;
  private final List<float[]> copies;

  BestWeights(Map<String, INDArray> weights) {
    this.weights = weights.values().stream().map(FloatBuffers::of).toList();
    this.copies = this.weights.stream().map(each -> new float[each.limit()]).toList();
    keep();
  }

  /** Copies the present weights. */
  void keep() {
    for (int i = 0; i < copies.size(); i++) {
      weights.get(i).get(0, copies.get(i));
    }
  }

  /** Puts the copy back. */
  void restore() {
    for (int i = 0; i < copies.size(); i++) {
      weights.get(i).put(0, copies.get(i));
    }
  }
}
