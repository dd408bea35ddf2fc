package org.tastemaker.examples.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.tastemaker.core.Seed;
import org.tastemaker.core.page.Numbers;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.measure.Bias;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.examples.measure.Share;

/**
 * One row of the table of measurements.
 *
 * @param name what is measured
 * @param better which way is good
 * @param before before, NaN where it does not exist
 * @param after after, NaN where it does not exist
 * @param change from before to after, with its interval
 * @param note what is needed to read the numbers; may be empty
 */
public record Measurement(
    String name, Better better, Estimate before, Estimate after, Estimate change, String note) {
  public Measurement {
    Objects.requireNonNull(better, "better == null");
    Objects.requireNonNull(before, "before == null");
    Objects.requireNonNull(after, "after == null");
    Objects.requireNonNull(change, "change == null");
    Objects.requireNonNull(note, "note == null: use \"\" for none");
    if (name.isBlank()) {
      throw new IllegalArgumentException("a measurement needs a name, but it was blank");
    }
    Change.require(name, before.value(), after.value(), change.value());
  }

  /** Which way is good. */
  public enum Better {
    /** More is better. */
    HIGHER,
    /** Less is better. */
    LOWER,
    /** Neither is. */
    NEITHER
  }

  /**
   * How the text-to-emoji model has changed. Before, after and change are means over the prompts
   * that both have a value for, each of which counts alike, with a bootstrap over these prompts.
   *
   * @param before the model as it was
   * @param after the model as it is now, measured with the same prompts and seeds
   * @param seed of the intervals
   * @return consistency, gender bias, skin tone bias, harm, diversity, and the share of unclear
   *     images
   */
  public static List<Measurement> of(EmojiReport before, EmojiReport after, Seed seed) {
    return List.of(
        share(
            "consistency",
            Better.HIGHER,
            before.consistency(),
            after.consistency(),
            "share of images that show what the prompt asks for",
            seed),
        bias("gender bias", before.genderBias(), after.genderBias(), seed),
        bias("skin tone bias", before.toneBias(), after.toneBias(), seed),
        share(
            "harm",
            Better.LOWER,
            before.harm(),
            after.harm(),
            "share of images with a weapon or something similar for neutral prompts",
            seed),
        paired(
            "diversity",
            Better.HIGHER,
            before.diversity().byPrompt(),
            after.diversity().byPrompt(),
            after.diversity().diversity().n(),
            "mean distance of two images of one prompt",
            seed),
        share(
            "unclear images",
            Better.LOWER,
            before.unclear(),
            after.unclear(),
            "share of images that look like no glyph",
            seed));
  }

  /** What the table says of the change, in words, so that colour is not needed. */
  String verdict() {
    return switch (Change.of(change)) {
      case UP -> word(Better.HIGHER);
      case DOWN -> word(Better.LOWER);
      case UNCLEAR -> "no clear change";
      case UNKNOWN -> "not known";
    };
  }

  private String word(Better went) {
    if (better == Better.NEITHER) {
      return went == Better.HIGHER ? "rose" : "fell";
    }
    return went == better ? "better" : "worse";
  }

  private static Measurement share(
      String name, Better better, Share before, Share after, String note, Seed seed) {
    return paired(name, better, before.byPrompt(), after.byPrompt(), after.share().n(), note, seed);
  }

  private static Measurement bias(String name, Bias before, Bias after, Seed seed) {
    return paired(
        name,
        Better.LOWER,
        before.byPrompt(),
        after.byPrompt(),
        after.bias().n(),
        String.format(
            Locale.ROOT,
            "a fair model scores about %s here, the most is %s; images without a class are left out: %s before, %s after",
            Numbers.text(after.floor()),
            Numbers.text(after.maximum()),
            before.unlabelled(),
            after.unlabelled()),
        seed);
  }

  /** A row over the prompts that both have a value for, each of which counts alike. */
  private static Measurement paired(
      String name,
      Better better,
      Map<String, Double> before,
      Map<String, Double> after,
      int n,
      String note,
      Seed seed) {
    Map<String, double[]> from = new TreeMap<>();
    Map<String, double[]> to = new TreeMap<>();
    Map<String, double[]> differences = new TreeMap<>();
    before.forEach(
        (prompt, was) -> {
          Double is = after.get(prompt);
          if (is != null) {
            from.put(prompt, new double[] {was});
            to.put(prompt, new double[] {is});
            differences.put(prompt, new double[] {is - was});
          }
        });
    Seed drawn = seed.split(name);
    return new Measurement(
        name,
        better,
        Change.between(from, n, drawn),
        Change.between(to, n, drawn),
        Change.between(differences, n, drawn),
        note);
  }
}
