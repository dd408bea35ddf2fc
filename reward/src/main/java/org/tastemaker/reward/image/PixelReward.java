package org.tastemaker.reward.image;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.GradientFreeReward;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * The mean over an image's pixels of a function of their colour, with its gradient: a reward that
 * needs no judge and no network.
 *
 * <pre>
 *   r = mean over pixels of f(red, green, blue)            each colour in [0, 1]
 * </pre>
 *
 * <p>It does not look at the prompt, so a model that is trained on it alone soon shows nothing
 * else. It is for tests, for demonstrations and as one part of a sum.
 */
public final class PixelReward implements DifferentiableReward, RewardModel {
  private final PixelFunction function;

  /** A function of one pixel's colour. */
  @FunctionalInterface
  public interface PixelFunction {
    /**
     * Computes it.
     *
     * @param red in [0, 1]
     * @param green in [0, 1]
     * @param blue in [0, 1]
     * @param gradient receives its derivatives by the three, all of them at every call
     * @return the value, higher is better
     */
    double of(double red, double green, double blue, double[] gradient);
  }

  private PixelReward(PixelFunction function) {
    this.function = Objects.requireNonNull(function, "function == null");
  }

  /**
   * A reward of any function.
   *
   * @param function of a pixel's colour, with its derivatives
   * @return the reward
   */
  public static PixelReward of(PixelFunction function) {
    return new PixelReward(function);
  }

  /**
   * How bright an image is, by the luma of ITU-R BT.601.
   *
   * @return {@code 0.299 red + 0.587 green + 0.114 blue}, from 0, black, to 1, white
   */
  public static PixelReward brightness() {
    return linear(0.299, 0.587, 0.114);
  }

  /**
   * How much more red than anything else an image has.
   *
   * @return {@code red - (green + blue) / 2}, from -1 to 1, which is pure red
   */
  public static PixelReward redness() {
    return linear(1, -0.5, -0.5);
  }

  private static PixelReward linear(double byRed, double byGreen, double byBlue) {
    return of(
        (red, green, blue, gradient) -> {
          gradient[0] = byRed;
          gradient[1] = byGreen;
          gradient[2] = byBlue;
          return byRed * red + byGreen * green + byBlue * blue;
        });
  }

  /**
   * How near an image's pixels are to a colour.
   *
   * @param red in [0, 1]
   * @param green in [0, 1]
   * @param blue in [0, 1]
   * @return minus the squared distance, from -3 to 0, which is that colour everywhere
   */
  public static PixelReward colour(double red, double green, double blue) {
    double[] wanted = {red, green, blue};
    for (double value : wanted) {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a colour's parts must be in [0, 1], but were %s, %s, %s",
                red,
                green,
                blue));
      }
    }
    return of(
        (r, g, b, gradient) -> {
          double[] found = {r, g, b};
          double sum = 0;
          for (int c = 0; c < 3; c++) {
            double missing = wanted[c] - found[c];
            gradient[c] = 2 * missing;
            sum -= missing * missing;
          }
          return sum;
        });
  }

  @Override
  public Input input() {
    return Input.IMAGES;
  }

  @Override
  public double[] score(Batch batch, @Nullable FloatBuffer gradient) {
    if (batch.channels() != 3) {
      throw new IllegalArgumentException(
          "a pixel's colour has 3 channels, but these images have " + batch.channels());
    }
    int pixels = batch.height() * batch.width();
    double[] scores = new double[batch.prompts().size()];
    double[] byColour = new double[3];
    for (int n = 0; n < scores.length; n++) {
      int from = n * batch.size();
      int at = batch.values().position() + from;
      for (int i = 0; i < pixels; i++) {
        double value =
            function.of(
                batch.values().get(at + i),
                batch.values().get(at + pixels + i),
                batch.values().get(at + 2 * pixels + i),
                byColour);
        scores[n] += value / pixels;
        for (int c = 0; c < 3 && gradient != null; c++) {
          gradient.put(gradient.position() + from + c * pixels + i, (float) (byColour[c] / pixels));
        }
      }
      if (!Double.isFinite(scores[n])) {
        throw new ArithmeticException(
            String.format(
                Locale.ROOT, "the pixels' mean of image %s of the batch is %s", n, scores[n]));
      }
    }
    return scores;
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    return GradientFreeReward.of(this).score(rollout, judgements);
  }
}
