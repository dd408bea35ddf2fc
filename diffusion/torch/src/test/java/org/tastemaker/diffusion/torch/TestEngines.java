package org.tastemaker.diffusion.torch;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;

/**
 * The engine that the contracts are held with: on the processor, or on the device that the system
 * property {@code tastemaker.test.device} names.
 */
final class TestEngines {
  private TestEngines() {}

  static Engine float32() {
    return of("float32");
  }

  static Engine of(String precision) {
    String device = System.getProperty("tastemaker.test.device", "cpu");
    return Engines.named("torch").on(Placement.of(device, precision));
  }
}
