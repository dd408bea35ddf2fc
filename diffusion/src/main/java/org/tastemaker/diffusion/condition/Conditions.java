package org.tastemaker.diffusion.condition;

/**
 * Texts as conditions, for one use of a model: a sampling, a rollout, the updates over it, a
 * reward. A {@link Conditioner} gives them. Take new ones for the next use: the weights of the text
 * encoder may have been trained in between.
 */
@FunctionalInterface
public interface Conditions {
  /**
   * A text as the U-Net reads it.
   *
   * @param text any, the empty one too
   * @return its condition, encoded now or earlier
   */
  Condition of(String text);
}
