package org.tastemaker.optim.rows;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Usage;
import org.tastemaker.optim.policy.TransitionLoss;

/**
 * What came of a {@link WorkRow}. All but {@link #cost} and {@link #delivery} is a function of the
 * row.
 *
 * @param row the {@linkplain RowFormat#id id} of the row
 * @param image that was made, for a row that asks for one
 * @param steps how it was made, for a row that asks for a rollout
 * @param judgement for a row that asks for one; {@linkplain Judgement#missing missing} with the
 *     reason where the judge failed. Its usage is what the answer used
 * @param scores of an image, for a row that asks for it: one, which is empty where the reward has
 *     none; otherwise an empty list
 * @param gradient of a micro-batch, for a row that asks for it
 * @param cost of the answer in the currency of the {@link OracleFactory}, at least 0; rounded up to
 *     12 decimals
 * @param delivery who did it
 */
@RecordBuilder
public record ResultRow(
    String row,
    Optional<Image> image,
    Optional<Steps> steps,
    Optional<Judgement> judgement,
    List<OptionalDouble> scores,
    Optional<Gradient> gradient,
    BigDecimal cost,
    Delivery delivery)
    implements ResultRowBuilder.With {
  private static final int DECIMALS = 12;
  private static final int DIGITS = 15;

  public ResultRow {
    Hashes.require(row, "row");
    Objects.requireNonNull(image, "image == null: use Optional.empty() for none");
    Objects.requireNonNull(steps, "steps == null: use Optional.empty() for none");
    Objects.requireNonNull(judgement, "judgement == null: use Optional.empty() for none");
    scores = List.copyOf(scores);
    Objects.requireNonNull(gradient, "gradient == null: use Optional.empty() for none");
    Objects.requireNonNull(delivery, "delivery == null");
    if (cost.signum() < 0) {
      throw new IllegalArgumentException("cost must be at least 0, but was " + cost);
    }
    cost = plain(cost);
    scores.forEach(
        score -> {
          if (score.isPresent() && !Double.isFinite(score.getAsDouble())) {
            throw new IllegalArgumentException(
                "a score must be finite or missing, but was " + score.getAsDouble());
          }
        });
  }

  /** One way to write an amount: equal amounts are equal, and have equal bytes. */
  private static BigDecimal plain(BigDecimal amount) {
    BigDecimal rounded = amount.setScale(DECIMALS, RoundingMode.UP).stripTrailingZeros();
    if (rounded.precision() - rounded.scale() > DIGITS) {
      throw new IllegalArgumentException(
          "cost must have at most " + DIGITS + " digits before the point, but was " + amount);
    }
    return rounded.scale() < 0 ? rounded.setScale(0) : rounded;
  }

  /** An image's result. */
  static ResultRow ofImage(String row, Image image, Optional<Steps> steps, Delivery delivery) {
    return new ResultRow(
        row,
        Optional.of(image),
        steps,
        Optional.empty(),
        List.of(),
        Optional.empty(),
        BigDecimal.ZERO,
        delivery);
  }

  /** A group's result. */
  static ResultRow ofJudgement(
      String row, Judgement judgement, BigDecimal cost, Delivery delivery) {
    return new ResultRow(
        row,
        Optional.empty(),
        Optional.empty(),
        Optional.of(judgement),
        List.of(),
        Optional.empty(),
        cost,
        delivery);
  }

  /** A reward's result. */
  static ResultRow ofScore(String row, OptionalDouble score, Delivery delivery) {
    return new ResultRow(
        row,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(score),
        Optional.empty(),
        BigDecimal.ZERO,
        delivery);
  }

  /** A micro-batch's result. */
  static ResultRow ofGradient(String row, Gradient gradient, Delivery delivery) {
    return new ResultRow(
        row,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.of(gradient),
        BigDecimal.ZERO,
        delivery);
  }

  /**
   * Whether two results of a row say the same, whoever made them and whatever they cost.
   *
   * @param other of the same row
   * @return true if every bit of what was asked for is equal; usage is left out
   */
  public boolean agreesWith(ResultRow other) {
    return row.equals(other.row)
        && image.equals(other.image)
        && steps.equals(other.steps)
        && scores.equals(other.scores)
        && gradient.equals(other.gradient)
        && judgement
            .map(j -> j.withUsage(Usage.NONE))
            .equals(other.judgement.map(j -> j.withUsage(Usage.NONE)));
  }

  /**
   * Who did a row. Worker and answer together name one answer, which is paid once however often it
   * arrives.
   *
   * @param worker a name that no other process has, also of another time
   * @param answer the how many-th of this worker, at least 0
   * @param attempt 1 for a row that was given out for the first time
   * @param engine what computed it
   */
  public record Delivery(String worker, long answer, int attempt, String engine) {
    public Delivery {
      Objects.requireNonNull(worker, "worker == null");
      Objects.requireNonNull(engine, "engine == null: use \"\" for none");
      if (answer < 0 || attempt < 1) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "answer must be at least 0 and attempt at least 1, but were %s and %s",
                answer,
                attempt));
      }
    }
  }

  /**
   * A micro-batch's part of an update's gradient.
   *
   * @param values of all parameters of the adapter, in the order of their names
   * @param rows the numbers of the rows, in their order
   */
  public record Gradient(FloatBlock values, List<TransitionLoss.Numbers> rows) {
    public Gradient {
      Objects.requireNonNull(values, "values == null");
      rows = List.copyOf(rows);
    }
  }

  /**
   * One image's part of a rollout.
   *
   * @param channels of a latent, at least 1
   * @param height of a latent, at least 1
   * @param width of a latent, at least 1
   * @param latents [T+1, C, h, w]
   * @param logProbabilities [T]; NaN for a step without a likelihood
   * @param timesteps T, at least 1
   */
  public record Steps(
      int channels,
      int height,
      int width,
      FloatBlock latents,
      FloatBlock logProbabilities,
      List<Integer> timesteps) {
    public Steps {
      timesteps = List.copyOf(timesteps);
      long size = (long) channels * height * width;
      if (channels < 1
          || height < 1
          || width < 1
          || timesteps.isEmpty()
          || size > Integer.MAX_VALUE
          || logProbabilities.size() != timesteps.size()
          || latents.size() != (timesteps.size() + 1) * size) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "latents [T+1, C, h, w] and log-probabilities [T] must fit T = %s timesteps, at"
                    + " least 1, and [C, h, w] = [%s, %s, %s], but there were %s and %s",
                timesteps.size(),
                channels,
                height,
                width,
                latents.size(),
                logProbabilities.size()));
      }
    }
  }
}
