package org.tastemaker.reward.image;

import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;

/**
 * How well an image compresses as a JPEG (Black, Janner, Du, Kostrikov and Levine, "Training
 * Diffusion Models with Reinforcement Learning", 2023, sec. 5.1): a reward that is cheap to compute
 * and that no prompt can ask for.
 *
 * <pre>
 *   incompressibility  r =  (bytes of the JPEG file at quality 95) / 1000
 *   compressibility    r = -(bytes of the JPEG file at quality 95) / 1000
 * </pre>
 *
 * <p>A kilobyte is 1000 bytes. The file is made in memory, from the image rounded to 8 bits, as in
 * ddpo-pytorch. The encoder is Java's: at the same quality its tables differ a little from
 * Pillow's, and so do the sizes. Every file has about 600 bytes of tables, even that of an image of
 * a single colour.
 */
public final class JpegReward implements RewardModel {
  private static final double QUALITY = 0.95;

  private final int sign;

  private JpegReward(int sign) {
    this.sign = sign;
  }

  /**
   * Small files are better.
   *
   * @return the reward, below 0
   */
  public static JpegReward compressibility() {
    return new JpegReward(-1);
  }

  /**
   * Large files are better.
   *
   * @return the reward, above 0
   */
  public static JpegReward incompressibility() {
    return new JpegReward(1);
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    return Rewards.of(
        rollout.images().stream().mapToDouble(image -> sign * kilobytes(image)).toArray());
  }

  /**
   * The size of an image as a JPEG file.
   *
   * @param image any
   * @return kilobytes of 1000 bytes at quality 95
   */
  public static double kilobytes(Image image) {
    return image.toJpeg(QUALITY).length / 1000.0;
  }
}
