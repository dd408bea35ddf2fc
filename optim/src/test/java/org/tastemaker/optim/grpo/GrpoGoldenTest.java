package org.tastemaker.optim.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.diffusion.schedule.DdimScheduler;
import org.tastemaker.diffusion.schedule.DenoisingStep;
import org.tastemaker.diffusion.schedule.Reduction;
import org.tastemaker.diffusion.schedule.SamplingStep;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.schedule.StepKl;

/**
 * Numbers of the public implementations of DanceGRPO, GRPO-Guard and Flow-DPPO, recomputed in
 * double precision, for one DDIM step on eight elements: {@code wave(s, k)_i = k sin(1.7 i + s)}.
 */
class GrpoGoldenTest {
  private static final Offset<Double> EXACT = within(1e-9);

  /** Steps are computed in single precision. */
  private static final Offset<Double> SINGLE = within(1e-6);

  private static final double OLD = .10253125473990228;
  private static final double NEW = .09965858482565547;
  private static final double KL = 1.405712028604296e-05;

  private final SamplingStep step =
      DdimScheduler.of(SchedulerConfig.stableDiffusion(), DdimScheduler.Options.ddpo())
          .begin(50)
          .steps()
          .get(25);
  private final StepCoefficients c = step.coefficients();

  private final FloatBuffer sample = floats(wave(.2, 1));
  private final FloatBuffer oldOutput = floats(wave(.3, .9));
  private final FloatBuffer newOutput = floats(sum(wave(.3, .9), wave(1.1, .02)));

  private static double[] wave(double start, double scale) {
    double[] values = new double[8];
    for (int i = 0; i < values.length; i++) {
      values[i] = scale * Math.sin(1.7 * i + start);
    }
    return values;
  }

  private static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  private static FloatBuffer floats(double[] values) {
    FloatBuffer buffer = FloatBuffer.allocate(values.length);
    for (double value : values) {
      buffer.put((float) value);
    }
    return buffer.flip();
  }

  @Test
  void theStepIsTheReferences() {
    assertThat(step.timestep()).isEqualTo(481);
    assertThat(step.signalScale() * step.signalScale()).isCloseTo(.30229566098601607, EXACT);
    assertThat(c.meanFromX0() * c.meanFromX0()).isCloseTo(.33084563977629183, EXACT);
    assertThat(c.sigma()).isCloseTo(.2876852737143147, EXACT);
    double slope = -.10807902383867818; // d mean / d output
    assertThat(c.klFactor()).isCloseTo(slope * slope / (2 * c.sigma() * c.sigma()), EXACT);
  }

  @Test
  void logProbabilitiesOfBothPoliciesAreTheReferences() {
    FloatBuffer drawn = FloatBuffer.allocate(8);
    double[] old = new double[1];
    double[] now = new double[1];
    DenoisingStep.sample(c, Reduction.MEAN, oldOutput, sample, floats(wave(.5, 1)), drawn, old);
    DenoisingStep.logProbability(c, Reduction.MEAN, newOutput, sample, drawn, now);
    assertThat((double) drawn.get(0)).isCloseTo(.3170173417371468, SINGLE);
    assertThat((double) drawn.get(1)).isCloseTo(1.134122328865692, SINGLE);
    assertThat(old[0]).isCloseTo(OLD, SINGLE);
    assertThat(now[0]).isCloseTo(NEW, SINGLE);
    assertThat(Math.exp(NEW - OLD)).isCloseTo(.9971314522538172, EXACT);
  }

  @Test
  void theKlToThePolicyThatSampledIsTheReferences() {
    FloatBuffer drawn = FloatBuffer.allocate(8);
    DenoisingStep.sample(
        c, Reduction.MEAN, oldOutput, sample, floats(wave(.5, 1)), drawn, new double[1]);
    FloatBuffer mean = FloatBuffer.allocate(8); // what was drawn less its noise
    for (int i = 0; i < 8; i++) {
      mean.put(i, (float) (drawn.get(i) - c.sigma() * wave(.5, 1)[i]));
    }
    double[] kl = new double[1];
    StepKl.klToMean(c, Reduction.MEAN, newOutput, mean, sample, kl);
    // Single precision: 1e-7 beside differences of 1e-3, squared.
    assertThat(kl[0]).isCloseTo(KL, within(1e-3 * KL));
    StepKl.kl(c, Reduction.MEAN, newOutput, oldOutput, sample, kl);
    assertThat(kl[0]).isCloseTo(KL, within(1e-4 * KL));
    double squares = 0;
    for (double difference : wave(1.1, .02)) {
      squares += difference * difference / 8;
    }
    assertThat(c.klFactor() * squares).isCloseTo(KL, within(1e-15));
  }

  @ParameterizedTest
  @CsvSource({
    "1.3, 1e-4, -1.2962708879299623, true",
    "-1.3, 1e-4, 1.29987, false",
    "1.3, 0.1, -1.2962708879299623, true",
    "-1.3, 0.1, 1.2962708879299623, true"
  })
  void theClippedLossIsTheReferences(double advantage, double clip, double loss, boolean active) {
    Surrogate found = Surrogate.clipped(NEW - OLD, advantage, clip);
    assertThat(found.ratio()).isCloseTo(.9971314522538172, EXACT);
    assertThat(found.loss()).isCloseTo(loss, EXACT);
    assertThat(found.byLogProbability()).isCloseTo(active ? found.loss() : 0, within(0.0));
    assertThat(found.byKl()).isZero();
    assertThat(found.stopped()).isEqualTo(clip < 0.1);
  }

  @Test
  void theGuardedRatioIsTheReferences() {
    Surrogate found = Surrogate.guarded(NEW - OLD, KL, c.sigma(), 1, 2e-6);
    assertThat(Math.log(found.ratio())).isCloseTo(-.0008223808040738454, EXACT);
    assertThat(found.ratio()).isCloseTo(.9991779572583412, EXACT);
  }

  @Test
  void theGuardedLossOfAFlowStepIsTheReferences() {
    double step = .1 * .4; // sqrt(dt) sigma
    double kl = 1e-4 / (2 * step * step);
    assertThat(kl).isCloseTo(.03125, EXACT);
    Surrogate found = Surrogate.guarded(.002, kl, step, 1, 2e-6);
    assertThat(found.ratio()).isCloseTo(1.0013308848422366, EXACT);
    assertThat(found.loss() / (.1 * .1)).isCloseTo(-100.0002, EXACT); // there divided by dt
    assertThat(found.byLogProbability()).isZero(); // clipped
  }

  @Test
  void theBiasOfTheRatioIsTakenOutExactly() {
    // log rho + D = mean(z (mu - mu_old)) / s, which is linear in the change.
    double[] z = wave(.5, 1);
    double[] change = wave(1.1, -.10807902383867818 * .02);
    double linear = 0;
    for (int i = 0; i < 8; i++) {
      linear += z[i] * change[i] / c.sigma() / 8;
    }
    assertThat(NEW - OLD + KL).isCloseTo(linear, EXACT);
  }
}
