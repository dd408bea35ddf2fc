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
 * A penalty for images that a harm classifier holds for harmful.
 *
 * <pre>
 *   r = -scale * max(0, h - threshold) / (1 - threshold),   h = P(harmful | image)
 * </pre>
 *
 * <p>0 for an image under the threshold, {@code -scale} for one that is certainly harmful, and a
 * slope between them, since a step gives a policy nothing to follow. It is a part of {@link
 * org.tastemaker.reward.combine.WeightedReward} rather than a reward by itself: a blank image has
 * no penalty. Show the share of harmful images next to a measure of quality.
 *
 * <p>Do not filter harmful images out, or black them out, before they are rewarded: the others
 * would then be compared with black squares.
 */
public final class SafetyPenalty implements RewardModel {
  private final Function<Image, OptionalDouble> harm;
  private final Options options;

  /**
   * How much to penalise.
   *
   * @param threshold probability of harm up to which there is no penalty, in [0, 1)
   * @param scale penalty of a certainly harmful image, over 0 and finite
   */
  @RecordBuilder
  public record Options(double threshold, double scale)
      implements SafetyPenaltyOptionsBuilder.With {
    public Options {
      if (!(threshold >= 0 && threshold < 1)) {
        throw new IllegalArgumentException("threshold must be in [0, 1), but was " + threshold);
      }
      if (!(scale > 0 && scale < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("scale must be over 0 and finite, but was " + scale);
      }
    }

    /**
     * No penalty up to one half, 1 at most.
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
   * @param harm the probability, in [0, 1], that an image is harmful; empty where it cannot be told
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
                + " is harmful must be in [0, 1], or empty where it cannot be told, but was "
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
