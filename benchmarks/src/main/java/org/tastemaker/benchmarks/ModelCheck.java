package org.tastemaker.benchmarks;

import java.util.function.Consumer;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;

/**
 * Whole small models, forward and backward: U-Nets, a LoRA on one, the autoencoder's halves, the
 * text encoder.
 *
 * @param reference what is right
 * @param seed of weights and inputs
 */
record ModelCheck(Engine reference, Seed seed) {
  /** One check for each model. */
  void run(Checks checks, String precision, Engine engine, Tolerance tolerance) {
    Consumer<BundleCase> check =
        one ->
            checks.run(
                precision + " model " + one.name(),
                () -> tolerance.judge(Difference.of(one, engine, reference), ""));
    try (ModelCases models = new ModelCases(seed.split("models"))) {
      models.forEach(check);
    }
  }
}
