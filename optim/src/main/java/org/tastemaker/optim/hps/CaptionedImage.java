package org.tastemaker.optim.hps;

import java.util.Objects;
import org.tastemaker.core.Image;

/**
 * An image to learn from.
 *
 * @param image of 3 channels; scaled to the model's size when it is encoded
 * @param caption what it was made for, or what it shows; without the prefix
 * @param preferred false for an image that people do not like; images of pre-training data are
 *     learned as preferred ones are
 */
public record CaptionedImage(Image image, String caption, boolean preferred) {
  /** Checks that nothing is null. */
  public CaptionedImage {
    Objects.requireNonNull(image, "image == null");
    Objects.requireNonNull(caption, "caption == null: use \"\" for none");
  }
}
