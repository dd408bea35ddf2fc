package org.tastemaker.diffusion.condition;

import org.tastemaker.diffusion.engine.Engine;

/** A {@link TextEncoder} of prompts, with the ways in which they may be read. */
public interface PromptEncoder extends TextEncoder {
  /**
   * How prompts are read.
   *
   * @return long ones in chunks, with or without weights
   */
  PromptOptions options();

  /**
   * What runs the networks.
   *
   * @return the engine
   */
  Engine engine();
}
