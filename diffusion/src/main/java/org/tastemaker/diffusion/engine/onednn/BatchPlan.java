package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.tastemaker.diffusion.engine.graph.GraphBatch;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;

/**
 * How a batch is divided among threads.
 *
 * @param sizes of the parts; their sum is the batch
 * @param workers how many parts run at the same time
 * @param threads of each worker
 */
record BatchPlan(List<Long> sizes, int workers, int threads) {
  /** What a second thread of one part is worth, of what a part of its own would be. */
  private static final double SECOND_THREAD = .93;

  /**
   * Two parts for each worker, so that one that was held up leaves more of them to the others; but
   * not of fewer elements than this, as products of few rows are slower.
   */
  private static final long LEAST_ELEMENTS = 4;

  /** Each part has gradients of its own, so the largest models are not divided for training. */
  private static final long MOST_GRADIENT_BYTES = 256L << 20;

  BatchPlan {
    sizes = List.copyOf(sizes);
  }

  /**
   * The plan for a graph: as many parts as keep all threads busy to the end.
   *
   * @param processors how many threads there are
   */
  static BatchPlan of(GraphDefinition graph, int processors) {
    OptionalLong batch = GraphBatch.of(graph);
    long gradients =
        graph.trainable().values().stream().mapToLong(array -> array.length() * Float.BYTES).sum();
    return batch.isEmpty() || (graph.isDifferentiable() && gradients > MOST_GRADIENT_BYTES)
        ? whole(processors)
        : of(batch.getAsLong(), processors);
  }

  private static BatchPlan whole(int processors) {
    return new BatchPlan(List.of(), 1, processors);
  }

  static BatchPlan of(long batch, int processors) {
    int best = 1;
    double most = 0;
    for (int parts = 1; parts <= Math.min(batch, processors); parts++) {
      int threads = processors / parts;
      double busy = (double) parts * threads / processors;
      long largest = (batch + parts - 1) / parts;
      double balance = (double) batch / (largest * parts);
      double speed = busy * balance * Math.pow(SECOND_THREAD, Math.log(threads) / Math.log(2));
      if (speed >= most) {
        most = speed;
        best = parts;
      }
    }
    if (best == 1) {
      return whole(processors);
    }
    int threads = processors / best;
    boolean large = batch >= 2L * LEAST_ELEMENTS * best;
    int parts = large ? 2 * best : best;
    List<Long> sizes = new ArrayList<>();
    for (int i = 0; i < parts; i++) {
      sizes.add((batch * (i + 1)) / parts - batch * i / parts);
    }
    return new BatchPlan(sizes, best, threads);
  }

  boolean isWhole() {
    return sizes.isEmpty();
  }
}
