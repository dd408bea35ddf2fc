package org.tastemaker.human.desk;

import java.util.Objects;
import org.tastemaker.core.ImageGroup;

/**
 * Something to ask people: which of these images are better.
 *
 * @param id tells questions apart, also after a restart: 1 to 100 letters and digits
 * @param group the images
 * @param task what to look at, for people to read
 * @param asGiven whether people see the images in this order, since whoever asks draws it;
 *     otherwise each sees them in an order of their own
 */
public record DeskQuestion(String id, ImageGroup group, String task, boolean asGiven) {
  /**
   * A question whose images each person sees in an order of their own.
   *
   * @param id as above
   * @param group as above
   * @param task as above
   */
  public DeskQuestion(String id, ImageGroup group, String task) {
    this(id, group, task, false);
  }

  public DeskQuestion {
    if (!id.matches("[A-Za-z0-9]{1,100}")) {
      throw new IllegalArgumentException(
          "the id of a question has 1 to 100 letters and digits, but was '" + id + "'");
    }
    Objects.requireNonNull(group, "group == null");
    Objects.requireNonNull(task, "task == null");
    if (group.size() < 2) {
      throw new IllegalArgumentException("people compare at least 2 images, but there was 1");
    }
  }
}
