package org.tastemaker.reward.learned;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalDouble;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.aggregate.Ballots;

/**
 * All that is known about the images of one prompt.
 *
 * @param prompt what they were made for
 * @param images at least one
 * @param ballots rankings and comparisons of the images, by their indices; may be empty
 * @param labels a score for each image, empty where missing; or an empty list
 */
public record JudgedGroup(
    Prompt prompt, List<Image> images, Ballots ballots, List<OptionalDouble> labels) {
  public JudgedGroup {
    Objects.requireNonNull(prompt, "prompt == null");
    images = List.copyOf(images);
    labels = List.copyOf(labels);
    if (images.isEmpty()
        || ballots.size() != images.size()
        || (!labels.isEmpty() && labels.size() != images.size())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a judged group has at least one image, ballots about its images, and a label for each"
                  + " or none, but that of prompt '%s' has %s images, ballots about %s and %s labels",
              prompt.text(),
              images.size(),
              ballots.size(),
              labels.size()));
    }
  }

  /**
   * A group whose images were only compared.
   *
   * @param prompt what the images were made for
   * @param images at least one
   * @param ballots rankings and comparisons, with soft labels where there are any
   * @return the group, without labels
   */
  public static JudgedGroup compared(Prompt prompt, List<Image> images, Ballots ballots) {
    return new JudgedGroup(prompt, images, ballots, List.of());
  }

  /**
   * A group whose images were labelled one by one.
   *
   * @param prompt what the images were made for
   * @param images at least one
   * @param labels one for each image, higher is better; empty where missing
   * @return the group, with the comparisons that follow from the labels
   */
  public static JudgedGroup labelled(
      Prompt prompt, List<Image> images, List<OptionalDouble> labels) {
    return new JudgedGroup(
        prompt, images, Ballots.ofRankings(List.of(Ranking.ofScores(labels))), labels);
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
