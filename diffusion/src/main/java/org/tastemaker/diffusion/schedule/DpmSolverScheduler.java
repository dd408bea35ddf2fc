package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.X0;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * DPM-Solver and DPM-Solver++ in their multistep forms, of orders 1 to 3 ("2M", "3M"), of the
 * ordinary and the stochastic equation ("2M SDE"): Lu et al., "DPM-Solver++: Fast Solver for Guided
 * Sampling of Diffusion Probabilistic Models" (2022), equation 12 and algorithm 2. {@link
 * DpmSolverUpdate} has the updates; the derivatives come from the steps before:
 *
 * <pre>
 *   r0 = (lambda_s0 - lambda_s1) / h,  r1 = (lambda_s1 - lambda_s2) / h
 *   order 2:  D0 = m0,  D1 = (m0 - m1) / r0
 *   order 3:  D1_0 = (m0 - m1) / r0,  D1_1 = (m1 - m2) / r1
 *             D1 = D1_0 + r0 / (r0 + r1) (D1_0 - D1_1),  D2 = (D1_0 - D1_1) / (r0 + r1)
 * </pre>
 *
 * <p>{@code m0} is this step's prediction, {@code m1} and {@code m2} those of the two before. The
 * first steps of a run have fewer before them and a lower order, wherever the run starts. So have
 * the last ones if they land on the clean sample, or in short runs, as in diffusers.
 *
 * <p>D2 of the multistep form is as k-diffusion and diffusers have it: half of what a third order
 * needs, so that the error falls with the second, from a lower start. The third order of
 * sde-dpmsolver++ is k-diffusion's ("3M SDE"); in diffusers its last weight has another sign, and
 * misses the data's distribution.
 */
final class DpmSolverScheduler implements Scheduler {
  /** Runs shorter than this end with lower orders if the configuration agrees. */
  private static final int SHORT_RUN = 15;

  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final String algorithm;

  private DpmSolverScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.algorithm = config.text("algorithm_type");
  }

  /**
   * The sampler of a configuration of any class; one that is not DPM-Solver's is read as if it
   * were.
   */
  static DpmSolverScheduler of(SchedulerConfig config) {
    return new DpmSolverScheduler(config.as(SchedulerKind.DPM_SOLVER_MULTISTEP));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = SigmaSchedule.ofSolver(config, noise, steps);
    SolverSteps run = new SolverSteps(config, schedule);
    int kept = config.integer("solver_order") - 1;
    for (int i = first; i < steps; i++) {
      // 1. The prediction, now and before.
      List<LinearForm> m = new ArrayList<>();
      m.add(DpmSolverUpdate.isOfData(algorithm) ? X0 : run.noise(i));
      for (int k = 0; k < Math.min(kept, i - first); k++) {
        m.add(memory(k));
      }
      // 2. The step.
      LinearForm next = next(schedule, i, m, order(schedule, i, i - first));
      run.add(i, next, List.copyOf(m.subList(0, Math.min(kept, m.size()))));
    }
    return run.run();
  }

  private int order(SigmaSchedule schedule, int i, int before) {
    int left = schedule.steps() - i;
    boolean shortRun = schedule.steps() < SHORT_RUN && config.flag("lower_order_final");
    boolean firstAtTheEnd = shortRun || config.flag("euler_at_final") || schedule.sigma(i + 1) == 0;
    int most = left == 1 && firstAtTheEnd ? 1 : left == 2 && shortRun ? 2 : 3;
    return Math.min(Math.min(config.integer("solver_order"), before + 1), most);
  }

  private LinearForm next(SigmaSchedule schedule, int i, List<LinearForm> m, int wanted) {
    DpmSolverUpdate update =
        new DpmSolverUpdate(algorithm, schedule.sigma(i), schedule.sigma(i + 1));
    double h = update.h();
    int order = h == 0 ? 1 : wanted;
    if (order == 1) {
      return update.first(SAMPLE, m.get(0));
    }
    double lambda0 = SigmaSchedule.lambda(schedule.sigma(i));
    double lambda1 = SigmaSchedule.lambda(schedule.sigma(i - 1));
    double r0 = (lambda0 - lambda1) / h;
    LinearForm d10 = m.get(0).minus(m.get(1)).times(1 / r0);
    if (order == 2) {
      return update.second(SAMPLE, m.get(0), d10, config.text("solver_type").equals("heun"));
    }
    double r1 = (lambda1 - SigmaSchedule.lambda(schedule.sigma(i - 2))) / h;
    LinearForm d11 = m.get(1).minus(m.get(2)).times(1 / r1);
    LinearForm d1 = d10.plus(d10.minus(d11).times(r0 / (r0 + r1)));
    LinearForm d2 = d10.minus(d11).times(1 / (r0 + r1));
    return update.third(SAMPLE, m.get(0), d1, d2);
  }
}
