package org.tastemaker.diffusion.engine.onednn;

import java.util.List;
import java.util.function.UnaryOperator;

/** One thing that a compiled function does, with all that it needs to do it. */
abstract class Step {
  private final String kind;
  private final String layer;

  /**
   * A step.
   *
   * @param kind of layer, and which direction: what a profile sums over
   * @param layer the name
   */
  Step(String kind, String layer) {
    this.kind = kind;
    this.layer = layer;
  }

  String kind() {
    return kind;
  }

  String layer() {
    return layer;
  }

  /** All that it reads and writes, for their lifetimes. */
  abstract List<Buffer> buffers();

  /** What it writes, or may write. */
  abstract List<Buffer> written();

  /** The same step on other buffers; for one that is not bound yet. */
  abstract Step on(UnaryOperator<Buffer> others);

  /** Called once, when the buffers have their places. */
  abstract void bind();

  abstract void run();
}
