package org.tastemaker.human.improve;

import java.util.Optional;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.run.Settings;

/**
 * The image of a vector: what a search sees of its points.
 *
 * <p>The same vector always gives the same image. Used by one thread at a time, except for {@link
 * #lora}, which any thread may call.
 */
public interface Painter {
  /**
   * Where the search begins.
   *
   * @return [d], at least one number, all finite; a new array each time
   */
  float[] start();

  /**
   * Makes the image of a point.
   *
   * @param point [d], finite; must not be changed
   * @param cancellation looked at while the image is made
   * @return the image
   * @throws java.util.concurrent.CancellationException if that was asked for
   */
  Image paint(float[] point, Cancellation cancellation);

  /**
   * What the image should show.
   *
   * @return the prompt
   */
  Prompt prompt();

  /**
   * All that decides which image a point has: another painter of equal settings makes the same.
   *
   * @return the settings
   */
  Settings settings();

  /**
   * Whether points have LoRAs.
   *
   * @return true if gains are searched
   */
  default boolean hasLora() {
    return false;
  }

  /**
   * The LoRA of a point.
   *
   * @param point [d], finite
   * @return a safetensors file in kohya's names; empty where no gains are searched
   */
  default Optional<byte[]> lora(float[] point) {
    return Optional.empty();
  }
}
