package org.tastemaker.diffusion.torch;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** Moves a policy, and copies what it holds. */
final class PolicyWeights {
  private PolicyWeights() {}

  /** Moves every weight away from where it is: a new adapter's up layers are 0. */
  static void perturb(DiffusionPolicy policy, Seed seed, double deviation) {
    policy
        .parameters()
        .forEach(
            (name, values) -> {
              float[] noise = new float[values.remaining()];
              seed.split(name).gaussian(0, noise);
              for (int i = 0; i < noise.length; i++) {
                values.put(i, (float) (values.get(i) + deviation * noise[i]));
              }
            });
  }

  /** A copy of what the policy hands out by name: its parameters, or their gradient. */
  static Map<String, float[]> copy(Map<String, FloatBuffer> values) {
    Map<String, float[]> copy = new LinkedHashMap<>();
    values.forEach(
        (name, buffer) -> {
          float[] one = new float[buffer.capacity()];
          buffer.get(0, one);
          copy.put(name, one);
        });
    return copy;
  }
}
