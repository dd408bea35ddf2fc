package org.tastemaker.core;

import java.util.List;
import java.util.Objects;

/**
 * The images of one prompt that are to be compared with each other.
 *
 * @param prompt what they were made for
 * @param images at least one; a ranking of the group speaks of them as items {@code 0} to {@code
 *     size() - 1}
 */
public record ImageGroup(Prompt prompt, List<Image> images) {
  public ImageGroup {
    Objects.requireNonNull(prompt, "prompt == null");
    images = List.copyOf(images);
    if (images.isEmpty()) {
      throw new IllegalArgumentException(
          "a group needs at least one image, but the one of prompt '"
              + prompt.text()
              + "' is empty");
    }
  }

  /**
   * The number of images.
   *
   * @return at least 1
   */
  public int size() {
    return images.size();
  }
}
