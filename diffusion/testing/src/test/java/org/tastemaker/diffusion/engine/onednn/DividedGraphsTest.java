package org.tastemaker.diffusion.engine.onednn;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.GraphContract;

/** What holds for a whole batch holds for one in parts. */
class DividedGraphsTest extends GraphContract {
  @Override
  protected Engine engine() {
    return new Divided(2);
  }
}
