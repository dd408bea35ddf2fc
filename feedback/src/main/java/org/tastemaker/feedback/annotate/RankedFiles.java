package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;

/**
 * Files of images that a person has ranked, such as a better and a worse one. Nothing is decoded
 * yet.
 *
 * @param prompt what the images were made for
 * @param images at least one
 * @param ranking of them
 */
public record RankedFiles(Prompt prompt, List<Path> images, Ranking ranking) {
  public RankedFiles {
    Objects.requireNonNull(prompt, "prompt == null");
    images = List.copyOf(images);
    if (images.isEmpty() || ranking.size() != images.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a ranking must be of the images, at least one, but is of %s where there are %s",
              ranking.size(),
              images.size()));
    }
  }

  /**
   * Reads the images.
   *
   * @return the group that the ranking speaks of
   * @throws IllegalArgumentException if one is not an image that can be read; the message names the
   *     file
   * @throws java.io.UncheckedIOException if one cannot be read
   */
  public ImageGroup load() {
    return new ImageGroup(prompt, images.stream().map(Image::read).toList());
  }

  /**
   * The ranking as a judge's answer.
   *
   * @param judge who ranked, such as a person's pseudonym
   * @return the judgement
   */
  public Judgement judgement(String judge) {
    return Judgement.of(ranking, judge);
  }
}
