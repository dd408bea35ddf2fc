package org.tastemaker.diffusion.engine.onednn;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.testing.engine.GoldenContract;

class OneDnnGoldenTest extends GoldenContract {
  @Override
  protected Engine engine() {
    return Engines.named("onednn");
  }
}
