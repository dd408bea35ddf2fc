package org.tastemaker.optim.run;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The bounds that end a run before its last round. A bound on a number that is never measured would
 * never end a run, so it is an error.
 *
 * @param maxApproxKl bound on a round's {@code approxKl}; infinity for none
 * @param maxKlToReference bound on an evaluation's {@code klToReference}; infinity for none
 */
record StopRule(double maxApproxKl, double maxKlToReference) {
  private static final String APPROX_KL = "approxKl";

  /** Makes the rule of a run. Fails if its evaluation does not measure what is bounded. */
  static StopRule of(double maxApproxKl, double maxKlToReference, @Nullable Evaluation evaluation) {
    if (Double.isFinite(maxKlToReference) && (evaluation == null || evaluation.kl() == null)) {
      throw new IllegalArgumentException(
          "maxKlToReference is "
              + maxKlToReference
              + ", but "
              + (evaluation == null
                  ? "the run is never evaluated"
                  : "the evaluation does not measure klToReference")
              + ": use evaluated(Evaluation.every(...).withKlOf(policy, microBatch)), or an"
              + " infinite bound");
    }
    return new StopRule(maxApproxKl, maxKlToReference);
  }

  /**
   * The bounded numbers that a round measured.
   *
   * @throws IllegalArgumentException if there is a bound on approxKl and the update did not report
   *     it
   */
  Map<String, Double> measured(long round, Map<String, Double> metrics, boolean skipped) {
    Map<String, Double> measured = new TreeMap<>();
    Double approxKl = metrics.get(APPROX_KL);
    if (approxKl != null) {
      measured.put(APPROX_KL, approxKl);
    } else if (Double.isFinite(maxApproxKl) && !skipped) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "maxApproxKl is %s, but the optimizer's report of round %s has no approxKl, since its method has no probability ratio: use maxKlToReference, or an infinite bound",
              maxApproxKl,
              round));
    }
    return measured;
  }

  /** Why a run ends after a round that measured these numbers; empty if it does not. */
  Optional<String> passed(long round, Map<String, Double> measured) {
    return passed(round, measured, APPROX_KL, maxApproxKl)
        .or(() -> passed(round, measured, Evaluation.KL_TO_REFERENCE, maxKlToReference));
  }

  private static Optional<String> passed(
      long round, Map<String, Double> measured, String name, double bound) {
    Double value = measured.get(name);
    return value != null && value > bound
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "%s is %s after round %s, above the bound of %s",
                name,
                value,
                round,
                bound))
        : Optional.empty();
  }
}
