package org.tastemaker.diffusion.torch;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.Bounds;
import org.tastemaker.diffusion.testing.engine.GraphContract;

class TorchGraphsTest extends GraphContract {
  @Override
  protected Engine engine() {
    return TestEngines.float32();
  }

  @Override
  protected Bounds bounds() {
    return TestEngines.FLOAT32;
  }
}
