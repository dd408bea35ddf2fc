package org.tastemaker.optim.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.StepCoefficients;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.GradientCheck;
import org.tastemaker.optim.Policies;

/** Steps that are taken once more, and what the reference and the U-Net say of those there were. */
class TransitionsDrawTest {
  private static final double LOG_SQRT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

  private final LatentDiffusion model = TinyModel.create(Seed.of(1));
  private final Lora lora = TinyModel.lora(model, Seed.of(2));
  private final DiffusionPolicy policy = Policies.still(model, lora);
  private final int[] images = {0, 1, 2, 0};
  private final int[] steps = {0, 0, 1, 2};

  @AfterEach
  void close() {
    policy.close();
    lora.close();
    model.close();
  }

  private Rollout rollout() {
    return policy.sampler().rollout(TinyModel.prompts(3), Seed.of(3));
  }

  @Test
  void theReferencesLogProbabilitiesAreThoseOfTheModelWithoutTheAdapter() {
    try (Rollout rollout = rollout()) { // the adapter changes nothing yet
      GradientCheck.perturb(policy, Seed.of(5), 0.3);
      Transitions transitions = policy.transitions(rollout, 4);
      transitions.forward(images, steps);
      double[] recorded = transitions.recordedLogProbabilities();
      double[] reference = transitions.referenceLogProbabilities();
      for (int n = 0; n < images.length; n++) {
        assertThat(reference[n]).isCloseTo(recorded[n], within(1e-4)); // float rounding
        assertThat(transitions.logProbabilities()[n]).isNotCloseTo(recorded[n], within(1e-4));
      }
    }
  }

  @Test
  void stepsThatAreDrawnAgainAreAboutAsProbableAsAGaussianIs() {
    try (Rollout rollout = rollout()) {
      GradientCheck.perturb(policy, Seed.of(5), 0.1);
      List<Trajectory> trajectories = policy.trajectories(rollout);
      Transitions transitions = policy.transitions(trajectories, 4);
      transitions.forward(images, steps);
      List<FloatBuffer> drawn = transitions.draw(Seed.of(6).splits(4));
      assertThat(transitions.draw(Seed.of(6).splits(4))).isEqualTo(drawn);
      assertThat(transitions.draw(Seed.of(7).splits(4))).doesNotContainAnyElementsOf(drawn);

      List<Trajectory> others = new ArrayList<>();
      for (int n = 0; n < images.length; n++) {
        Trajectory own = trajectories.get(images[n]);
        List<FloatBuffer> latents = new ArrayList<>(own.latents());
        latents.set(steps[n] + 1, drawn.get(n));
        others.add(
            new Trajectory(
                own.prompt(), own.seed(), ImmutableList.copyOf(latents), own.logProbabilities()));
      }
      Transitions again = policy.transitions(others, 4);
      again.forward(new int[] {0, 1, 2, 3}, steps);
      double squares = 0; // of (x' - mean) / sigma, a mean over elements: 1
      for (int n = 0; n < images.length; n++) {
        double sigma = coefficients(steps[n]).sigma();
        squares -= 2 * (again.logProbabilities()[n] + Math.log(sigma) + LOG_SQRT_TWO_PI) / 4;
      }
      // The mean of 256 squares of normal deviates, whose standard deviation is sqrt(2 / 256).
      assertThat(squares).isCloseTo(1, within(4 * Math.sqrt(2.0 / 256)));
    }
  }

  private StepCoefficients coefficients(int step) {
    return policy.denoisingSteps().steps().get(step).coefficients();
  }

  @Test
  void theCleanEstimateIsTheOneThatTheStepGoesTowards() {
    try (Rollout rollout = rollout()) {
      List<Trajectory> trajectories = policy.trajectories(rollout);
      Transitions transitions = policy.transitions(trajectories, 4);
      transitions.forward(images, steps);
      List<FloatBuffer> estimates = transitions.cleanEstimates();
      for (int n = 0; n < images.length; n++) {
        StepCoefficients c = coefficients(steps[n]);
        FloatBuffer x = trajectories.get(images[n]).latents().get(steps[n]);
        FloatBuffer next = trajectories.get(images[n]).latents().get(steps[n] + 1);
        double squares = 0;
        for (int i = 0; i < 64; i++) {
          // From the estimate alone: o is what it was made from, x0 = x0FromSample x + ... o.
          double o = (estimates.get(n).get(i) - c.x0FromSample() * x.get(i)) / c.x0FromOutput();
          double mean =
              c.meanFromX0() * estimates.get(n).get(i)
                  + c.meanFromSample() * x.get(i)
                  + c.meanFromOutput() * o;
          squares += (next.get(i) - mean) * (next.get(i) - mean) / 64;
        }
        double expected =
            -squares / (2 * c.sigma() * c.sigma()) - Math.log(c.sigma()) - LOG_SQRT_TWO_PI;
        assertThat(transitions.logProbabilities()[n]).isCloseTo(expected, within(1e-3));
      }
    }
  }

  @Test
  void eachRowNeedsASeed() {
    try (Rollout rollout = rollout()) {
      Transitions transitions = policy.transitions(rollout, 4);
      transitions.forward(images, steps);
      assertThatThrownBy(() -> transitions.draw(Seed.of(6).splits(3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("there must be a seed for each of the 4 rows, but there were 3");
    }
  }
}
