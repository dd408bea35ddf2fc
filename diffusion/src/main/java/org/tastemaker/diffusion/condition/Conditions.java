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
}
