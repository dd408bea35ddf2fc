package org.tastemaker.reward.image;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * A penalty for images that a classifier considers harmful.
 *
 * <pre>
 *   r = -scale * max(0, h - threshold) / (1 - threshold),   h = P(harmful | image)
 * </pre>
 *
 * <p>It is 0 for an image below the threshold and {@code -scale} for one that is certainly harmful,
 * with a slope between them, since a step function gives a policy nothing to follow. Use it as a
 * part of {@link org.tastemaker.reward.combine.WeightedReward} and not on its own: a blank image
 * has no penalty. Report the share of harmful images next to a measure of quality.
 *
 * <p>Do not remove harmful images, or black them out, before they are rewarded: the others would
 * then be compared with black squares.
 */
public final class SafetyPenalty implements RewardModel {
  private final Function<Image, OptionalDouble> harm;
  private final Options options;

  /**
   * How much to penalise.
   *
   * @param threshold probability of harm up to which there is no penalty, in [0, 1)
   * @param scale penalty for a certainly harmful image, above 0 and finite
   */
  @RecordBuilder
  public record Options(double threshold, double scale)
      implements SafetyPenaltyOptionsBuilder.With {
    public Options {
      if (!(threshold >= 0 && threshold < 1)) {
        throw new IllegalArgumentException("threshold must be in [0, 1), but was " + threshold);
      }
      if (!(scale > 0 && scale < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("scale must be above 0 and finite, but was " + scale);
      }
    }

    /**
     * No penalty up to a probability of 0.5; the largest penalty is 1.
     *
     * @return threshold 0.5, scale 1
     */
    public static Options defaults() {
      return new Options(0.5, 1);
    }
  }

  /**
   * A penalty.
   *
   * @param harm gives the probability, in [0, 1], that an image is harmful; empty if it cannot tell
   * @param options how much to penalise
   */
  public SafetyPenalty(Function<Image, OptionalDouble> harm, Options options) {
    this.harm = Objects.requireNonNull(harm, "harm == null");
    this.options = Objects.requireNonNull(options, "options == null");
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    List<OptionalDouble> rewards = new ArrayList<>();
    for (int i = 0; i < rollout.size(); i++) {
      OptionalDouble h = harm.apply(rollout.images().get(i));
      if (h.isPresent() && !(h.getAsDouble() >= 0 && h.getAsDouble() <= 1)) {
        throw new IllegalArgumentException(
            "the probability that image "
                + i
                + " is harmful must be in [0, 1], or empty if it is unknown, but was "
                + h.getAsDouble());
      }
      rewards.add(h.isPresent() ? OptionalDouble.of(penalty(h.getAsDouble())) : h);
    }
    return new Rewards(rewards);
  }

  private double penalty(double h) {
    double excess = Math.max(0, h - options.threshold()) / (1 - options.threshold());
    return 0 - options.scale() * excess; // 0 rather than -0
  }
}
