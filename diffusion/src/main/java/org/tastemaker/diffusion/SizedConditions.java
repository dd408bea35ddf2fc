package org.tastemaker.diffusion;

import java.util.OptionalDouble;
import org.tastemaker.diffusion.condition.Condition;
import org.tastemaker.diffusion.condition.Condition.SizeIds;
import org.tastemaker.diffusion.condition.Conditions;

/**
 * Texts as a Stable Diffusion XL reads them: with the size of the image, which was neither scaled
 * nor cropped.
 */
final class SizedConditions implements Conditions {
  private final Conditions texts;
  private final StableDiffusionXl xl;
  private final int height;
  private final int width;

  /**
   * Sized texts.
   *
   * @param height of the image in pixels
   * @param width of the image in pixels
   */
  SizedConditions(Conditions texts, StableDiffusionXl xl, int height, int width) {
    this.texts = texts;
    this.xl = xl;
    this.height = height;
    this.width = width;
  }

  @Override
  public Condition of(String text) {
    return texts.of(text).with(sizes(StableDiffusionXl.AESTHETIC_SCORE));
  }

  @Override
  public Condition negative(String text) {
    Condition read = texts.of(text).with(sizes(StableDiffusionXl.NEGATIVE_AESTHETIC_SCORE));
    return xl.zerosForEmptyPrompt() && text.isEmpty() ? read.zeros() : read;
  }

  private SizeIds sizes(double score) {
    return new SizeIds(
        height,
        width,
        0,
        0,
        height,
        width,
        xl.aestheticScore() ? OptionalDouble.of(score) : OptionalDouble.empty());
  }

  /** The sizes of an image that was scaled to another size, as training is told them. */
  static SizeIds sizes(
      StableDiffusionXl xl, int originalHeight, int originalWidth, int height, int width) {
    return new SizeIds(
        originalHeight,
        originalWidth,
        0,
        0,
        height,
        width,
        xl.aestheticScore()
            ? OptionalDouble.of(StableDiffusionXl.AESTHETIC_SCORE)
            : OptionalDouble.empty());
  }
}
