package org.tastemaker.optim.zo;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import org.tastemaker.diffusion.lora.LoraGains;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The numbers that a search changes, and on which a generator's images depend.
 *
 * <p>Their number, d, decides how far a search gets. The component of a random direction along the
 * one that helps is about 1/sqrt(d) of its length, and one answer about a few images says little.
 * With {@link #of(LoraGains)}, ten or twenty numbers, a search succeeds with a few hundred images.
 * With all the numbers of a LoRA, {@link #of(Parameters)}, it needs far more. {@code
 * docs/searches.md} compares both.
 */
public interface SearchSpace {
  /**
   * The current numbers.
   *
   * @return a copy, at least one number; the count never changes
   */
  float[] point();

  /**
   * Sets the numbers; the generator's next images are made with them.
   *
   * @param point as many numbers as {@link #point} has
   * @throws IllegalArgumentException if there are more or fewer
   */
  void moveTo(float[] point);

  /**
   * All values of some parameters, concatenated in their order.
   *
   * @param parameters of type FLOAT, at least one number; owned by the caller
   * @return a space that changes the arrays in place
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
   * @param gains owned by the caller, as is their LoRA
   * @return a space that changes the gains
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
