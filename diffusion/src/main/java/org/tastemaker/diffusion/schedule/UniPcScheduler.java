package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.SAMPLE;
import static org.tastemaker.diffusion.schedule.LinearForm.X0;
import static org.tastemaker.diffusion.schedule.LinearForm.memory;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * UniPC, a predictor and a corrector of the same form, of orders 1 to 3: Zhao et al., "UniPC: A
 * Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models" (2023), algorithms 1
 * and 2, with B(h) = hh ({@code bh1}) or exp(hh) - 1 ({@code bh2}), hh = -h for the data prediction
 * and h for the noise prediction.
 *
 * <pre>
 *   r_k = (lambda_k - lambda_0) / h,  D_k = (m_k - m_0) / r_k
 *   x_t = (sigma_t / sigma_s) x - alpha_t (exp(-h) - 1) m_0 - alpha_t B(h) sum_k rho_k D_k
 *   sum_k rho_k r_k^(i-1) = phi_i,  i = 1, 2, ...
 * </pre>
 *
 * <p>The predictor knows the predictions before; the corrector, which is taken at the beginning of
 * the next step, also the one at its end (r = 1). It costs no evaluation: the model has been asked
 * at the predicted sample, and what it said is kept for the corrected one.
 *
 * <p>The memory holds the sample that the last step began with, corrected, and then the
 * predictions, the latest first.
 */
final class UniPcScheduler implements Scheduler {
  private final SchedulerConfig config;
  private final NoiseSchedule noise;
  private final boolean ofData;
  private final List<Integer> uncorrected;

  private UniPcScheduler(SchedulerConfig config) {
    this.config = config;
    this.noise = NoiseSchedule.of(config);
    this.ofData = config.flag("predict_x0");
    this.uncorrected = config.integers("disable_corrector");
  }

  /** The sampler of a configuration of any class; one that is not UniPC's is read as if it were. */
  static UniPcScheduler of(SchedulerConfig config) {
    return new UniPcScheduler(config.as(SchedulerKind.UNIPC_MULTISTEP));
  }

  @Override
  public SamplingRun begin(int steps, double strength) {
    int first = SamplingRun.firstStep(steps, strength, noise.trainSteps());
    SigmaSchedule schedule = SigmaSchedule.ofSolver(config, noise, steps);
    SolverSteps run = new SolverSteps(config, schedule);
    int most = config.integer("solver_order");
    int orderBefore = 0;
    for (int i = first; i < steps; i++) {
      LinearForm now = ofData ? X0 : run.noise(i);
      // 1. The predictions before this one.
      List<LinearForm> before = new ArrayList<>();
      for (int k = 0; k < Math.min(most, i - first); k++) {
        before.add(memory(1 + k));
      }
      // 2. The corrector of the step before.
      LinearForm sample =
          i == first || uncorrected.contains(i - 1)
              ? SAMPLE
              : new Update(schedule, i - 1).to(memory(0), before, orderBefore, now);
      // 3. The predictor.
      List<LinearForm> m = new ArrayList<>(List.of(now));
      m.addAll(before);
      int order = Math.min(most, i - first + 1);
      if (config.flag("lower_order_final")) {
        order = Math.min(order, steps - i);
      }
      LinearForm next = new Update(schedule, i).to(sample, m, order, null);
      // 4. What the next step knows.
      List<LinearForm> remembered = new ArrayList<>(List.of(sample));
      remembered.addAll(m.subList(0, Math.min(most, m.size())));
      run.add(i, next, remembered);
      orderBefore = order;
    }
    return run.run();
  }

  /** From the noise level of step i to the next one. */
  private final class Update {
    private final SigmaSchedule schedule;
    private final int i;
    private final double alphaT;
    private final double sigmaT;
    private final double h;

    Update(SigmaSchedule schedule, int i) {
      this.schedule = schedule;
      this.i = i;
      this.alphaT = SigmaSchedule.alpha(schedule.sigma(i + 1));
      this.sigmaT = SigmaSchedule.deviation(schedule.sigma(i + 1));
      this.h = SigmaSchedule.lambda(schedule.sigma(i + 1)) - lambda(i);
    }

    private double lambda(int step) {
      return SigmaSchedule.lambda(schedule.sigma(step));
    }

    /**
     * The sample at the next level.
     *
     * @param m the predictions at step i and before it
     * @param end the prediction at the next level, which only a corrector knows
     */
    LinearForm to(LinearForm sample, List<LinearForm> m, int order, @Nullable LinearForm end) {
      double hh = ofData ? -h : h;
      double growth = Math.expm1(hh);
      double scale = ofData ? alphaT : sigmaT;
      double level = schedule.sigma(i);
      double kept =
          ofData ? sigmaT / SigmaSchedule.deviation(level) : alphaT / SigmaSchedule.alpha(level);
      LinearForm next = sample.times(kept).minus(m.get(0).times(scale * growth));
      // 1. The differences, and where they are taken.
      List<LinearForm> differences = new ArrayList<>();
      List<Double> places = new ArrayList<>();
      for (int k = 1; k < order; k++) {
        double r = (lambda(i - k) - lambda(i)) / h;
        places.add(r);
        differences.add(m.get(k).minus(m.get(0)).times(1 / r));
      }
      if (end != null) {
        places.add(1.0);
        differences.add(end.minus(m.get(0)));
      }
      if (differences.isEmpty()) {
        return next;
      }
      // 2. Their weights: those of order 1 and 2 are simplified, as the paper's code has them.
      double b = config.text("solver_type").equals("bh1") ? hh : growth;
      boolean simple = end != null ? order == 1 : order == 2;
      double[] rho = simple ? new double[] {0.5} : weights(places, hh, b);
      for (int k = 0; k < rho.length; k++) {
        next = next.minus(differences.get(k).times(scale * b * rho[k]));
      }
      return next;
    }

    private double[] weights(List<Double> places, double hh, double b) {
      int n = places.size();
      double[][] powers = new double[n][n];
      double[] phi = new double[n];
      double term = Math.expm1(hh) / hh - 1;
      double factorial = 1;
      for (int row = 0; row < n; row++) {
        for (int column = 0; column < n; column++) {
          powers[row][column] = Math.pow(places.get(column), row);
        }
        phi[row] = term * factorial / b;
        factorial *= row + 2;
        term = term / hh - 1 / factorial;
      }
      return LinearSystem.solve(powers, phi);
    }
  }
}
