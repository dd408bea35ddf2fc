package org.tastemaker.optim.dpok;

import java.util.OptionalDouble;
import org.tastemaker.core.Rewards;

/** Which rewards count. */
public enum RewardFilter {
  /** All, as they are. */
  NONE,
  /** Those above 0: one below it counts as 0. The public code's {@code reward_filter}. */
  POSITIVE;

  Rewards apply(Rewards rewards) {
    return switch (this) {
      case NONE -> rewards;
      case POSITIVE ->
          new Rewards(
              rewards.values().stream()
                  .map(r -> r.isPresent() ? OptionalDouble.of(Math.max(0, r.getAsDouble())) : r)
                  .toList());
    };
  }
}
