package org.tastemaker.diffusion.torch;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.Updates;
import org.tastemaker.diffusion.testing.engine.Bounds;

/**
 * The engine that the contracts are held with: on the processor, or on the device that the system
 * property {@code tastemaker.test.device} names.
 */
final class TestEngines {
  /**
   * As other engines in float32. The gradient of attention's scores is a difference of two sums,
   * which LibTorch forms in two orders: where it is zero, a few units in the last place remain.
   */
  static final Bounds FLOAT32 =
      new Bounds(Bounds.FLOAT32.forward(), Bounds.FLOAT32.gradient(), 1e-6);

  /**
   * One rounding to bfloat16 is off by up to 4e-3, 2e-3 at the middle; a layer rounds what it is
   * given and what it gives, and its gradient goes through it once more.
   */
  static final Bounds BFLOAT16 = new Bounds(2e-2, 3e-2, 2e-2);

  private TestEngines() {}

  static Engine float32() {
    return of("float32");
  }

  static Engine of(String precision) {
    return of(precision, Updates.AUTO);
  }

  static Engine of(String precision, Updates updates) {
    String device = System.getProperty("tastemaker.test.device", "cpu");
    return Engines.named("torch").on(Placement.of(device, precision).withUpdates(updates));
  }
}
