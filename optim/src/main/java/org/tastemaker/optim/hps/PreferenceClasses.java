package org.tastemaker.optim.hps;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.tastemaker.core.ImageGroup;

/**
 * Which of a prompt's images are clearly preferred, and which clearly not: Wu et al., "Human
 * Preference Score: Better Aligning Text-to-Image Models with Human Preference", ICCV 2023, section
 * 5 and its published program.
 *
 * <p>Scores s of a prompt's n images become the probabilities that each is chosen as the best, and
 * those that each is chosen as the worst:
 *
 * <pre>
 *   best_i  = exp(scale s_i) / sum_j exp(scale s_j)
 *   worst_i = exp(-scale s_i) / sum_j exp(-scale s_j)
 * </pre>
 *
 * <p>The image with the greatest best_i is preferred if best_i is above {@code margin / n}, and
 * that with the greatest worst_i is not preferred if worst_i is: with the paper's margin of 2,
 * twice as likely as by chance. All other images are neither.
 */
public final class PreferenceClasses {
  private final double scale;
  private final double margin;

  private PreferenceClasses(double scale, double margin) {
    this.scale = scale;
    this.margin = margin;
  }

  /**
   * The paper's classes, for a human preference score: CLIP's logit scale 100, twice as likely as
   * by chance.
   *
   * @return the classes
   */
  public static PreferenceClasses hps() {
    return of(100, 2);
  }

  /**
   * Classes for other scores.
   *
   * @param scale what scores are multiplied by, above 0 and finite: of two images whose scores
   *     differ by {@code 1 / scale}, the better is e times as likely to be chosen
   * @param margin how many times as likely as by chance, above 1
   * @return the classes
   */
  public static PreferenceClasses of(double scale, double margin) {
    if (!(scale > 0 && scale < Double.POSITIVE_INFINITY)
        || !(margin > 1 && margin < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "scale must be above 0 and margin above 1, both finite, but were %s and %s",
              scale,
              margin));
    }
    return new PreferenceClasses(scale, margin);
  }

  /**
   * The classified images of a prompt.
   *
   * @param group its images, more than the margin: of two images none is twice as likely as by
   *     chance
   * @param scores one for each, higher is better; finite
   * @return the preferred one, if there is one, and then the one that is not preferred, if there is
   *     one; with the prompt's text as their caption
   */
  public List<CaptionedImage> of(ImageGroup group, double[] scores) {
    if (scores.length != group.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "each of the %d images of prompt '%s' needs a score, but there were %d",
              group.size(),
              group.prompt().text(),
              scores.length));
    }
    List<CaptionedImage> found = new ArrayList<>();
    String caption = group.prompt().text();
    preferred(scores)
        .ifPresent(i -> found.add(new CaptionedImage(group.images().get(i), caption, true)));
    notPreferred(scores)
        .ifPresent(i -> found.add(new CaptionedImage(group.images().get(i), caption, false)));
    return found;
  }

  /**
   * The preferred image.
   *
   * @param scores of a prompt's images, more than the margin; finite
   * @return its index, or empty if no image is clearly the best
   */
  public OptionalInt preferred(double[] scores) {
    return likely(scores, scale);
  }

  /**
   * The image that is not preferred.
   *
   * @param scores of a prompt's images, more than the margin; finite
   * @return its index, or empty if no image is clearly the worst
   */
  public OptionalInt notPreferred(double[] scores) {
    return likely(scores, -scale);
  }

  private OptionalInt likely(double[] scores, double factor) {
    if (scores.length <= margin || !Arrays.stream(scores).allMatch(Double::isFinite)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be more than %s scores, all finite, but they were %s",
              margin,
              Arrays.toString(scores)));
    }
    double[] logits = Arrays.stream(scores).map(s -> factor * s).toArray(); // [n]
    int greatest = 0;
    for (int i = 1; i < logits.length; i++) {
      greatest = logits[i] > logits[greatest] ? i : greatest;
    }
    double top = logits[greatest];
    double share = 1 / Arrays.stream(logits).map(l -> Math.exp(l - top)).sum(); // of the greatest
    return share > margin / scores.length ? OptionalInt.of(greatest) : OptionalInt.empty();
  }
}
