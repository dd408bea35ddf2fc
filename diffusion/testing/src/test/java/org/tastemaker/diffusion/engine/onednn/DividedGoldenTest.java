package org.tastemaker.diffusion.engine.onednn;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.GoldenContract;

/** What holds for a whole batch holds for one in parts. */
class DividedGoldenTest extends GoldenContract {
  @Override
  protected Engine engine() {
    return new Divided(2);
  }
}
