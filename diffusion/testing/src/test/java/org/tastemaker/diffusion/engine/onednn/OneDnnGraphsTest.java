package org.tastemaker.diffusion.engine.onednn;

import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.Comparison;
import org.tastemaker.diffusion.testing.engine.GraphContract;
import org.tastemaker.diffusion.testing.engine.RandomGraph;

class OneDnnGraphsTest extends GraphContract {
  @Override
  protected Engine engine() {
    return new StockLayers(Set.of());
  }

  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void kernelsAndStockOpsMix(@ForAll long seed) {
    Random random = new Random(seed);
    Set<String> layers =
        IntStream.range(0, 9)
            .filter(i -> random.nextBoolean())
            .mapToObj(i -> "layer" + i)
            .collect(Collectors.toSet());
    Comparison.check(
        new StockLayers(layers),
        bounds(),
        seed,
        (ops, values) -> new RandomGraph(ops, values).build(9));
  }
}
