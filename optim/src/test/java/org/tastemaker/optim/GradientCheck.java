package org.tastemaker.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** Compares the policy's gradient with differences of a loss along directions of its parameters. */
public final class GradientCheck {
  private GradientCheck() {}

  /** Moves every parameter away from where it is: a new LoRA's up layers are 0. */
  public static void perturb(DiffusionPolicy policy, Seed seed, double deviation) {
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

  /** A copy of the gradient that the policy has now. */
  public static Map<String, float[]> gradientOf(DiffusionPolicy policy) {
    Map<String, float[]> copy = new LinkedHashMap<>();
    policy
        .gradients()
        .forEach(
            (name, values) -> {
              float[] one = new float[values.capacity()];
              values.get(0, one);
              copy.put(name, one);
            });
    return copy;
  }

  /**
   * Checks along the gradient itself and along three random directions.
   *
   * @param step of the differences: small enough for the loss's curvature, large enough for its
   *     rounding
   * @param bound of the difference, relative to the gradient's norm
   */
  public static void assertGradient(
      DiffusionPolicy policy,
      Map<String, float[]> gradient,
      DoubleSupplier loss,
      double step,
      double bound) {
    double norm = norm(gradient);
    assertThat(norm).isPositive();
    for (int k = 0; k < 4; k++) {
      Map<String, float[]> direction = new LinkedHashMap<>(gradient);
      if (k > 0) {
        Seed seed = Seed.of(100 + k);
        gradient.forEach(
            (name, values) -> {
              float[] noise = new float[values.length];
              seed.split(name).gaussian(0, noise);
              direction.put(name, noise);
            });
      }
      double length = norm(direction);
      double expected = dot(gradient, direction) / length;
      move(policy, direction, step / length);
      double above = loss.getAsDouble();
      move(policy, direction, -2 * step / length);
      double below = loss.getAsDouble();
      move(policy, direction, step / length);
      assertThat((above - below) / (2 * step))
          .as("derivative along direction %d; the gradient's norm is %s", k, norm)
          .isCloseTo(expected, within(bound * norm));
    }
  }

  private static void move(DiffusionPolicy policy, Map<String, float[]> direction, double factor) {
    direction.forEach(
        (name, values) -> {
          FloatBuffer parameter = java.util.Objects.requireNonNull(policy.parameters().get(name));
          for (int i = 0; i < values.length; i++) {
            parameter.put(i, (float) (parameter.get(i) + factor * values[i]));
          }
        });
  }

  private static double norm(Map<String, float[]> values) {
    return Math.sqrt(dot(values, values));
  }

  private static double dot(Map<String, float[]> a, Map<String, float[]> b) {
    double sum = 0;
    for (Map.Entry<String, float[]> entry : a.entrySet()) {
      float[] other = java.util.Objects.requireNonNull(b.get(entry.getKey()));
      for (int i = 0; i < other.length; i++) {
        sum += (double) entry.getValue()[i] * other[i];
      }
    }
    return sum;
  }
}
