package org.tastemaker.optim.zo;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import org.tastemaker.diffusion.lora.LoraGains;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The numbers that a search moves, and on which a generator's images depend.
 *
 * <p>How many they are decides how far a search comes. A random direction has one part in sqrt(d)
 * of the one that helps, and one answer about a few images says little: with {@link
 * #of(LoraGains)}, some ten or twenty numbers, a search over a few hundred images finds its way,
 * and with all the numbers of a LoRA, {@link #of(Parameters)}, it needs far more. {@code
 * docs/methods.md} has both.
 */
public interface SearchSpace {
  /**
   * Where the numbers are.
   *
   * @return a copy, at least one number, always as many
   */
  float[] point();

  /**
   * Moves them; the generator's next images are made with these.
   *
   * @param point as many numbers as {@link #point} has
   * @throws IllegalArgumentException if there are more or fewer
   */
  void moveTo(float[] point);

  /**
   * All of some parameters, one after the other in their order.
   *
   * @param parameters of type FLOAT, at least one number; they stay the caller's
   * @return moves the arrays in place
   */
  static SearchSpace of(Parameters parameters) {
    if (parameters.count() == 0) {
      throw new IllegalArgumentException("there are no parameters to search over");
    }
    List<FloatBuffer> values = parameters.arrays().values().stream().map(FloatBuffers::of).toList();
    int dimension = Math.toIntExact(parameters.count());
    return new SearchSpace() {
      @Override
      public float[] point() {
        float[] point = new float[dimension];
        int at = 0;
        for (FloatBuffer buffer : values) {
          buffer.get(0, point, at, buffer.limit());
          at += buffer.limit();
        }
        return point;
      }

      @Override
      public void moveTo(float[] point) {
        if (point.length != dimension) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "there are %s parameters, but the vector holds %s",
                  dimension,
                  point.length));
        }
        int at = 0;
        for (FloatBuffer buffer : values) {
          buffer.put(0, point, at, buffer.limit());
          at += buffer.limit();
        }
      }
    };
  }

  /**
   * The gains of a LoRA, one number for each of its layers.
   *
   * @param gains stay the caller's, as does their LoRA
   * @return moves the gains
   */
  static SearchSpace of(LoraGains gains) {
    return new SearchSpace() {
      @Override
      public float[] point() {
        return gains.get();
      }

      @Override
      public void moveTo(float[] point) {
        gains.set(point);
      }
    };
  }
}
