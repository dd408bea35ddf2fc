package org.tastemaker.diffusion.torch;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.ModelContract;

class TorchModelsTest extends ModelContract {
  @Override
  protected Engine engine() {
    return TestEngines.float32();
  }
}
