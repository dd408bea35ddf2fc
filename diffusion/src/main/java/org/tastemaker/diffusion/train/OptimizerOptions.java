package org.tastemaker.diffusion.train;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.tastemaker.core.run.Settings;

/**
 * How gradients update the weights, for every trainer.
 *
 * @param steps how many updates to do in all, at least 1
 * @param accumulation how many batches an update takes, at least 1; each has the same weight
 * @param rate the learning rate over the steps
 * @param adamW of the optimizer
 * @param maxGradientNorm to which the gradient's global norm is clipped, above 0; infinite for no
 *     clipping
 * @param ema of the weights' moving average, or empty for none
 */
@RecordBuilder
public record OptimizerOptions(
    long steps,
    int accumulation,
    Rate rate,
    AdamW.Options adamW,
    double maxGradientNorm,
    Optional<Ema.Options> ema)
    implements OptimizerOptionsBuilder.With {

  /** What helps a run that has diverged, and so may change when it is resumed. */
  static final Set<String> MAY_CHANGE = Set.of("rate.peak", "maxGradientNorm");

  /** What the learning rate does after its warm-up. */
  public enum Decay {
    /** Stays at the peak. */
    CONSTANT,
    /** Falls linearly to 0, which it has after the last step. */
    LINEAR,
    /** Falls along half a cosine to 0, which it has after the last step. */
    COSINE
  }

  /**
   * A learning rate.
   *
   * @param decay what follows the warm-up
   * @param peak the highest rate, above 0
   * @param warmUp how many steps it rises for, at least 0 and less than all steps
   */
  public record Rate(Decay decay, double peak, long warmUp) {
    /** Checks every field; the number of steps limits the warm-up further. */
    public Rate {
      Objects.requireNonNull(decay, "decay == null");
      LearningRate.check(peak, warmUp, Long.MAX_VALUE);
    }

    /**
     * The rate of an update.
     *
     * @param step how many updates came before it, at least 0
     * @param steps how many updates there are in all, after which a rate that falls is 0; more than
     *     the warm-up
     * @return the rate, at least 0
     */
    public double at(long step, long steps) {
      return over(steps).at(step);
    }

    LearningRate over(long steps) {
      return switch (decay) {
        case CONSTANT -> LearningRate.constant(peak, warmUp);
        case LINEAR -> LearningRate.linear(peak, warmUp, steps);
        case COSINE -> LearningRate.cosine(peak, warmUp, steps);
      };
    }
  }

  /** Checks every field. */
  public OptimizerOptions {
    if (steps < 1) {
      throw new IllegalArgumentException("steps must be at least 1, but was " + steps);
    }
    if (accumulation < 1) {
      throw new IllegalArgumentException(
          "accumulation must be at least 1, but was " + accumulation);
    }
    if (!(maxGradientNorm > 0)) {
      throw new IllegalArgumentException(
          "maxGradientNorm must be above 0, but was " + maxGradientNorm);
    }
    Objects.requireNonNull(rate, "rate == null");
    Objects.requireNonNull(adamW, "adamW == null");
    Objects.requireNonNull(ema, "ema == null");
    LearningRate unused = rate.over(steps); // checks the rate's settings
  }

  /**
   * AdamW at 1e-4 with a warm-up over the first twentieth (at most 500 steps), a cosine to 0, a
   * gradient norm of at most 1, and an average of the weights.
   *
   * @param steps how many updates to do in all, at least 1
   * @return the options
   */
  public static OptimizerOptions defaults(long steps) {
    return new OptimizerOptions(
        steps,
        1,
        new Rate(Decay.COSINE, 1e-4, Math.min(500, steps / 20)),
        AdamW.Options.defaults(),
        1,
        Optional.of(Ema.Options.defaults()));
  }

  /** What a run that is resumed must have in common with the one that was stopped. */
  Settings settings() {
    // With a constant rate a run may be made longer; with the others every step depends on it.
    return rate.decay() == Decay.CONSTANT ? Settings.of(this, "steps") : Settings.of(this);
  }
}
