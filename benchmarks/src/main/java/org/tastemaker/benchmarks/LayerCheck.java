package org.tastemaker.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;

/**
 * Every kind of layer, at the shapes of {@link LayerCases} and at random ones.
 *
 * @param reference what is right
 * @param seed of shapes and numbers
 * @param random how many random shapes there are of each kind
 */
record LayerCheck(Engine reference, Seed seed, int random) {
  /** One check for each kind: the worst of its cases. */
  void run(Checks checks, String precision, Engine engine, Tolerance tolerance) {
    List<BundleCase> all = LayerCases.all(seed.split("layers"));
    for (Kind kind : Kind.values()) {
      String name = kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
      checks.run(
          precision + " layer " + name,
          () -> {
            List<BundleCase> cases =
                new ArrayList<>(
                    all.stream().filter(one -> one.name().matches(name + "-\\d+")).toList());
            for (int i = 0; i < random; i++) {
              cases.add(RandomLayers.draw(kind, name + "-random-" + i, seed.split("random")));
            }
            return worst(cases, engine, tolerance);
          });
    }
  }

  private List<Measure> worst(List<BundleCase> cases, Engine engine, Tolerance tolerance) {
    List<Measure> worst = List.of();
    for (BundleCase one : cases) {
      List<Measure> found = tolerance.judge(Difference.of(one, engine, reference), one.name());
      List<Measure> before = worst;
      worst =
          before.isEmpty()
              ? found
              : IntStream.range(0, found.size())
                  .mapToObj(i -> before.get(i).worst(found.get(i)))
                  .toList();
    }
    return worst;
  }
}
