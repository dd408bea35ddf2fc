package org.tastemaker.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * That calls leave memory as it was: a U-Net with a few thousand weights, forward and backward,
 * thousands of times.
 *
 * @param meters of memory in bytes, by name
 * @param calls how many are measured, in {@value #PARTS} parts; one more part goes before
 * @param seed of weights and inputs
 */
record MemoryCheck(Map<String, LongSupplier> meters, int calls, Seed seed) {
  /**
   * What a part may grow by for reasons of its own (compiled code, the heap's pages, the
   * allocator's arenas): a run's activations are megabytes, and a part is many calls.
   */
  private static final double BOUND = 8e6;

  private static final int PARTS = 5;

  void run(Checks checks, String precision, Engine engine) {
    checks.run(precision + " memory of " + calls + " calls", () -> growth(engine));
  }

  /**
   * A leak grows in every part. So what counts is the parts' median: what is freed or taken once,
   * such as garbage of what ran before, does not.
   */
  private List<Measure> growth(Engine engine) {
    try (ModelCases models = new ModelCases(seed.split("memory"))) {
      BundleCase one = models.tinyUnet();
      List<List<Long>> readings = new ArrayList<>();
      try (GraphFunction function = engine.create(one.graph())) {
        for (int part = 0; part <= PARTS; part++) {
          call(function, one, calls / PARTS);
          readings.add(read());
        }
      }
      List<Measure> grown = new ArrayList<>();
      int meter = 0;
      for (String name : meters.keySet()) {
        int index = meter++;
        double[] growth =
            IntStream.range(0, PARTS)
                .mapToDouble(i -> readings.get(i + 1).get(index) - readings.get(i).get(index))
                .sorted()
                .toArray();
        grown.add(new Measure("growth of " + name, growth[PARTS / 2], BOUND, ""));
      }
      return grown;
    }
  }

  private static void call(GraphFunction function, BundleCase one, int times) {
    for (int i = 0; i < times; i++) {
      var outputs = function.forward(one.inputs());
      var gradients = function.backward(one.cotangents());
      if (outputs.isEmpty() || gradients.isEmpty()) {
        throw new IllegalStateException("a call gave nothing");
      }
    }
  }

  private List<Long> read() {
    System.gc(); // what the heap has given up, natives that hang on it included
    return meters.values().stream().map(LongSupplier::getAsLong).toList();
  }
}
