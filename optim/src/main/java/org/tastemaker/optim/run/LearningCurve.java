package org.tastemaker.optim.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Seed;

/**
 * A reward over the rounds of a {@link LearningCheck}, and whether it rose.
 *
 * <p>A rise is called one when a line through the rounds' means is steeper than in 95 % of the
 * orders that the rounds could have come in if nothing had been learned (a permutation test). To
 * compare rewards in different units, it is given in standard deviations of single images in the
 * first round.
 *
 * @param means of the rewards, by round
 * @param spread the standard deviation of the first round's rewards
 * @param chance the share of orders whose line is at least as steep as this one, from 0 to 1
 */
public record LearningCurve(List<Double> means, double spread, double chance) {
  /** With fewer, no order of the rounds is rare enough. */
  public static final int FEWEST_ROUNDS = 5;

  private static final double RARE = 0.05;

  /** A rise over all rounds that is worth the name, in standard deviations. */
  private static final double WORTH = 0.5;

  private static final int ORDERS = 20_000;

  /** What the curve says. */
  public enum Verdict {
    /** The reward rose. */
    LEARNS,
    /** The reward did not rise by half a standard deviation, which would have shown. */
    FLAT,
    /** A rise of half a standard deviation could hide among the chances of sampling. */
    UNCLEAR,
    /** The reward fell. */
    FALLS
  }

  /**
   * Checks the numbers.
   *
   * @param means as above
   * @param spread as above
   * @param chance as above
   */
  public LearningCurve {
    means = List.copyOf(means);
    if (means.size() < FEWEST_ROUNDS || !(spread > 0) || !(chance >= 0 && chance <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a curve has at least %s rounds, a spread above 0 and a chance from 0 to 1, but had"
                  + " %s, %s and %s",
              FEWEST_ROUNDS,
              means.size(),
              spread,
              chance));
    }
  }

  /**
   * A curve of all rewards.
   *
   * @param rewards of each round's images, in the order of the rounds; at least two in the first
   * @return the curve
   * @throws IllegalArgumentException if there are too few rounds, or if all images of the first
   *     round have the same reward
   */
  static LearningCurve of(List<List<Double>> rewards) {
    List<Double> first = rewards.get(0);
    double mean = mean(first);
    double squares = first.stream().mapToDouble(r -> (r - mean) * (r - mean)).sum();
    double spread = Math.sqrt(squares / Math.max(1, first.size() - 1));
    if (!(spread > 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "all %s images of the first round have the reward %s: nothing can be learned from a"
                  + " reward that makes no difference; take another, or more images",
              first.size(),
              mean));
    }
    double[] means = rewards.stream().mapToDouble(LearningCurve::mean).toArray();
    return new LearningCurve(Arrays.stream(means).boxed().toList(), spread, chance(means));
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private static double chance(double[] means) {
    double own = slope(means);
    double[] order = means.clone();
    var random = Seed.of(1).generator(); // the same curve has the same chance
    int steeper = 1; // its own order
    for (int k = 0; k < ORDERS; k++) {
      for (int i = order.length - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        double kept = order[i];
        order[i] = order[j];
        order[j] = kept;
      }
      steeper += slope(order) >= own - 1e-12 * Math.abs(own) ? 1 : 0;
    }
    return steeper / (ORDERS + 1.0);
  }

  /** Of the line through the values, by least squares. */
  private static double slope(double[] values) {
    double middle = (values.length - 1) / 2.0;
    double products = 0;
    double squares = 0;
    for (int i = 0; i < values.length; i++) {
      products += (i - middle) * values[i];
      squares += (i - middle) * (i - middle);
    }
    return products / squares;
  }

  private double[] values() {
    return means.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /**
   * How far the line through the rounds rises from the first to the last.
   *
   * @return in standard deviations of the first round's images; negative if it falls
   */
  public double rise() {
    return slope(values()) * (means.size() - 1) / spread;
  }

  /**
   * How far each round's mean is above the first's.
   *
   * @return in standard deviations of the first round's images; 0 first
   */
  public List<Double> rises() {
    return means.stream().map(mean -> (mean - means.get(0)) / spread).toList();
  }

  /** The rise that the chances of sampling alone may show: twice its standard error. */
  private double doubt() {
    double[] values = values();
    double slope = slope(values);
    double middle = (values.length - 1) / 2.0;
    double mean = Arrays.stream(values).average().orElseThrow();
    double residuals = 0;
    double squares = 0;
    for (int i = 0; i < values.length; i++) {
      residuals += Math.pow(values[i] - mean - slope * (i - middle), 2);
      squares += (i - middle) * (i - middle);
    }
    double error = Math.sqrt(residuals / (values.length - 2) / squares);
    return 2 * error * (values.length - 1) / spread;
  }

  /**
   * What the curve says.
   *
   * @return one of four
   */
  public Verdict verdict() {
    if (chance <= RARE) {
      return Verdict.LEARNS;
    }
    if (chance >= 1 - RARE) {
      return Verdict.FALLS;
    }
    return rise() + doubt() < WORTH ? Verdict.FLAT : Verdict.UNCLEAR;
  }

  /**
   * The curve and what follows from it.
   *
   * @return some lines for a person to read
   */
  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s: the reward went from %.4g to %.4g in %s rounds, a rise of %.2f standard deviations"
                + " of single images (by chance as steep: %.1f %%).",
            switch (verdict()) {
              case LEARNS -> "It learns";
              case FLAT -> "It does not learn";
              case UNCLEAR -> "It cannot be told yet";
              case FALLS -> "It gets worse";
            },
            means.get(0),
            means.get(means.size() - 1),
            means.size(),
            rise(),
            100 * chance));
    lines.add(
        switch (verdict()) {
          case LEARNS ->
              "Model, sampler and optimizer work together. If a real run stays flat, look at its"
                  + " reward: is it noisy, the same for all images, or rarely met?";
          case FLAT ->
              "Raise the learning rate tenfold; check that the trained weights are those that sample,"
                  + " that clipping does not stop every update (clipFraction), and that images are"
                  + " sampled with noise where the method needs it.";
          case UNCLEAR -> "Take more images in a round, or more rounds.";
          case FALLS ->
              "Divide the learning rate by ten; check the sign of the reward, and that the policy's"
                  + " images are those that were rewarded.";
        });
    return String.join(System.lineSeparator(), lines);
  }
}
