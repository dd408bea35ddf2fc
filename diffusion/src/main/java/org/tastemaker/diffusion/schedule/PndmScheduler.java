package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.OUTPUT;
import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * Pseudo numerical methods for diffusion models: Liu et al. (2022), equation 11 for the way from
 * one timestep to another, and algorithm 2. It is the scheduler that Stable Diffusion 1.x names.
 *
 * <pre>
 *   x_p = sqrt(abar_p / abar_t) x
 *         - (abar_p - abar_t) e / (abar_t sqrt(1 - abar_p) + sqrt(abar_t (1 - abar_t) abar_p))   (11)
 *   e   = (55 e_0 - 59 e_-1 + 37 e_-2 - 9 e_-3) / 24                                             (12)
 * </pre>
 *
 * <p>Before there are four outputs of the model, {@code skip_prk_steps} decides: true takes lower
 * orders, with the first step done again by the mean of its two ends (n + 1 evaluations, as Stable
 * Diffusion does); false takes three steps of Runge and Kutta's method of order 4, equation 13,
 * with four evaluations each.
 *
 * <p>As in diffusers, the outputs are mixed as they are, and a velocity is made to noise after
 * that, and the previous timestep is {@code t - floor(T / n)} for every spacing. A run that starts
 * late does its own first step again, where diffusers mistakes the second for it.
 */
final class PndmScheduler implements Scheduler {
  private static final int ORDER = 4;

  private final SchedulerConfig config;
  private final NoiseSchedule noise;

