package org.tastemaker.feedback.protocol;

import java.util.List;
import java.util.Objects;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.picture.ImageGrid;

/**
 * Several sets of images of one prompt, to be compared as sets: freedom from bias is a property of
 * many images of a prompt, not of one image.
 *
 * @param prompt what all images were made for
 * @param sets at least one, each of the same number of images, at least 2: a larger set would look
 *     more varied just because of its size
 */
public record ImageSets(Prompt prompt, List<List<Image>> sets) {
  public ImageSets {
    Objects.requireNonNull(prompt, "prompt == null");
    sets = sets.stream().map(List::copyOf).toList();
    if (sets.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one set of images");
    }
    int size = sets.get(0).size();
    for (List<Image> set : sets) {
      if (size < 2 || set.size() != size) {
        throw new IllegalArgumentException(
            "all sets must have the same number of images, at least 2, but there were sets of "
                + sets.stream().map(List::size).toList());
      }
    }
  }

  /**
   * The sets as contact sheets, which a judge can compare like images.
   *
   * @return one image for each set, in order; for rubrics of {@link
   *     org.tastemaker.core.Rubric.Scope#SET_OF_IMAGES}
   */
  public ImageGroup asSheets() {
    return new ImageGroup(prompt, sets.stream().map(set -> ImageGrid.of(set).draw()).toList());
  }
}
