package org.tastemaker.diffusion.engine.nd4j;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.testing.engine.GoldenContract;

/** The reference of the other engines has a reference of its own. */
class ReplayGoldenTest extends GoldenContract {
  @Override
  protected Engine engine() {
    return Engines.named("replay");
  }
}