  private PndmScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
  }

  /** The sampler of a configuration of any class; one that is not PNDM's is read as if it were. */
  static PndmScheduler of(SchedulerConfig config) {
    return new PndmScheduler(config.as(SchedulerKind.PNDM));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    if (config.predictionType() == PredictionType.SAMPLE) {
      throw new IllegalArgumentException(
          "PNDM takes models with a prediction_type of epsilon or v_prediction, but it was sample:"
              + " sample with DDIM");
    }
    boolean rungeKutta = !config.flag("skip_prk_steps") && first == 0;
    if (rungeKutta && steps < ORDER) {
      throw new IllegalArgumentException(
          "PNDM with skip_prk_steps false begins with 3 steps of Runge and Kutta's method, so it"
              + " has at least 4 steps, but was asked for "
              + steps);
    }
    double[] timesteps =
        config.timestepSpacing().timesteps(noise.trainSteps(), steps, config.stepsOffset());
    Plan plan = new Plan(noise.trainSteps() / steps);
    int next = first;
    if (rungeKutta) {
      for (; next < ORDER - 1; next++) {
        plan.rungeKutta(timesteps[next], timesteps[next + 1]);
      }
    }
    for (; next < steps; next++) {
      plan.multistep(timesteps[next], next + 1 < steps ? timesteps[next + 1] : -1);
    }
    return SamplingRun.of(plan.steps, 1);
  }

  /** The steps so far, and what the last one has left in the memory. */
  private final class Plan {
    private final int ratio;
    private final List<SamplingStep> steps = new ArrayList<>();
    private int outputs; // in the memory, the latest first

    Plan(int ratio) {
      this.ratio = ratio;
    }

    /** Equations 11 and 12: from t to t - T / n. */
    void multistep(double timestep, double following) {
      LinearForm mixed =
          switch (outputs) {
            case 0 -> OUTPUT;
            case 1 -> mix(3. / 2, -1. / 2);
            case 2 -> mix(23. / 12, -16. / 12, 5. / 12);
            default -> mix(55. / 24, -59. / 24, 37. / 24, -9. / 24);
          };
      if (outputs == 0 && following >= 0) {
        // The first step, and again from its beginning by the mean of both ends: the second output
        // is used once more by the step that follows.
        add(timestep, SAMPLE, OUTPUT, timestep, timestep - ratio, List.of(OUTPUT, SAMPLE));
        LinearForm mean = OUTPUT.plus(memory(0)).times(0.5);
        add(following, memory(1), mean, following + ratio, following, List.of(memory(0)));
        outputs = 1;
        return;
      }
      add(timestep, SAMPLE, mixed, timestep, timestep - ratio, keep());
    }

    /** Equation 13: three of these give the outputs that equation 12 needs. */
    void rungeKutta(double from, double to) {
      int half = ratio / 2; // a whole timestep
      double middle = to + half;
      int at = Math.min(outputs, ORDER - 1); // where the sample and the sum stand in the memory
      List<LinearForm> kept = keep();
      LinearForm sample = memory(at + 1);
      LinearForm sum = memory(at + 2);
      add(from, SAMPLE, OUTPUT, from, from - half, and(kept, SAMPLE, OUTPUT.times(1. / 6)));
      List<LinearForm> same = places(at + 1);
      add(middle, sample, OUTPUT, from, middle, and(same, sample, sum.plus(OUTPUT.times(1. / 3))));
      add(
          middle,
          sample,
          OUTPUT,
          from,
          middle - half,
          and(same, sample, sum.plus(OUTPUT.times(1. / 3))));
      add(to, sample, sum.plus(OUTPUT.times(1. / 6)), from, to, same);
    }

    private LinearForm mix(double now, double... before) {
      LinearForm sum = OUTPUT.times(now);
      for (int k = 0; k < before.length; k++) {
        sum = sum.plus(memory(k).times(before[k]));
      }
      return sum;
    }

    /** The memory after this output has come to it. */
    private List<LinearForm> keep() {
      List<LinearForm> kept = new ArrayList<>(List.of(OUTPUT));
      kept.addAll(places(Math.min(outputs, ORDER - 2)));
      outputs = Math.min(outputs + 1, ORDER - 1);
      return kept;
    }

    private static List<LinearForm> places(int count) {
      List<LinearForm> places = new ArrayList<>();
      for (int k = 0; k < count; k++) {
        places.add(memory(k));
      }
      return places;
    }

    private static List<LinearForm> and(List<LinearForm> kept, LinearForm sample, LinearForm sum) {
      List<LinearForm> all = new ArrayList<>(kept);
      all.add(sample);
      all.add(sum);
      return all;
    }

    /** Adds a step that asks at a timestep, and goes from t to p by equation 11. */
    private void add(
        double asked,
        LinearForm sample,
        LinearForm output,
        double t,
        double p,
        List<LinearForm> remembered) {
      int index = steps.size();
      double abar = noise.alphaCumprodOfStep(index, (int) Math.rint(t), config.stepsOffset());
      double abarOfInput =
          noise.alphaCumprodOfStep(index, (int) Math.rint(asked), config.stepsOffset());
      steps.add(
          new SamplingStep(
              index,
              Math.rint(asked),
              1,
              Math.sqrt(abarOfInput),
              Math.sqrt(1 - abarOfInput),
              SamplingRun.rule(
                  index,
                  asked,
                  config.predictionType(),
                  () ->
                      new MemoryStep(
                          new StepCoefficients.Prediction(0, 0, 0, 0), // x0 plays no part
                          X0Bound.NONE,
                          transfer(sample, output, abar, previous((int) Math.rint(p))),
                          remembered))));
    }

    private LinearForm transfer(
        LinearForm sample, LinearForm output, double abar, double previous) {
      LinearForm e =
          config.predictionType() == PredictionType.EPSILON
              ? output
              : output.times(Math.sqrt(abar)).plus(sample.times(Math.sqrt(1 - abar)));
      double divisor = abar * Math.sqrt(1 - previous) + Math.sqrt(abar * (1 - abar) * previous);
      return sample.times(Math.sqrt(previous / abar)).minus(e.times((previous - abar) / divisor));
    }

    private double previous(int timestep) {
      if (timestep >= 0) {
        return noise.alphaCumprod(timestep);
      }
      return config.flag("set_alpha_to_one") ? 1 : noise.alphaCumprod(0);
    }
  }
}
