package org.tastemaker.examples.methods;

import com.google.common.collect.ImmutableMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RewardModel;
import org.tastemaker.reward.image.JpegReward;
import org.tastemaker.reward.image.PixelReward;

/** Rewards that every model can raise, by name. */
final class CheckedRewards {
  private static final ImmutableMap<String, Supplier<RewardModel>> ALL =
      ImmutableMap.of(
          "brightness", PixelReward::brightness,
          "redness", PixelReward::redness,
          "jpeg-small", JpegReward::compressibility,
          "jpeg-large", JpegReward::incompressibility);

  private CheckedRewards() {}

  static String names() {
    return String.join(", ", ALL.keySet());
  }

  /** The reward of a name, or null. */
  static @Nullable RewardModel named(String name) {
    Supplier<RewardModel> made = ALL.get(name);
    return made == null ? null : made.get();
  }
}
