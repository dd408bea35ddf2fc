package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * A linear multistep method of order 4 on the probability-flow ODE in Karras' variables, as
 * k-diffusion has it ("LMS"): Adams and Bashforth's with steps of any length.
 *
 * <pre>
 *   x_next = x + sum_k c_k d_{-k},   c_k = integral of L_k(s) ds from sigma to sigma_next
 * </pre>
 *
 * <p>{@code d_{-k}} is the slope k steps ago, and L_k the polynomial of Lagrange that is 1 at its
 * noise level and 0 at the others'. The first steps have fewer slopes, and a lower order.
 */
final class LmsScheduler implements Scheduler {
  private static final int ORDER = 4;

  private final SchedulerConfig config;
  private final NoiseSchedule noise;

  private LmsScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
  }

  /** The sampler of a configuration of any class; one that is not LMS' is read as if it were. */
  static LmsScheduler of(SchedulerConfig config) {
    return new LmsScheduler(config.as(SchedulerKind.LMS_DISCRETE));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = SigmaSchedule.ofSteps(config, noise, steps);
    KarrasSteps run = new KarrasSteps(config, schedule);
    for (int i = first; i < steps; i++) {
      int order = Math.min(ORDER, i - first + 1);
      // 1. The slopes: this one, and those before it.
      List<LinearForm> slopes = new ArrayList<>();
      slopes.add(KarrasSteps.slope(schedule.sigma(i)));
      for (int k = 1; k < order; k++) {
        slopes.add(memory(k - 1));
      }
      // 2. Their weights.
      LinearForm next = SAMPLE;
      for (int k = 0; k < order; k++) {
        next = next.plus(slopes.get(k).times(weight(schedule, i, k, order)));
      }
      run.add(
          i,
          schedule.timestep(i),
          schedule.sigma(i),
          next,
          slopes.subList(0, Math.min(order, ORDER - 1)));
    }
    return run.run();
  }

  private static double weight(SigmaSchedule schedule, int i, int k, int order) {
    DoubleUnaryOperator lagrange =
        s -> {
          double product = 1;
          for (int j = 0; j < order; j++) {
            if (j != k) {
              product *=
                  (s - schedule.sigma(i - j)) / (schedule.sigma(i - k) - schedule.sigma(i - j));
            }
          }
          return product;
        };
    return integral(lagrange, schedule.sigma(i), schedule.sigma(i + 1));
  }

  /** Gauss' rule with two points: exact for polynomials of degree 3. */
  private static double integral(DoubleUnaryOperator f, double from, double to) {
    double middle = (from + to) / 2;
    double half = (to - from) / 2;
    double offset = half / Math.sqrt(3);
    return half * (f.applyAsDouble(middle - offset) + f.applyAsDouble(middle + offset));
  }
}
