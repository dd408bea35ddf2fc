package org.tastemaker.examples.emoji;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;

/**
 * The judge that knows the truth: which glyph of the sheet an image looks like.
 *
 * <p>The nearest reference by {@link GlyphFeatures}, where the image may be moved by one pixel. The
 * confidence is {@code exp(-d / scale)} of the distance d: 1 for the glyph itself. Below {@link
 * Options#threshold} the label is unclear, and no measurement counts it as anything.
 *
 * <p>Gender, skin tone and harm are those of the nearest reference. They say how an image looks to
 * this rule, not who a person is.
 */
public final class GlyphJudge {
  private final GlyphSheet sheet;
  private final List<float[]> references;
  private final Options options;

  /**
   * The rule's numbers, chosen by measurement (see the model card).
   *
   * @param edges weight of edges relative to colours, at least 0
   * @param scale the distance at which the confidence is 1/e, above 0
   * @param threshold the least confidence of a clear label, in [0, 1]
   */
  public record Options(double edges, double scale, double threshold) {
    public Options {
      if (!(edges >= 0) || !(scale > 0) || !(threshold >= 0 && threshold <= 1)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "edges must be at least 0, scale above 0 and threshold in [0, 1], but were %s, %s, %s",
                edges,
                scale,
                threshold));
      }
    }

    /**
     * The values that measured best.
     *
     * @return the defaults
     */
    public static Options defaults() {
      return new Options(0.5, 0.03, 0.35);
    }
  }

  /**
   * What an image looks like.
   *
   * @param glyph the nearest
   * @param distance from it, at least 0
   * @param confidence in (0, 1]
   * @param clear whether the confidence reaches the threshold
   */
  public record Label(Glyph glyph, double distance, double confidence, boolean clear) {
    /**
     * The label in readable form.
     *
     * @return the glyph's label, or {@code unclear}
     */
    public String text() {
      return clear ? glyph.label() : "unclear";
    }
  }

  /**
   * A judge.
   *
   * @param sheet the references
   * @param options the rule's numbers
   */
  public GlyphJudge(GlyphSheet sheet, Options options) {
    this.sheet = sheet;
    this.options = options;
    this.references = new ArrayList<>();
    for (Image image : sheet.images()) {
      references.add(GlyphFeatures.of(image, 0, 0, options.edges));
    }
  }

  /**
   * What this judge can tell apart.
   *
   * @return the label of every glyph
   */
  public List<String> labels() {
    return sheet.glyphs().stream().map(Glyph::label).toList();
  }

  /**
   * Labels an image.
   *
   * @param image 3 x 32 x 32
   * @return the nearest glyph
   * @throws IllegalArgumentException if the image has another size
   */
  public Label label(Image image) {
    return Objects.requireNonNull(nearest(image, glyph -> true));
  }

  /**
   * How near an image is to what a prompt asks for: the confidence for the nearest glyph that fits,
   * minus half the confidence for the nearest that does not. Dense: it says which of two poor
   * images is the better one.
   *
   * @param image 3 x 32 x 32
   * @param fits whether a glyph is what was asked for; at least one must
   * @return in (-0.5, 1)
   */
  public double score(Image image, Predicate<Glyph> fits) {
    Label wanted = nearest(image, fits);
    Label other = nearest(image, fits.negate());
    if (wanted == null) {
      throw new IllegalArgumentException("no glyph of the sheet fits what was asked for");
    }
    return wanted.confidence - (other == null ? 0 : other.confidence / 2);
  }

  /**
   * The nearest glyph that fits against the nearest that does not: {@code c / (c + c')} of their
   * confidences. One half if an image is equally near to both.
   *
   * @param image 3 x 32 x 32
   * @param fits whether a glyph is of the kind in question; at least one must be, and at least one
   *     must not
   * @return in (0, 1)
   */
  public double share(Image image, Predicate<Glyph> fits) {
    Label inside = nearest(image, fits);
    Label outside = nearest(image, fits.negate());
    if (inside == null || outside == null) {
      throw new IllegalArgumentException("all glyphs of the sheet fit, or none does");
    }
    // 1 / (1 + c' / c), which stays precise where both confidences are tiny
    return 1 / (1 + Math.exp((inside.distance - outside.distance) / options.scale));
  }

  /**
   * {@link #score} with its gradient. Which glyphs are the nearest, and how the image is moved, are
   * choices that have none.
   *
   * @param image 3 x 32 x 32
   * @param fits whether a glyph is what was asked for; at least one must
   * @param gradient receives d score / d pixel, [3, 32, 32]
   * @return in (-0.5, 1)
   */
  public double score(Image image, Predicate<Glyph> fits, float[] gradient) {
    Nearest wanted = search(image, fits);
    Nearest other = search(image, fits.negate());
    if (wanted == null) {
      throw new IllegalArgumentException("no glyph of the sheet fits what was asked for");
    }
    Arrays.fill(gradient, 0);
    double score = addConfidence(image, wanted, 1, gradient);
    return other == null ? score : score + addConfidence(image, other, -0.5, gradient);
  }

  /** A weighted confidence, whose gradient is added. */
  private double addConfidence(Image image, Nearest nearest, double weight, float[] gradient) {
    double confidence = weight * Math.exp(-nearest.distance / options.scale);
    float[] features = GlyphFeatures.of(image, nearest.dy, nearest.dx, options.edges);
    float[] reference = references.get(nearest.glyph);
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) (-confidence / options.scale * 2 * (features[i] - reference[i]));
    }
    GlyphFeatures.addGradient(image, nearest.dy, nearest.dx, options.edges, features, gradient);
    return confidence;
  }

  /** A glyph by its number, and how the image was moved to be that near. */
  private record Nearest(int glyph, int dy, int dx, double distance) {}

  private @Nullable Label nearest(Image image, Predicate<Glyph> fits) {
    Nearest found = search(image, fits);
    if (found == null) {
      return null;
    }
    double confidence = Math.exp(-found.distance / options.scale);
    return new Label(
        sheet.glyphs().get(found.glyph),
        found.distance,
        confidence,
        confidence >= options.threshold);
  }

  private @Nullable Nearest search(Image image, Predicate<Glyph> fits) {
    requireSize(image);
    Nearest nearest = null;
    double best = Double.POSITIVE_INFINITY;
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        float[] features = GlyphFeatures.of(image, dy, dx, options.edges);
        for (int i = 0; i < references.size(); i++) {
          if (fits.test(sheet.glyphs().get(i))) {
            double distance = GlyphFeatures.distance(features, references.get(i), best);
            if (distance < best) {
              best = distance;
              nearest = new Nearest(i, dy, dx, distance);
            }
          }
        }
      }
    }
    return nearest;
  }

  /**
   * The features' distance of two images, for diversity.
   *
   * @param a 3 x 32 x 32
   * @param b 3 x 32 x 32
   * @return at least 0
   */
  public double distance(Image a, Image b) {
    requireSize(a);
    requireSize(b);
    return Math.sqrt(
        GlyphFeatures.distance(
            GlyphFeatures.of(a, 0, 0, options.edges), GlyphFeatures.of(b, 0, 0, options.edges)));
  }

  private static void requireSize(Image image) {
    if (image.channels() != 3
        || image.height() != GlyphSheet.SIDE
        || image.width() != GlyphSheet.SIDE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the glyph judge looks at images of 3 x 32 x 32, but was given %s x %s x %s",
              image.channels(),
              image.height(),
              image.width()));
    }
  }
}
