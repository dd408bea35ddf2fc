package org.tastemaker.diffusion.schedule;

import com.google.common.primitives.Longs;
import java.nio.FloatBuffer;
import java.util.HexFormat;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The forward process of a diffusion model: how much noise a sample holds at each training
 * timestep.
 *
 * <p>{@code q(x_t | x_0) = N(sqrt(abar_t) x_0, (1 - abar_t) I)} with {@code abar_t = prod_{s <= t}
 * (1 - beta_s)} (Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", 2020, equation
 * 4). All tables are in double precision; diffusers computes them in single precision, which
 * differs by about 1e-6 in {@code abar} and by up to 1e-4 relative in {@code 1 - abar} at the first
 * timesteps.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>{@link #beta}</td><td>beta_t</td></tr>
 * <tr><td>{@link #alphaCumprod}</td><td>abar_t</td></tr>
 * <tr><td>{@link #snr}</td><td>abar_t / (1 - abar_t)</td></tr>
 * <tr><td>{@link #sigma}</td><td>sqrt((1 - abar_t) / abar_t), Karras' noise level</td></tr>
 * </tbody>
 * </table>
 */
public final class NoiseSchedule {
  /** The largest beta of the cosine schedule, as in Nichol and Dhariwal (2021). */
  private static final double MAX_BETA = 0.999;

  private final double[] betas; // [T]
  private final double[] alphasCumprod; // [T]

  private NoiseSchedule(double[] betas, double[] alphasCumprod) {
    this.betas = betas;
    this.alphasCumprod = alphasCumprod;
  }

  /**
   * The schedule that a configuration describes, of any supported class.
   *
   * @param config read for its betas alone
   * @return the schedule
   */
  public static NoiseSchedule of(SchedulerConfig config) {
    double[] betas = betas(config);
    double[] alphasCumprod = new double[betas.length];
    double product = 1;
    for (int t = 0; t < betas.length; t++) {
      product *= 1 - betas[t];
      alphasCumprod[t] = product;
    }
    if (config.flag("rescale_betas_zero_snr")) {
      rescaleToZeroTerminalSnr(betas, alphasCumprod);
    }
    return new NoiseSchedule(betas, alphasCumprod);
  }

  private static double[] betas(SchedulerConfig config) {
    double @Nullable [] trained = config.trainedBetas();
    if (trained != null) {
      return trained;
    }
    int steps = config.trainSteps();
    double start = config.number("beta_start");
    double end = config.number("beta_end");
    double[] betas = new double[steps];
    for (int t = 0; t < steps; t++) {
      double fraction = steps > 1 ? t / (double) (steps - 1) : 0;
      betas[t] =
          switch (config.text("beta_schedule")) {
            case "linear" -> start + fraction * (end - start);
            case "scaled_linear" -> {
              double root = Math.sqrt(start) + fraction * (Math.sqrt(end) - Math.sqrt(start));
              yield root * root;
            }
            default -> Math.min(1 - cosine(t + 1, steps) / cosine(t, steps), MAX_BETA);
          };
    }
    return betas;
  }

  /** Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models", equation 17. */
  private static double cosine(int t, int steps) {
    double root = Math.cos((t / (double) steps + 0.008) / 1.008 * Math.PI / 2);
    return root * root;
  }

  /** Lin et al., "Common Diffusion Noise Schedules and Sample Steps are Flawed", algorithm 1. */
  private static void rescaleToZeroTerminalSnr(double[] betas, double[] alphasCumprod) {
    int last = betas.length - 1;
    double first = Math.sqrt(alphasCumprod[0]);
    double terminal = Math.sqrt(alphasCumprod[last]);
    if (first == terminal) {
      throw new IllegalArgumentException(
          "rescale_betas_zero_snr needs at least 2 training steps, but num_train_timesteps is "
              + betas.length);
    }
    for (int t = 0; t <= last; t++) {
      double root = (Math.sqrt(alphasCumprod[t]) - terminal) * first / (first - terminal);
      alphasCumprod[t] = root * root;
      betas[t] = 1 - alphasCumprod[t] / (t == 0 ? 1 : alphasCumprod[t - 1]);
    }
  }

  /**
   * How many noise levels there are, T.
   *
   * @return at least 1
   */
  public int trainSteps() {
    return betas.length;
  }

  /**
   * The variance that the forward process adds at a timestep.
   *
   * @param t 0 to T - 1
   * @return beta_t, in [0, 1]
   */
  public double beta(int t) {
    return betas[checked(t)];
  }

  /**
   * How much of the clean sample's variance is left at a timestep.
   *
   * @param t 0 to T - 1
   * @return abar_t, in [0, 1]; 0 at the last timestep of a zero-terminal-SNR schedule
   */
  public double alphaCumprod(int t) {
    return alphasCumprod[checked(t)];
  }

  /** The same of a step of a sampler, whose timestep an offset may have moved past the last. */
  double alphaCumprodOfStep(int step, int t, int stepsOffset) {
    if (t >= trainSteps()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "step %s would be at timestep %s, but the model knows 0 to %s: take fewer steps, or a smaller steps_offset than %s",
              step,
              t,
              trainSteps() - 1,
              stepsOffset));
    }
    return alphaCumprod(t);
  }

  /**
   * The signal-to-noise ratio at a timestep.
   *
   * @param t 0 to T - 1
   * @return abar_t / (1 - abar_t); infinite where there is no noise
   */
  public double snr(int t) {
    double abar = alphaCumprod(t);
    return abar / (1 - abar);
  }

  /**
   * Karras' noise level at a timestep: the deviation of the noise where the clean sample has weight
   * one.
   *
   * @param t 0 to T - 1
   * @return sqrt((1 - abar_t) / abar_t); infinite where there is no signal
   */
  public double sigma(int t) {
    return Math.sqrt(1 / snr(t));
  }

  /**
   * The forward process: {@code out = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise}, with a timestep
   * for each image. {@code out} may be one of the inputs.
   *
   * @param timesteps t of each image, 0 to T - 1, [N]
   * @param clean x_0, [N, ...]
   * @param noise standard normal, the same size
   * @param out receives x_t, the same size
   */
  public void addNoise(int[] timesteps, FloatBuffer clean, FloatBuffer noise, FloatBuffer out) {
    int size = Elementwise.imageSize(timesteps.length, clean, "noise", noise, "out", out);
    for (int n = 0; n < timesteps.length; n++) {
      double abar = alphaCumprod(timesteps[n]);
      Elementwise.combine(Math.sqrt(abar), clean, Math.sqrt(1 - abar), noise, out, n * size, size);
    }
  }

  /**
   * The target of a model that predicts the velocity: {@code v = sqrt(abar_t) noise - sqrt(1 -
   * abar_t) x_0}, with a timestep for each image. {@code out} may be one of the inputs.
   *
   * @param timesteps t of each image, 0 to T - 1, [N]
   * @param clean x_0, [N, ...]
   * @param noise the noise that was added to it, the same size
   * @param out receives v, the same size
   */
  public void velocity(int[] timesteps, FloatBuffer clean, FloatBuffer noise, FloatBuffer out) {
    int size = Elementwise.imageSize(timesteps.length, clean, "noise", noise, "out", out);
    for (int n = 0; n < timesteps.length; n++) {
      double abar = alphaCumprod(timesteps[n]);
      Elementwise.combine(-Math.sqrt(1 - abar), clean, Math.sqrt(abar), noise, out, n * size, size);
    }
  }

  /**
   * Tells schedules apart.
   *
   * @return how many levels there are, and a checksum of abar at each; equal texts only for
   *     schedules that are equal to the last bit, as far as 32 bits can tell
   */
  public String checksum() {
    CRC32C sum = new CRC32C();
    for (double abar : alphasCumprod) {
      sum.update(Longs.toByteArray(Double.doubleToLongBits(abar)));
    }
    return trainSteps() + " levels, " + HexFormat.of().toHexDigits((int) sum.getValue());
  }

  private int checked(int t) {
    if (t < 0 || t >= betas.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "timestep must be in [0, %s], but was %s", betas.length - 1, t));
    }
    return t;
  }
}
