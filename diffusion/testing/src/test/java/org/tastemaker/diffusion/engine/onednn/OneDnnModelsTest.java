package org.tastemaker.diffusion.engine.onednn;

import java.util.Set;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.ModelContract;

/** Whole networks; every layer of them has a kernel. */
class OneDnnModelsTest extends ModelContract {
  @Override
  protected Engine engine() {
    return new StockLayers(Set.of());
  }
}
