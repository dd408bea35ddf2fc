package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;

/**
 * One judgement of a dataset.
 *
 * @param id identity of the group: {@link org.tastemaker.feedback.protocol.GroupId}
 * @param time when it was judged
 * @param prompt what the images were made for
 * @param images {@link org.tastemaker.core.Image#sha256} of each image, in the group's order
 * @param judgement about items {@code 0} to {@code images.size() - 1}; may be missing
 */
public record AnnotatedGroup(
    String id, Instant time, Prompt prompt, List<String> images, Judgement judgement) {
  public AnnotatedGroup {
    Objects.requireNonNull(id, "id == null");
    if (!id.matches("[0-9a-f]{32}")) {
      throw new IllegalArgumentException(
          "the identity of a group has 32 hexadecimal digits, but was '" + id + "'");
    }
    Objects.requireNonNull(time, "time == null");
    Objects.requireNonNull(prompt, "prompt == null");
    images = List.copyOf(images);
    if (images.size() != judgement.ranking().size()) {
      throw new IllegalArgumentException(
          "a judgement must be of the group's "
              + images.size()
              + " images, but is of "
              + judgement.ranking().size());
    }
  }

  /**
   * The group with its images, as a job has saved them.
   *
   * @param folder the folder given to {@link AnnotationJob.Builder#saveImages}
   * @return the images rounded to 8 bits, which may change their hashes
   * @throws java.io.UncheckedIOException if one is missing
   */
  public ImageGroup load(Path folder) {
    return new ImageGroup(
        prompt, images.stream().map(hash -> ImageFolder.load(folder, hash)).toList());
  }
}
