package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Two functions with common weights, each on a thread of its own. */
class SharedWeightsThreadsTest {
  private static final int CHANNELS = 64;
  private static final int CHANGES = 300;

  private final INDArray weight = Nd4j.ones(DataType.FLOAT, 3, 3, CHANNELS, CHANNELS);
  private final SharedWeights shared = new SharedWeights();

  /** Each output is the sum of nine times 64 weights, which are all the same. */
  private CompiledFunction function(int batch) {
    Ops ops = new Ops(DataType.FLOAT);
    Tensor w = ops.parameter("weight", weight, false);
    Tensor x = ops.input("x", false, batch, CHANNELS, 4, 4);
    GraphDefinition graph =
        GraphDefinition.of(ops, Map.of("out", ops.conv2d("conv", x, w, null, 1, Padding.all(0))));
    return new CompiledFunction(graph, CompilerOptions.PLAIN, shared, null);
  }

  private static float[] out(CompiledFunction function, int batch) {
    try (INDArray x = Nd4j.ones(DataType.FLOAT, batch, CHANNELS, 4, 4)) {
      return requireNonNull(function.forward(Map.of("x", x)).get("out")).data().asFloat();
    }
  }

  @Test
  void noRunReadsWeightsThatAreHalfMade() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    AtomicBoolean done = new AtomicBoolean();
    try (CompiledFunction told = function(1);
        CompiledFunction other = function(3)) {
      out(told, 1);
      out(other, 3);
      Future<?> running =
          threads.submit(
              () -> {
                while (!done.get()) {
                  float[] out = out(other, 3);
                  assertThat(out).containsOnly(out[0]);
                }
              });
      try {
        for (int change = 1; change <= CHANGES; change++) {
          // Nobody reads the array now: all weights are as new as the latest change.
          weight.assign(change);
          told.parametersChanged();
          assertThat(out(told, 1)).containsOnly(change * 9 * CHANNELS);
        }
      } finally {
        done.set(true);
        running.get(); // before the functions are closed
      }
      assertThat(out(other, 3)).containsOnly(CHANGES * 9 * CHANNELS);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void functionsAreMadeAndClosedBesideOneThatRuns() throws Exception {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try (CompiledFunction runs = function(2)) {
      Future<?> making =
          threads.submit(
              () -> {
                for (int i = 0; i < 50; i++) {
                  try (CompiledFunction other = function(1)) {
                    assertThat(out(other, 1)).containsOnly(9 * CHANNELS);
                  }
                }
              });
      while (!making.isDone()) {
        assertThat(out(runs, 2)).containsOnly(9 * CHANNELS);
      }
      making.get();
    } finally {
      threads.shutdownNow();
    }
    assertThat(shared.bytes()).isZero();
  }
}
