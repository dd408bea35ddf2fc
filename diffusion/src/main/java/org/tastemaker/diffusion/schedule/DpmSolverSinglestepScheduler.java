package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.X0;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * DPM-Solver and DPM-Solver++ in single steps, of orders 1 to 3: Lu et al., "DPM-Solver" (2022),
 * algorithms 1 and 2, and "DPM-Solver++" (2022), algorithm 1. A step of order k asks the model k
 * times on its way; each of these is a step of its own here. So the orders go 1, 2, 1, 2, or 1, 2,
 * 3, and each update starts where its block began.
 *
 * <pre>
 *   order 2, from s1 over s0:       r0 = (lambda_s0 - lambda_s1) / h
 *                                   D0 = m1,  D1 = (m0 - m1) / r0
 *   order 3, from s2 over s1, s0:   r0 = (lambda_s0 - lambda_s2) / h,  r1 = (lambda_s1 - lambda_s2) / h
 *                                   D0 = m2,  D1_0 = (m1 - m2) / r1,  D1_1 = (m0 - m2) / r0
 *                                   D1 = (r0 D1_0 - r1 D1_1) / (r0 - r1),  D2 = 2 (D1_1 - D1_0) / (r0 - r1)
 * </pre>
 */
final class DpmSolverSinglestepScheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final String algorithm;

  private DpmSolverSinglestepScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.algorithm = config.text("algorithm_type");
  }

  /** The sampler of a configuration of any class; one that is not its own is read as if it were. */
  static DpmSolverSinglestepScheduler of(SchedulerConfig config) {
    return new DpmSolverSinglestepScheduler(config.as(SchedulerKind.DPM_SOLVER_SINGLESTEP));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = SigmaSchedule.ofSolver(config, noise, steps);
    SolverSteps run = new SolverSteps(config, schedule);
    List<Integer> orders = orders(steps);
    for (int i = first; i < steps; i++) {
      // A run that starts within a block begins a new one.
      int order = Math.min(orders.get(i), i - first + 1);
      LinearForm m0 = DpmSolverUpdate.isOfData(algorithm) ? X0 : run.noise(i);
      // The memory holds the sample of the block's beginning, then the predictions since, the
      // latest first.
      LinearForm start = order == 1 ? SAMPLE : memory(0);
      List<LinearForm> m = new ArrayList<>(List.of(m0));
      for (int k = 1; k < order; k++) {
        m.add(memory(k));
      }
      List<LinearForm> remembered = new ArrayList<>(List.of(start));
      remembered.addAll(m);
      run.add(i, next(schedule, i, start, m), remembered);
    }
    return run.run();
  }

  private LinearForm next(SigmaSchedule schedule, int i, LinearForm start, List<LinearForm> m) {
    int order = m.size();
    int from = i - order + 1;
    DpmSolverUpdate update =
        new DpmSolverUpdate(algorithm, schedule.sigma(from), schedule.sigma(i + 1));
    if (order == 1) {
      return update.first(start, m.get(0));
    }
    boolean exact = config.text("solver_type").equals("heun");
    double h = update.h();
    double lambdaFrom = SigmaSchedule.lambda(schedule.sigma(from));
    double r0 = (SigmaSchedule.lambda(schedule.sigma(i)) - lambdaFrom) / h;
    if (order == 2) {
      LinearForm d1 = m.get(0).minus(m.get(1)).times(1 / r0);
      return update.second(start, m.get(1), d1, exact);
    }
    double r1 = (SigmaSchedule.lambda(schedule.sigma(i - 1)) - lambdaFrom) / h;
    LinearForm d0 = m.get(2);
    LinearForm d10 = m.get(1).minus(d0).times(1 / r1);
    LinearForm d11 = m.get(0).minus(d0).times(1 / r0);
    if (!exact) {
      return update.second(start, d0, d11, true);
    }
    LinearForm d1 = d10.times(r0).minus(d11.times(r1)).times(1 / (r0 - r1));
    LinearForm d2 = d11.minus(d10).times(2 / (r0 - r1));
    return update.third(start, d0, d1, d2);
  }

  /** The order of each step. What does not fill a block, or lands on the clean sample, is low. */
  private List<Integer> orders(int steps) {
    int order = config.integer("solver_order");
    boolean toClean = !config.landsOnSmallest();
    boolean lowAtTheEnd = config.flag("lower_order_final") || steps % order != 0 || toClean;
    List<Integer> orders = new ArrayList<>();
    while (orders.size() < steps) {
      orders.add(orders.size() % order + 1);
    }
    if (lowAtTheEnd && order > 1 && steps % order == 0) {
      // The last block of k is one of k - 1, and one of order 1.
      orders.set(steps - 1, 1);
    }
    if (toClean) {
      orders.set(steps - 1, 1);
    }
    return orders;
  }
}
