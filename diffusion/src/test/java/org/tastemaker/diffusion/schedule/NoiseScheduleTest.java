package org.tastemaker.diffusion.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NoiseScheduleTest {
  private static final NoiseSchedule STABLE_DIFFUSION =
      NoiseSchedule.of(SchedulerConfig.stableDiffusion());

  /** The references have eight decimals. */
  private static final double EIGHT_DECIMALS = 5.1e-9;

  @Test
  void stableDiffusionsNoiseLevelsAreTheKnownOnes() {
    assertThat(STABLE_DIFFUSION.alphaCumprod(0)).isCloseTo(.99915, within(EIGHT_DECIMALS));
    assertThat(STABLE_DIFFUSION.alphaCumprod(1)).isCloseTo(.99829603, within(EIGHT_DECIMALS));
    assertThat(STABLE_DIFFUSION.alphaCumprod(461)).isCloseTo(.33084564, within(EIGHT_DECIMALS));
    assertThat(STABLE_DIFFUSION.alphaCumprod(481)).isCloseTo(.30229566, within(EIGHT_DECIMALS));
    assertThat(STABLE_DIFFUSION.alphaCumprod(961)).isCloseTo(.00728173, within(EIGHT_DECIMALS));
    assertThat(STABLE_DIFFUSION.alphaCumprod(981)).isCloseTo(.00577550, within(EIGHT_DECIMALS));
  }

  @Test
  void linearBetasRunFromStartToEnd() {
    NoiseSchedule linear = NoiseSchedule.of(SchedulerConfig.of(SchedulerKind.DDPM, Map.of()));
    assertThat(linear.beta(0)).isEqualTo(1e-4);
    assertThat(linear.beta(999)).isCloseTo(.02, within(1e-15));
    assertThat(linear.beta(333)).isCloseTo(1e-4 + (.02 - 1e-4) / 3, within(1e-15));
  }

  @Test
  void theCosineScheduleCapsItsBetas() {
    NoiseSchedule cosine =
        NoiseSchedule.of(
            SchedulerConfig.of(SchedulerKind.DDIM, Map.of("beta_schedule", "squaredcos_cap_v2")));
    assertThat(cosine.beta(999)).isEqualTo(.999);
    double half = Math.cos((.5 + .008) / 1.008 * Math.PI / 2);
    double start = Math.cos(.008 / 1.008 * Math.PI / 2);
    assertThat(cosine.alphaCumprod(499)).isCloseTo(half * half / (start * start), within(1e-12));
  }

  @Test
  void betasThatWereWrittenDownAreUsedAsTheyAre() {
    NoiseSchedule trained =
        NoiseSchedule.of(
            SchedulerConfig.of(
                SchedulerKind.DDIM,
                Map.of("num_train_timesteps", 2, "trained_betas", List.of(.5, .25))));
    assertThat(trained.alphaCumprod(1)).isEqualTo(.375);
  }

  @Test
  void theChecksumIsThatOfTheLevelsBits() {
    NoiseSchedule trained =
        NoiseSchedule.of(
            SchedulerConfig.of(
                SchedulerKind.DDIM,
                Map.of("num_train_timesteps", 2, "trained_betas", List.of(.5, .25))));
    // CRC-32C of the eight bytes of .5 and of .375, the highest byte first; checkpoints hold it.
    assertThat(trained.checksum()).isEqualTo("2 levels, 3c41eb7a");
    assertThat(STABLE_DIFFUSION.checksum()).startsWith("1000 levels, ");
  }

  @Test
  void zeroTerminalSnrKeepsTheFirstLevelAndRemovesTheLastSignal() {
    NoiseSchedule rescaled =
        NoiseSchedule.of(SchedulerConfig.stableDiffusion().with("rescale_betas_zero_snr", true));
    assertThat(rescaled.snr(999)).isZero();
    assertThat(rescaled.beta(999)).isEqualTo(1);
    assertThat(rescaled.alphaCumprod(0)).isCloseTo(STABLE_DIFFUSION.alphaCumprod(0), within(1e-15));
    double first = Math.sqrt(STABLE_DIFFUSION.alphaCumprod(0));
    double terminal = Math.sqrt(STABLE_DIFFUSION.alphaCumprod(999));
    double middle = Math.sqrt(STABLE_DIFFUSION.alphaCumprod(500));
    assertThat(Math.sqrt(rescaled.alphaCumprod(500)))
        .isCloseTo(first * (middle - terminal) / (first - terminal), within(1e-14));
  }

  @Test
  void addNoiseAndVelocityRotateTheCleanSampleAndTheNoise() {
    FloatBuffer clean = FloatBuffer.wrap(new float[] {1, 1});
    FloatBuffer noise = FloatBuffer.wrap(new float[] {2, 2});
    FloatBuffer noisy = FloatBuffer.allocate(2);
    FloatBuffer velocity = FloatBuffer.allocate(2);
    int[] timesteps = {10, 900};
    STABLE_DIFFUSION.addNoise(timesteps, clean, noise, noisy);
    STABLE_DIFFUSION.velocity(timesteps, clean, noise, velocity);
    for (int n = 0; n < 2; n++) {
      double a = Math.sqrt(STABLE_DIFFUSION.alphaCumprod(timesteps[n]));
      double s = Math.sqrt(1 - STABLE_DIFFUSION.alphaCumprod(timesteps[n]));
      // two products and a sum of about 1 in single precision
      assertThat(noisy.get(n)).isCloseTo((float) (a + s * 2), within(3e-7f));
      assertThat(velocity.get(n)).isCloseTo((float) (a * 2 - s), within(3e-7f));
    }
  }

  @Test
  void karrasNoiseLevelIsTheInverseRootOfTheSnr() {
    double sigma = STABLE_DIFFUSION.sigma(999);
    // Stable Diffusion's largest noise level, as k-diffusion prints it.
    assertThat(sigma).isCloseTo(14.6146, within(5e-5));
    assertThat(STABLE_DIFFUSION.snr(999)).isCloseTo(1 / (sigma * sigma), within(1e-15));
  }

  @Test
  void aTimestepOutsideTheTableIsAnError() {
    assertThatThrownBy(() -> STABLE_DIFFUSION.snr(1000))
        .hasMessage("timestep must be in [0, 999], but was 1000");
  }

  @Test
  void sizesThatDoNotMatchAreAnError() {
    FloatBuffer three = FloatBuffer.allocate(3);
    FloatBuffer four = FloatBuffer.allocate(4);
    assertThatThrownBy(() -> STABLE_DIFFUSION.addNoise(new int[] {1}, three, four, three))
        .hasMessage("noise must hold 3 elements like the others, but holds 4");
    assertThatThrownBy(() -> STABLE_DIFFUSION.velocity(new int[] {1, 2}, three, three, three))
        .hasMessage("3 elements are not a whole number for each of 2 images");
  }
}
