package org.tastemaker.optim.direct;

import java.util.Locale;
import java.util.Objects;
import org.tastemaker.core.Seed;

/**
 * After how many steps, counted from the last, a gradient ends.
 *
 * <pre>
 *   FIXED    K = a
 *   UNIFORM  K uniform from a to b
 *   NORMAL   K = T N(a, b^2), rounded
 *   ALL      K = T
 * </pre>
 *
 * <p>What is drawn is brought into [1, T].
 *
 * @param form which of them
 * @param a as above; 0 where it is not read
 * @param b as above; 0 where it is not read
 */
public record Truncation(Form form, double a, double b) {
  /** What the number of steps is drawn from. */
  public enum Form {
    /** Always the same number. */
    FIXED,
    /** Any of a range. */
    UNIFORM,
    /** Around a share of the steps. */
    NORMAL,
    /** All of them. */
    ALL
  }

  public Truncation {
    Objects.requireNonNull(form, "form == null");
    boolean right =
        switch (form) {
          case FIXED -> a >= 1 && a == Math.rint(a) && b == 0;
          case UNIFORM -> a >= 1 && b >= a && a == Math.rint(a) && b == Math.rint(b);
          case NORMAL -> a > 0 && a <= 1 && b >= 0 && b <= 1;
          case ALL -> a == 0 && b == 0;
        };
    if (!right) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a truncation is FIXED after 1 step or more, UNIFORM between two such numbers, NORMAL"
                  + " with a mean share in (0, 1] and a deviation in [0, 1], or ALL with neither,"
                  + " but was %s with %s and %s",
              form,
              a,
              b));
    }
  }

  /**
   * A fixed number of steps.
   *
   * @param steps K, at least 1
   * @return the truncation
   */
  public static Truncation after(int steps) {
    return new Truncation(Form.FIXED, steps, 0);
  }

  /**
   * A random number of steps.
   *
   * @param least of K, at least 1
   * @param most of K, at least as many
   * @return the truncation
   */
  public static Truncation uniform(int least, int most) {
    return new Truncation(Form.UNIFORM, least, most);
  }

  /**
   * A random number of steps around a share of them. The paper's program has 8 of 50 steps with a
   * deviation of 5.
   *
   * @param mean of K / T, in (0, 1]
   * @param deviation of K / T, in [0, 1]
   * @return the truncation
   */
  public static Truncation normal(double mean, double deviation) {
    return new Truncation(Form.NORMAL, mean, deviation);
  }

  /**
   * No truncation.
   *
   * @return all steps
   */
  public static Truncation none() {
    return new Truncation(Form.ALL, 0, 0);
  }

  /** K of T steps. */
  int draw(int steps, Seed seed) {
    double drawn =
        switch (form) {
          case FIXED -> a;
          case UNIFORM -> a + seed.generator().nextInt((int) (b - a) + 1);
          case NORMAL -> Math.rint(steps * (a + b * gaussian(seed)));
          case ALL -> steps;
        };
    return (int) Math.max(1, Math.min(steps, drawn));
  }

  private static float gaussian(Seed seed) {
    float[] one = new float[1];
    seed.gaussian(0, one);
    return one[0];
  }
}
