package org.tastemaker.human.desk;

import java.util.List;
import org.tastemaker.core.Prompt;

/**
 * A question as it is kept beside its answers.
 *
 * @param id as {@link DeskQuestion#id}
 * @param group the {@link org.tastemaker.feedback.protocol.GroupId} of its images
 * @param prompt what the images were made for
 * @param images their hashes, which are their names in the folder of images
 * @param task what people were told to look at
 */
public record AskedQuestion(
    String id, String group, Prompt prompt, List<String> images, String task) {
  public AskedQuestion {
    images = List.copyOf(images);
  }
}
