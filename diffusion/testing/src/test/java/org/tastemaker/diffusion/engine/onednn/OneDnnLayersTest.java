package org.tastemaker.diffusion.engine.onednn;

import java.util.Set;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.Comparison;
import org.tastemaker.diffusion.testing.engine.GraphBuilder;
import org.tastemaker.diffusion.testing.engine.LayerContract;

/** Each kernel; and the stock ops as a kernel. */
class OneDnnLayersTest extends LayerContract {
  @Override
  protected Engine engine() {
    return new StockLayers(Set.of());
  }

  @Override
  protected void check(long seed, GraphBuilder builder) {
    super.check(seed, builder);
    Comparison.check(new StockLayers(Set.of("f")), bounds(), seed, builder);
  }
}
