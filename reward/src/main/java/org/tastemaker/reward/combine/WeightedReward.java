package org.tastemaker.reward.combine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * A weighted sum of several rewards, each standardised first so that the weights mean something.
 *
 * <pre>{@code
 * RewardModel reward = WeightedReward.builder()
 *     .add("consistency", WinRateReward.byCriterion("consistency"), 1)
 *     .add("debiasing", debiasing, 0.5)
 *     .add("safety", penalty, 2, Standardisation.none())
 *     .build();
 * }</pre>
 *
 * <pre>
 *   r_i = sum over parts k of  w_k (r_ki - m_k) / (s_k + 1e-8)
 * </pre>
 *
 * <p>{@link #gdpo} mixes as GDPO does, so that a reward with a wide range does not swallow one with
 * a narrow range.
 *
 * <p>m_k and s_k come from the part's {@link Standardisation}. By default they are the mean and
 * standard deviation over the images of the rollout that have a reward for this part. An image
 * without a reward for one of the parts has no reward at all: a sum over fewer parts would be on
 * another scale.
 */
public final class WeightedReward implements RewardModel {
  private static final double GDPO_EPSILON = 1e-4;

  private final Map<String, Part> parts;
  private final Standardisation afterwards;

  private record Part(RewardModel model, double weight, Standardisation standardisation) {}

  private WeightedReward(Map<String, Part> parts, Standardisation afterwards) {
    this.parts = parts;
    this.afterwards = afterwards;
  }

  /**
   * Starts a weighted reward.
   *
   * @return a builder without parts
   */
  public static Builder builder() {
    return new Builder(Standardisation.byRollout(), Standardisation.none());
  }

  /**
   * Starts a mixture as in Liu et al., "GDPO: Group reward-Decoupled Normalization Policy
   * Optimization for Multi-reward RL Optimization" (2026):
   *
   * <pre>
   *   a_i = sum over parts k of  w_k (r_ki - m_k) / (s_k + 1e-4)      m_k, s_k of the image's prompt
   *   r_i = (a_i - m) / (s + 1e-4)                                    m, s of all images
   * </pre>
   *
   * <p>What comes out is an advantage already. An optimizer that divides by the deviation of each
   * prompt again would undo the second line; one that divides by nothing, or by the deviation of
   * the whole batch, keeps it.
   *
   * @return a builder without parts
   */
  public static Builder gdpo() {
    return new Builder(
        Standardisation.byPrompt(GDPO_EPSILON), Standardisation.byRollout(GDPO_EPSILON));
  }

  @Override
  public boolean isRelative() {
    return afterwards.centres()
        || parts.values().stream()
            .allMatch(part -> part.model().isRelative() || part.standardisation().centres());
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    return combine(rollout, parts(rollout, judgements));
  }

  /**
   * The parts' own rewards, for logs.
   *
   * @param rollout the images
   * @param judgements as for {@link #score}; each part receives all of them
   * @return the rewards of each part before standardisation, in the order in which the parts were
   *     added
   */
  public Map<String, Rewards> parts(Rollout rollout, List<Judgement> judgements) {
    Map<String, Rewards> scores = new LinkedHashMap<>();
    parts.forEach(
        (name, part) -> {
          Rewards rewards = part.model().score(rollout, judgements);
          requireSize(rollout, name, rewards);
          scores.put(name, rewards);
        });
    return scores;
  }

  /**
   * The weighted sum of rewards that {@link #parts} returned.
   *
   * @param rollout the images
   * @param scores the rewards of each part
   * @return the combined rewards
   */
  public Rewards combine(Rollout rollout, Map<String, Rewards> scores) {
    if (!scores.keySet().equals(parts.keySet())) {
      throw new IllegalArgumentException(
          "the parts are " + parts.keySet() + ", but there are rewards of " + scores.keySet());
    }
    double[] sums = new double[rollout.size()];
    boolean[] missing = new boolean[rollout.size()];
    parts.forEach(
        (name, part) -> {
          Rewards standardised =
              part.standardisation().apply(rollout, Objects.requireNonNull(scores.get(name)));
          requireSize(rollout, name, standardised);
          for (int i = 0; i < sums.length; i++) {
            OptionalDouble reward = standardised.get(i);
            missing[i] |= reward.isEmpty();
            sums[i] += part.weight() * reward.orElse(0);
          }
        });
    List<OptionalDouble> combined = new ArrayList<>(sums.length);
    for (int i = 0; i < sums.length; i++) {
      combined.add(missing[i] ? OptionalDouble.empty() : OptionalDouble.of(sums[i]));
    }
    return afterwards.apply(rollout, new Rewards(combined));
  }

  private static void requireSize(Rollout rollout, String part, Rewards rewards) {
    if (rewards.size() != rollout.size()) {
      throw new IllegalStateException(
          "the reward '"
              + part
              + "' must give one reward for each of the "
              + rollout.size()
              + " images, but gave "
              + rewards.size());
    }
  }

  /** Collects parts. */
  public static final class Builder {
    private final Map<String, Part> parts = new LinkedHashMap<>();
    private final Standardisation usual;
    private Standardisation afterwards;

    private Builder(Standardisation usual, Standardisation afterwards) {
      this.usual = usual;
      this.afterwards = afterwards;
    }

    /**
     * Standardises the sum.
     *
     * @param standardisation of the weighted sum; none unless it is set, but in {@link #gdpo}
     * @return this builder
     */
    public Builder afterwards(Standardisation standardisation) {
      this.afterwards = Objects.requireNonNull(standardisation, "standardisation == null");
      return this;
    }

    /**
     * Adds a part with the usual standardisation: over the rollout, or in {@link #gdpo} over each
     * prompt.
     *
     * @param name for logs; each part needs a different name
     * @param model the part
     * @param weight finite; a negative weight reverses the part
     * @return this builder
     */
    public Builder add(String name, RewardModel model, double weight) {
      return add(name, model, weight, usual);
    }

    /**
     * Adds a part.
     *
     * @param name for logs; each part needs a different name
     * @param model the part
     * @param weight finite; a negative weight reverses the part
     * @param standardisation of this part
     * @return this builder
     */
    public Builder add(
        String name, RewardModel model, double weight, Standardisation standardisation) {
      Objects.requireNonNull(model, "model == null");
      Objects.requireNonNull(standardisation, "standardisation == null");
      if (!Double.isFinite(weight)) {
        throw new IllegalArgumentException(
            "the weight of '" + name + "' must be finite, but was " + weight);
      }
      if (parts.putIfAbsent(name, new Part(model, weight, standardisation)) != null) {
        throw new IllegalArgumentException(
            "parts need different names, but '" + name + "' was added twice");
      }
      return this;
    }

    /**
     * The combined reward.
     *
     * @return the reward
     */
    public WeightedReward build() {
      if (parts.isEmpty()) {
        throw new IllegalArgumentException("a weighted reward needs at least one part; add() it");
      }
      return new WeightedReward(new LinkedHashMap<>(parts), afterwards);
    }
  }
}
