package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * Diffusion exponential integrators, the multistep form in log rho, of orders 1 to 3: Zhang and
 * Chen, "Fast Sampling of Diffusion Models with Exponential Integrator" (2022), section 4.
 *
 * <pre>
 *   rho = sigma / alpha
 *   x_t = alpha_t (x_s / alpha_s + sum_k C_k e_k),   C_k = integral of L_k(rho) from rho_s to rho_t
 * </pre>
 *
 * <p>{@code e_k} is the noise prediction k steps ago, and L_k the polynomial of Lagrange in log rho
 * that is 1 at its level and 0 at the others'. With u = log rho, {@code integral p(u) exp(u) du =
 * exp(u) (p - p' + p'' - ...)}.
 */
final class DeisScheduler implements Scheduler {
  private static final int SHORT_RUN = 15;

  private final SchedulerConfig config;
  private final NoiseSchedule noise;

  private DeisScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
  }

  /** The sampler of a configuration of any class; one that is not DEIS' is read as if it were. */
  static DeisScheduler of(SchedulerConfig config) {
    return new DeisScheduler(config.as(SchedulerKind.DEIS_MULTISTEP));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = schedule(steps);
    SolverSteps run = new SolverSteps(config, schedule);
    int kept = config.integer("solver_order") - 1;
    for (int i = first; i < steps; i++) {
      // 1. The noise, now and before.
      List<LinearForm> e = new ArrayList<>();
      e.add(run.noise(i));
      for (int k = 0; k < Math.min(kept, i - first); k++) {
        e.add(memory(k));
      }
      // 2. The step.
      int order = order(steps, i, i - first);
      double rhoT = schedule.sigma(i + 1);
      LinearForm sum = SAMPLE.times(1 / SigmaSchedule.alpha(schedule.sigma(i)));
      for (int k = 0; k < order; k++) {
        sum = sum.plus(e.get(k).times(weight(schedule, i, k, order)));
      }
      run.add(
          i,
          sum.times(SigmaSchedule.alpha(rhoT)),
          List.copyOf(e.subList(0, Math.min(kept, e.size()))));
    }
    return run.run();
  }

  /** Lands on the smallest noise level, and with levels of its own on the last of them. */
  private SigmaSchedule schedule(int steps) {
    SigmaSchedule solver = SigmaSchedule.ofSolver(config, noise, steps);
    double[] sigmas = solver.sigmas();
    boolean own = SigmaSpacing.of(config) != SigmaSpacing.TIMESTEPS;
    sigmas[steps] = own ? sigmas[steps - 1] : NoiseLevels.of(config, noise).smallest();
    return solver;
  }

  private int order(int steps, int i, int before) {
    boolean shortRun = steps < SHORT_RUN && config.flag("lower_order_final");
    int left = steps - i;
    int most = shortRun ? left : 3;
    return Math.min(Math.min(config.integer("solver_order"), before + 1), most);
  }

  private static double weight(SigmaSchedule schedule, int i, int k, int order) {
    // The polynomial L_k(u) = c2 u^2 + c1 u + c0 in u = log rho.
    double c2 = 0;
    double c1 = 0;
    double c0 = 1;
    for (int j = 0; j < order; j++) {
      if (j != k) {
        double root = Math.log(schedule.sigma(i - j));
        double scale = 1 / (Math.log(schedule.sigma(i - k)) - root);
        c2 = scale * (c1 - root * c2);
        c1 = scale * (c0 - root * c1);
        c0 = -scale * root * c0;
      }
    }
    return integral(c2, c1, c0, schedule.sigma(i + 1)) - integral(c2, c1, c0, schedule.sigma(i));
  }

  private static double integral(double c2, double c1, double c0, double rho) {
    double u = Math.log(rho);
    double value = (c2 * u + c1) * u + c0;
    double slope = 2 * c2 * u + c1;
    return rho * (value - slope + 2 * c2);
  }
}
