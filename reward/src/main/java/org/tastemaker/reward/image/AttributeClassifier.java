package org.tastemaker.reward.image;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.tastemaker.core.Image;

/**
 * Tells which of a few classes of an attribute is perceived in an image.
 *
 * <p>Generated people have no gender, age or skin tone of their own: what is told is what a viewer
 * perceives.
 */
@FunctionalInterface
public interface AttributeClassifier {
  /**
   * Classifies one image.
   *
   * @param image any
   * @return the probability of each class, each in [0, 1], together 1; empty where the attribute
   *     cannot be told (nobody in the picture, a turned face)
   */
  Optional<double[]> classify(Image image);

  /**
   * A classifier from one that names a class.
   *
   * @param classes number of classes, at least 2
   * @param labeller the index of the class; empty where it cannot be told
   * @return gives probability 1 to the named class
   */
  static AttributeClassifier ofLabels(int classes, Function<Image, OptionalInt> labeller) {
    if (classes < 2) {
      throw new IllegalArgumentException(
          "an attribute has at least 2 classes, but was given " + classes);
    }
    return image -> {
      OptionalInt label = labeller.apply(image);
      if (label.isEmpty()) {
        return Optional.empty();
      }
      if (label.getAsInt() < 0 || label.getAsInt() >= classes) {
        throw new IllegalArgumentException(
            "a label must be in [0, " + classes + "), but was " + label.getAsInt());
      }
      double[] probabilities = new double[classes];
      probabilities[label.getAsInt()] = 1;
      return Optional.of(probabilities);
    };
  }
}
