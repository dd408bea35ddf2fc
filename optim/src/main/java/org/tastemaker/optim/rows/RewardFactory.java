package org.tastemaker.optim.rows;

import java.io.Serializable;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.run.Settings;

/**
 * Makes a reward where it is needed: in a worker's process. It looks at an image and its prompt
 * alone: not at latents, not at judgements, and not at other images.
 */
public interface RewardFactory extends Serializable {
  /**
   * Makes the reward.
   *
   * @return used by one thread at a time; closed with the worker if it is {@link AutoCloseable}
   */
  RewardModel open();

  /**
   * What decides the scores, such as the hash of the model's weights.
   *
   * @return the settings
   */
  Settings settings();

  /**
   * The hash of the settings, by which rows name this reward.
   *
   * @return a SHA-256
   */
  default String hash() {
    return Hashes.of(settings());
  }
}
