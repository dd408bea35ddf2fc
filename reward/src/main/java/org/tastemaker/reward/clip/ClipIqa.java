package org.tastemaker.reward.clip;

import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * CLIP-IQA: whether an image is nearer to a text than to its opposite (Wang, Chan and Loy,
 * "Exploring CLIP for Assessing the Look and Feel of Images", AAAI 2023). The prompt is not read.
 *
 * <pre>
 *   p = exp(100 cos(I, T1)) / (exp(100 cos(I, T1)) + exp(100 cos(I, T2)))      in [0, 1]
 * </pre>
 *
 * <p>{@link #names()} has the sixteen pairs of torchmetrics under its own names and spelling.
 *
 * <p>Traps. The factor is 100 whatever the model's logit scale. With a vision transformer this is
 * another metric than the paper's, which takes a ResNet-50 without its table of positions and does
 * not resize: numbers of the two do not compare. And p is near 0 or 1 soon, where its gradient
 * vanishes.
 *
 * @param title of the score, such as {@code "CLIP-IQA quality"}
 * @param positive T1
 * @param negative T2
 */
public record ClipIqa(String title, String positive, String negative) implements ClipScore {
  private static final double FACTOR = 100;

  private static final ImmutableMap<String, List<String>> PAIRS =
      ImmutableMap.<String, List<String>>builder()
          .put("quality", List.of("Good photo.", "Bad photo."))
          .put("brightness", List.of("Bright photo.", "Dark photo."))
          .put("noisiness", List.of("Clean photo.", "Noisy photo."))
          .put("colorfullness", List.of("Colorful photo.", "Dull photo."))
          .put("sharpness", List.of("Sharp photo.", "Blurry photo."))
          .put("contrast", List.of("High contrast photo.", "Low contrast photo."))
          .put("complexity", List.of("Complex photo.", "Simple photo."))
          .put("natural", List.of("Natural photo.", "Synthetic photo."))
          .put("happy", List.of("Happy photo.", "Sad photo."))
          .put("scary", List.of("Scary photo.", "Peaceful photo."))
          .put("new", List.of("New photo.", "Old photo."))
          .put("warm", List.of("Warm photo.", "Cold photo."))
          .put("real", List.of("Real photo.", "Abstract photo."))
          .put("beautiful", List.of("Beautiful photo.", "Ugly photo."))
          .put("lonely", List.of("Lonely photo.", "Sociable photo."))
          .put("relaxing", List.of("Relaxing photo.", "Stressful photo."))
          .buildOrThrow();

  /**
   * A pair of one's own.
   *
   * @param title as above
   * @param positive as above
   * @param negative as above
   */
  public ClipIqa {
    if (title.isBlank() || positive.isBlank() || negative.isBlank()) {
      throw new IllegalArgumentException(
          "the title and both texts must not be blank, but they were '"
              + title
              + "', '"
              + positive
              + "' and '"
              + negative
              + "'");
    }
  }

  /**
   * One of the sixteen pairs.
   *
   * @param name one of {@link #names()}
   * @return the score
   * @throws IllegalArgumentException if there is no such pair; the message names those there are
   */
  public static ClipIqa named(String name) {
    List<String> pair = PAIRS.get(Objects.requireNonNull(name, "name == null"));
    if (pair == null) {
      throw new IllegalArgumentException(
          "CLIP-IQA has no pair '" + name + "'; there are " + String.join(", ", names()));
    }
    return new ClipIqa("CLIP-IQA " + name, pair.get(0), pair.get(1));
  }

  /**
   * The names of the sixteen pairs.
   *
   * @return in torchmetrics' order
   */
  public static Set<String> names() {
    return PAIRS.keySet();
  }

  @Override
  public List<String> texts(String prompt) {
    return List.of(positive, negative);
  }

  @Override
  public double of(
      float[] image, List<float[]> texts, double logitScale, double @Nullable [] gradient) {
    Cosine first = Cosine.of(image, texts.get(0));
    Cosine second = Cosine.of(image, texts.get(1));
    double p = 1 / (1 + Math.exp(FACTOR * (second.value() - first.value())));
    first.setGradient(FACTOR * p * (1 - p), gradient);
    second.addGradient(-FACTOR * p * (1 - p), gradient);
    return p;
  }

  @Override
  public String toString() {
    return title;
  }
}
