package org.tastemaker.diffusion.schedule;

import static org.tastemaker.diffusion.schedule.LinearForm.NOISE;

/**
 * One update of DPM-Solver from lambda_s to lambda_t, in the forms that its papers have: Lu et al.,
 * "DPM-Solver" (2022), which integrates the noise prediction, and "DPM-Solver++" (2022), which
 * integrates the data prediction, each of the ordinary or the stochastic equation.
 *
 * <pre>
 *   h = lambda_t - lambda_s
 *   dpmsolver++:      x_t = (sigma_t / sigma_s) x - alpha_t (phi_1 D0 - w1 D1 + w2 D2),
 *                     with phi_1 = exp(-h) - 1
 *   dpmsolver:        x_t = (alpha_t / alpha_s) x - sigma_t (phi_1 D0 + w1 D1 + w2 D2),
 *                     with phi_1 = exp(h) - 1
 *   sde-dpmsolver++:  x_t = (sigma_t / sigma_s) exp(-h) x + alpha_t ((1 - exp(-2h)) D0 + ...)
 *                           + sigma_t sqrt(1 - exp(-2h)) z
 *   sde-dpmsolver:    x_t = (alpha_t / alpha_s) x - 2 sigma_t (phi_1 D0 + ...)
 *                           + sigma_t sqrt(exp(2h) - 1) z
 * </pre>
 *
 * <p>D0 is the prediction where the update starts, and D1 and D2 its first two derivatives in
 * lambda, times h and h^2: the caller makes them of what it knows. The weights {@code w1} are
 * phi_1's halves for {@code solver_type midpoint}, and the exact integrals for {@code heun}.
 */
final class DpmSolverUpdate {
  private final String algorithm;
  private final double alphaT;
  private final double sigmaT;
  private final double h;
  private final double fromSample;

  DpmSolverUpdate(String algorithm, double levelS, double levelT) {
    this.algorithm = algorithm;
    this.alphaT = SigmaSchedule.alpha(levelT);
    this.sigmaT = SigmaSchedule.deviation(levelT);
    this.h = SigmaSchedule.lambda(levelT) - SigmaSchedule.lambda(levelS);
    double bySigma = sigmaT / SigmaSchedule.deviation(levelS);
    double byAlpha = alphaT / SigmaSchedule.alpha(levelS);
    this.fromSample =
        switch (algorithm) {
          case "dpmsolver++" -> bySigma;
          case "sde-dpmsolver++" -> bySigma * Math.exp(-h);
          default -> byAlpha;
        };
  }

  /** Whether the prediction is that of the clean sample, and not of the noise. */
  static boolean isOfData(String algorithm) {
    return algorithm.endsWith("++");
  }

  double h() {
    return h;
  }

  /** The first order: a constant prediction. */
  LinearForm first(LinearForm sample, LinearForm d0) {
    LinearForm next = sample.times(fromSample).plus(d0.times(weightOfD0()));
    return next.plus(NOISE.times(deviation()));
  }

  /**
   * The second order: a prediction that is linear in lambda.
   *
   * @param exact by the exact integral, and not by the midpoint's
   */
  LinearForm second(LinearForm sample, LinearForm d0, LinearForm d1, boolean exact) {
    return first(sample, d0).plus(d1.times(exact ? exactWeightOfD1() : weightOfD0() / 2));
  }

  /** The third order: a prediction that is quadratic in lambda. */
  LinearForm third(LinearForm sample, LinearForm d0, LinearForm d1, LinearForm d2) {
    return second(sample, d0, d1, true).plus(d2.times(exactWeightOfD2()));
  }

  private double weightOfD0() {
    return switch (algorithm) {
      case "dpmsolver++" -> -alphaT * Math.expm1(-h);
      case "sde-dpmsolver++" -> -alphaT * Math.expm1(-2 * h);
      case "sde-dpmsolver" -> -2 * sigmaT * Math.expm1(h);
      default -> -sigmaT * Math.expm1(h);
    };
  }

  private double exactWeightOfD1() {
    return switch (algorithm) {
      case "dpmsolver++" -> alphaT * (Math.expm1(-h) / h + 1);
      case "sde-dpmsolver++" -> alphaT * (Math.expm1(-2 * h) / (2 * h) + 1);
      case "sde-dpmsolver" -> -2 * sigmaT * (Math.expm1(h) / h - 1);
      default -> -sigmaT * (Math.expm1(h) / h - 1);
    };
  }

  private double exactWeightOfD2() {
    return switch (algorithm) {
      case "dpmsolver++" -> -alphaT * ((Math.expm1(-h) + h) / (h * h) - 0.5);
      case "sde-dpmsolver++" -> -alphaT * ((Math.expm1(-2 * h) + 2 * h) / (4 * h * h) - 0.5);
      default -> -sigmaT * ((Math.expm1(h) - h) / (h * h) - 0.5);
    };
  }

  /** The deviation of the noise. */
  private double deviation() {
    return switch (algorithm) {
      case "sde-dpmsolver++" -> sigmaT * Math.sqrt(-Math.expm1(-2 * h));
      case "sde-dpmsolver" -> sigmaT * Math.sqrt(Math.expm1(2 * h));
      default -> 0;
    };
  }
}
