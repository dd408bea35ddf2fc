package org.tastemaker.core;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A reward with a gradient: how a model could be changed to be rewarded more, and not only how much
 * it was rewarded. Methods that go through the denoising steps backward need it.
 *
 * <p>It reads one of two things, and says which ({@link #input}). Both are arrays [N, C, H, W] of
 * one size:
 *
 * <table class="striped">
 * <caption>What is read</caption>
 * <thead><tr><th>input</th><th>C</th><th>values</th></tr></thead>
 * <tbody>
 * <tr><td>{@link Input#IMAGES}</td><td>3: red, green, blue</td><td>in [0, 1], as an {@link
 *     Image}'s</td></tr>
 * <tr><td>{@link Input#LATENTS}</td><td>the model's, usually 4</td><td>as the U-Net sees them: a
 *     rollout's last latents, multiplied by the autoencoder's scaling factor</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Image n's reward depends on its own prompt and values alone, not on the others of the batch.
 * {@link GradientFreeReward} is the same for runs and methods that need no gradient.
 */
public interface DifferentiableReward {
  /** What a reward reads. */
  enum Input {
    /** Latents as the U-Net sees them: no decoder is needed. */
    LATENTS,
    /** Decoded images, in [0, 1]. */
    IMAGES
  }

  /**
   * What is scored together.
   *
   * @param prompts N, at least one
   * @param values [N, C, H, W], from the buffer's position to its limit; to be read by absolute
   *     index, and left as they are
   * @param channels C, at least 1
   * @param height H, at least 1
   * @param width W, at least 1
   */
  record Batch(List<Prompt> prompts, FloatBuffer values, int channels, int height, int width) {
    public Batch {
      prompts = List.copyOf(prompts);
      Objects.requireNonNull(values, "values == null");
      long expected = (long) prompts.size() * channels * height * width;
      if (prompts.isEmpty()
          || channels < 1
          || height < 1
          || width < 1
          || values.remaining() != expected) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a batch must hold numbers for at least one prompt, but there were %s of %s x %s x"
                    + " %s (%s), and %s numbers",
                prompts.size(),
                channels,
                height,
                width,
                expected,
                values.remaining()));
      }
    }

    /**
     * How many numbers an image has.
     *
     * @return C H W
     */
    public int size() {
      return channels * height * width;
    }
  }

  /**
   * What it reads.
   *
   * @return always the same
   */
  Input input();

  /**
   * Scores images, and says how each score changes with what was read.
   *
   * @param batch of {@link #input}
   * @param gradient receives d r_n / d x_n for each n, from its position on, [N, C, H, W], written
   *     by absolute index; null where none is wanted
   * @return r, [N], higher is better; finite
   */
  double[] score(Batch batch, @Nullable FloatBuffer gradient);
}
