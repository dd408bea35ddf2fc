package org.tastemaker.diffusion.condition;

/**
 * Texts as conditions, for one use of a model: a sampling, a rollout, the updates over it, a
 * reward. Made by a {@link Conditioner}. Make new ones for the next use, since the text encoder may
 * be trained in between.
 */
@FunctionalInterface
public interface Conditions {
  /**
   * A text as the U-Net reads it.
   *
   * @param text any, the empty one too
   * @return its condition, cached or encoded now
   */
  Condition of(String text);

  /**
   * A text as the U-Net reads it where guidance leads away from it. It is another than {@link #of}
   * for models that have zeros for no text (Stable Diffusion XL), or other sizes (its refiner).
   *
   * @param text any; empty for no text
   * @return its condition
   */
  default Condition negative(String text) {
    return of(text);
  }
}
