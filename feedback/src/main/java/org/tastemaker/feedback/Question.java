package org.tastemaker.feedback;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;

/**
 * One thing to ask a judge: these images, in this order, by this rubric.
 *
 * <p>The first seven components are the question itself and make up its {@linkplain #id identity}.
 * Where the images come from ({@code shown}) is for records only: a judge must not pass it on to a
 * model. What was wrong with the previous answer ({@code attempt}) is passed on to the model.
 *
 * @param kind the kind of answer
 * @param prompt what the images were made for
 * @param images in the order shown: {@link Kind#PAIR} has two, {@link Kind#RANK} and {@link
 *     Kind#BEST} at least two, {@link Kind#SCORE} at least one
 * @param rubric the criteria
 * @param k how many images to name, for {@link Kind#BEST}: 1 to one less than there are images; 0
 *     for other kinds
 * @param scale the numbers that may be given, for {@link Kind#SCORE}; null for other kinds
 * @param sample which independent draw of the same question this is, from 0: asking for several
 *     votes means asking several samples
 * @param shown {@code shown.get(position)} is the index, within its group, of the image at that
 *     position
 * @param attempt how often the question was asked before, and what was wrong with the last answer
 */
@RecordBuilder
public record Question(
    Kind kind,
    Prompt prompt,
    List<Image> images,
    Rubric rubric,
    int k,
    @Nullable Scale scale,
    int sample,
    List<Integer> shown,
    Attempt attempt)
    implements QuestionBuilder.With {
  public Question {
    Objects.requireNonNull(kind, "kind == null");
    Objects.requireNonNull(prompt, "prompt == null");
    Objects.requireNonNull(rubric, "rubric == null");
    images = List.copyOf(images);
    shown = List.copyOf(shown);
    int n = images.size();
    boolean enough =
        switch (kind) {
          case PAIR -> n == 2;
          case RANK, BEST -> n >= 2;
          case SCORE -> n >= 1;
        };
    if (!enough) {
      throw new IllegalArgumentException(
          "a question of kind "
              + kind
              + " needs "
              + (kind == Kind.PAIR
                  ? "exactly 2 images"
                  : kind == Kind.SCORE ? "at least 1 image" : "at least 2 images")
              + ", but was given "
              + n
              + (n == 1 ? "; a single image can be scored, not compared" : ""));
    }
    if (kind == Kind.BEST ? k < 1 || k >= n : k != 0) {
      throw new IllegalArgumentException(
          kind == Kind.BEST
              ? "the number of best images to name must be 1 to "
                  + (n - 1)
                  + " of "
                  + n
                  + ", but was "
                  + k
              : "only a question of kind BEST has a k, but this one of kind "
                  + kind
                  + " has k = "
                  + k);
    }
    if ((kind == Kind.SCORE) != (scale != null)) {
      throw new IllegalArgumentException(
          "a question of kind SCORE, and no other, has a scale, but this one of kind "
              + kind
              + " has "
              + (scale == null ? "none" : scale));
    }
    if (sample < 0) {
      throw new IllegalArgumentException("sample must be at least 0, but was " + sample);
    }
    Objects.requireNonNull(attempt, "attempt == null: use Attempt.FIRST");
    if (shown.size() != n
        || new HashSet<>(shown).size() != n
        || shown.stream().anyMatch(i -> i < 0)) {
      throw new IllegalArgumentException(
          "shown must name the image at each of the "
              + n
              + " positions by a different index of 0 or more, but was "
              + shown);
    }
  }

  /** What form of answer is wanted. */
  public enum Kind {
    /** All images in order. */
    RANK,
    /** The better one of two. */
    PAIR,
    /** The {@code k} best, in order. */
    BEST,
    /** A number for each image. */
    SCORE
  }

  /**
   * The numbers that a judge may give: the whole ones from one to another.
   *
   * @param min the worst
   * @param max the best, over {@code min}
   */
  public record Scale(int min, int max) {
    public Scale {
      if (min >= max) {
        throw new IllegalArgumentException(
            "a scale goes up, from a smaller to a larger number, but was " + min + " to " + max);
      }
    }
  }

  /**
   * How often a question was asked before, and why it is asked again. The judge is told the
   * complaint, so the answer depends on it.
   *
   * @param number from 0
   * @param complaint what was wrong with the previous answer, in words for the judge; empty for the
   *     first attempt only
   */
  public record Attempt(int number, String complaint) {
    /** The first attempt. */
    public static final Attempt FIRST = new Attempt(0, "");

    public Attempt {
      Objects.requireNonNull(complaint, "complaint == null: use \"\" for none");
      if (number < 0) {
        throw new IllegalArgumentException("number must be at least 0, but was " + number);
      }
      if ((number == 0) != complaint.isEmpty()) {
        throw new IllegalArgumentException(
            "the first attempt has no complaint and each further one has one, but attempt "
                + number
                + " had "
                + (complaint.isEmpty() ? "none" : "'" + complaint + "'"));
      }
    }
  }

  /**
   * Asks for all images in order.
   *
   * @param prompt what they were made for
   * @param images at least two, in the order shown
   * @param rubric what to look at
   * @return the question
   */
  public static Question rank(Prompt prompt, List<Image> images, Rubric rubric) {
    return of(Kind.RANK, prompt, images, rubric, 0, null);
  }

  /**
   * Asks for the better one of two images.
   *
   * @param prompt what they were made for
   * @param first the image shown first
   * @param second the image shown second
   * @param rubric what to look at
   * @return the question
   */
  public static Question pair(Prompt prompt, Image first, Image second, Rubric rubric) {
    return of(Kind.PAIR, prompt, List.of(first, second), rubric, 0, null);
  }

  /**
   * Asks for the best few images in order.
   *
   * @param k how many: 1 to one less than there are images
   * @param prompt what they were made for
   * @param images at least two, in the order shown
   * @param rubric what to look at
   * @return the question
   */
  public static Question best(int k, Prompt prompt, List<Image> images, Rubric rubric) {
    return of(Kind.BEST, prompt, images, rubric, k, null);
  }

  /**
   * Asks for a number for each image.
   *
   * @param scale the numbers that may be given
   * @param prompt what they were made for
   * @param images at least one, in the order shown
   * @param rubric what to look at
   * @return the question
   */
  public static Question score(Scale scale, Prompt prompt, List<Image> images, Rubric rubric) {
    return of(Kind.SCORE, prompt, images, rubric, 0, scale);
  }

  /**
   * The number of images.
   *
   * @return at least 1
   */
  public int size() {
    return images.size();
  }

  /**
   * Whether two of the images have the same content: then no judge can tell them apart, and its
   * answer shows only its bias.
   *
   * @return true where at least two are equal
   */
  public boolean hasIdenticalImages() {
    return new HashSet<>(images).size() < images.size();
  }

  /**
   * A hash of what a judge is shown and asked in the first attempt: form, texts, rubric with its
   * words, images in order, sample. It is the same for every attempt. Neither {@link #shown} nor
   * the model is part of it.
   *
   * @return SHA-256, 64 hexadecimal digits
   */
  public String id() {
    MessageDigest digest = sha256();
    put(digest, kind.name(), prompt.text(), rubric.name(), rubric.version(), rubric.instructions());
    for (Rubric.Criterion criterion : rubric.criteria()) {
      put(digest, criterion.name(), criterion.description(), criterion.scope().name());
    }
    put(digest, "k=" + k, scale == null ? "" : scale.min() + ".." + scale.max(), "" + sample);
    for (Image image : images) {
      put(digest, image.sha256());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * A ranking of positions as one of the group's images.
   *
   * @param positions an order of the positions of this question
   * @param groupSize number of images of the group
   * @return the same order, of {@code groupSize} items; those that were not shown are missing
   */
  public Ranking undo(Ranking positions, int groupSize) {
    if (positions.size() != size()) {
      throw new IllegalArgumentException(
          "a ranking of positions is of the "
              + size()
              + " images shown, but this one is of "
              + positions.size());
    }
    return Ranking.ofTiers(
        groupSize,
        positions.tiers().stream()
            .map(tier -> tier.stream().map(position -> shown.get(position)).toList())
            .toList());
  }

  /**
   * This question, asked again because the answer could not be used.
   *
   * @param complaint what was wrong with the answer, see {@link FeedbackException#complaint}
   * @return a new question, with the same {@linkplain #id identity} and the next attempt
   */
  public Question again(String complaint) {
    return withAttempt(new Attempt(attempt.number() + 1, complaint));
  }

  private static Question of(
      Kind kind, Prompt prompt, List<Image> images, Rubric rubric, int k, @Nullable Scale scale) {
    List<Integer> asGiven = IntStream.range(0, images.size()).boxed().toList();
    return new Question(kind, prompt, images, rubric, k, scale, 0, asGiven, Attempt.FIRST);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Each text with its length before it, so that no two lists of texts look the same. */
  private static void put(MessageDigest digest, String... texts) {
    for (String text : texts) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
      digest.update(bytes);
    }
  }
}
