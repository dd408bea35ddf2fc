package org.tastemaker.optim.preference;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.optim.policy.RewardedImages;
import org.tastemaker.optim.policy.Trajectory;

/**
 * The images of one prompt that have a reward.
 *
 * @param text z
 * @param images at least one
 */
record RatedGroup(String text, List<RatedImage> images) {
  RatedGroup {
    images = List.copyOf(images);
  }

  /** The mean of the rewards. */
  double mean() {
    return images.stream().mapToDouble(RatedImage::reward).average().orElse(0);
  }

  /**
   * The images of a rollout by prompt, in the order of the prompts' first images.
   *
   * @param rollout open as long as the groups are used
   */
  static List<RatedGroup> of(Rollout rollout, RewardedImages batch) {
    Map<Prompt, List<RatedImage>> byPrompt = new LinkedHashMap<>();
    for (int k = 0; k < batch.size(); k++) {
      int image = batch.images().get(k);
      byPrompt
          .computeIfAbsent(batch.prompts().get(k), prompt -> new ArrayList<>())
          .add(new RatedImage(image, Trajectory.last(rollout, image), batch.rewards().get(k)));
    }
    return byPrompt.entrySet().stream()
        .map(entry -> new RatedGroup(entry.getKey().text(), entry.getValue()))
        .toList();
  }
}
