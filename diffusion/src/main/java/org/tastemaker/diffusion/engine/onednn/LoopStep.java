package org.tastemaker.diffusion.engine.onednn;

import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;

/** Runs a loop in Java over buffers of floats: for what oneDNN has no primitive for. */
final class LoopStep extends Step {
  /** The body of a loop step. */
  @FunctionalInterface
  interface Body {
    /**
     * Runs.
     *
     * @param buffers in the order in which the step was given them
     */
    void run(FloatIndexer[] buffers);
  }

  private final List<Buffer> buffers;
  private final Body body;
  private final FloatIndexer[] indexers;

  LoopStep(String kind, String layer, List<Buffer> buffers, Body body) {
    super(kind, layer);
    this.buffers = List.copyOf(buffers);
    this.body = body;
    this.indexers = new FloatIndexer[buffers.size()];
  }

  @Override
  List<Buffer> buffers() {
    return buffers;
  }

  @Override
  List<Buffer> written() {
    return buffers;
  }

  @Override
  Step on(UnaryOperator<Buffer> others) {
    return new LoopStep(kind(), layer(), buffers.stream().map(others).toList(), body);
  }

  @Override
  void bind() {
    for (int i = 0; i < indexers.length; i++) {
      Buffer buffer = buffers.get(i);
      Pointer pointer = new OneDnn.Address(buffer.address());
      indexers[i] =
          FloatIndexer.create(new FloatPointer(pointer).capacity(buffer.bytes() / Float.BYTES));
    }
  }

  @Override
  void run() {
    body.run(indexers);
  }
}
