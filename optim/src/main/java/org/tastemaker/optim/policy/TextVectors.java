package org.tastemaker.optim.policy;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.Components;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/** What the U-Net attends to, once for each text; the text encoder is frozen. */
final class TextVectors {
  private static final int CAPACITY = 256;

  private final Components components;
  private final int clipSkip;
  private final Map<String, float[]> vectors = // text to [L, D], the latest used last
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, float[]> eldest) {
          return size() > capacity;
        }
      };
  private int capacity = CAPACITY;

  TextVectors(Components components, int clipSkip) {
    this.components = components;
    this.clipSkip = clipSkip;
  }

  /** Makes room for all texts of a rollout; otherwise the oldest are forgotten. */
  void reserve(int texts) {
    capacity = Math.max(CAPACITY, texts);
  }

  /** [L, D]. */
  float[] of(String text) {
    float[] found = vectors.get(text);
    if (found == null) {
      found = encode(text);
      vectors.put(text, found);
    }
    return found;
  }

  private float[] encode(String text) {
    try (INDArray array = components.encodeText(text, clipSkip)) { // [1, L, D]
      float[] values = new float[Math.toIntExact(array.length())];
      FloatBuffers.of(array).get(values);
      return values;
    }
  }
}
