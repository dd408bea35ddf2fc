package org.tastemaker.diffusion.testing.engine;

import org.tastemaker.diffusion.engine.Engine;

/** What the contracts have in common: which engine is held, and how closely. */
public abstract class EngineContract {
  /** For subclasses. */
  protected EngineContract() {}

  /**
   * The engine that is held.
   *
   * @return it, equal at each call
   */
  protected abstract Engine engine();

  /**
   * How far it may be from {@code replay}.
   *
   * @return those of float32 unless a subclass says otherwise, and why
   */
  protected Bounds bounds() {
    return Bounds.FLOAT32;
  }

  /**
   * Compares a graph's outputs and gradients with those of {@code replay}. A subclass may say more
   * of the engine here, at the same graph.
   *
   * @param seed of the graph and its values
   * @param builder of the graph
   */
  protected void check(long seed, GraphBuilder builder) {
    Comparison.check(engine(), bounds(), seed, builder);
  }
}
