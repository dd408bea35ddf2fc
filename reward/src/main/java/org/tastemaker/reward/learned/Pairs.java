package org.tastemaker.reward.learned;

import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;

/** Pairs of a prompt and an image. */
final class Pairs {
  private Pairs() {}

  static void require(List<Prompt> prompts, List<Image> images) {
    if (images.isEmpty() || prompts.size() != images.size()) {
      throw new IllegalArgumentException(
          "there must be at least one image and a prompt for each, but there were "
              + images.size()
              + " images and "
              + prompts.size()
              + " prompts");
    }
  }
}
