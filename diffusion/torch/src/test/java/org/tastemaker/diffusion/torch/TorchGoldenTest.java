package org.tastemaker.diffusion.torch;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.GoldenContract;

class TorchGoldenTest extends GoldenContract {
  @Override
  protected Engine engine() {
    return TestEngines.float32();
  }
}
