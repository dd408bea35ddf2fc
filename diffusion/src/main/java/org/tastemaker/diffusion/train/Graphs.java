package org.tastemaker.diffusion.train;

import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Reading what a graph returns. */
final class Graphs {
  private Graphs() {}

  /** The array of a name, which must be there. */
  static INDArray output(Map<String, INDArray> arrays, String name) {
    INDArray array = arrays.get(name);
    if (array == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "the graph must return \"%s\", but returned %s", name, arrays.keySet()));
    }
    return array;
  }
}
