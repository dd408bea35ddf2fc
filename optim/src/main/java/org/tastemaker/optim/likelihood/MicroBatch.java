package org.tastemaker.optim.likelihood;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Seed;

/**
 * The rows of an update that go through the U-Net together.
 *
 * @param examples B of an update's N
 * @param seeds of each row's timestep and noise
 */
record MicroBatch(List<Example> examples, List<Seed> seeds) {
  /** Cuts an update's examples; row n of them has the seed {@code seed.split(n)}. */
  static List<MicroBatch> of(List<Example> examples, int size, Seed seed) {
    List<MicroBatch> all = new ArrayList<>();
    for (int first = 0; first < examples.size(); first += size) {
      List<Example> some = examples.subList(first, Math.min(first + size, examples.size()));
      List<Seed> seeds = new ArrayList<>();
      for (int n = 0; n < some.size(); n++) {
        seeds.add(seed.split(first + n));
      }
      all.add(new MicroBatch(some, seeds));
    }
    return all;
  }

  int size() {
    return examples.size();
  }

  List<FloatBuffer> clean() {
    return examples.stream().map(Example::clean).toList();
  }

  List<String> texts() {
    return examples.stream().map(Example::text).toList();
  }
}
