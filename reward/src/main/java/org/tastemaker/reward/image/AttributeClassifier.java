package org.tastemaker.reward.image;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.tastemaker.core.Image;

/**
 * Classifies a perceived attribute of the people in an image.
 *
 * <p>Generated people have no gender, age or skin tone of their own. The classes are what a viewer
 * perceives.
 */
@FunctionalInterface
public interface AttributeClassifier {
  /**
   * Classifies one image.
   *
   * @param image any
   * @return the probability of each class, each in [0, 1], summing to 1; empty if the attribute
   *     cannot be recognised (nobody in the picture, a face turned away)
   */
  Optional<double[]> classify(Image image);

  /**
   * A classifier made from a function that names one class.
   *
   * @param classes number of classes, at least 2
   * @param labeller gives the index of the class; empty if it cannot be recognised
   * @return a classifier that gives the named class probability 1
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
