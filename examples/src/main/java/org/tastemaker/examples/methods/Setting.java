package org.tastemaker.examples.methods;

import java.util.Locale;
import org.tastemaker.optim.zo.ZoRankSgd;

/**
 * The three numbers of a method that are tuned.
 *
 * @param learningRate of AdamW on the LoRA weights; for a search without gradients, its largest
 *     step
 * @param updates of the weights per round; for a search without gradients, the steps tried per
 *     round
 * @param strength the method's own number, {@link Method#strengthName}; 0 if it has none
 */
record Setting(double learningRate, int updates, double strength) {
  Setting {
    if (!(learningRate > 0) || updates < 1 || !(strength >= 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a setting needs a learning rate above 0, at least 1 update and a strength of at least 0, but was %s, %s, %s",
              learningRate,
              updates,
              strength));
    }
  }

  private static final int PROBES = 6;

  /** The options of a search without gradients. */
  ZoRankSgd.Options search() {
    return ZoRankSgd.Options.forGains()
        .with(o -> o.probes(PROBES).best(PROBES))
        .withRadius(strength)
        .withStepSize(learningRate)
        .withStepDecay(0.5)
        .withStepCandidates(updates);
  }

  /** How many points a round of the search looks at, at most. */
  int searchedPoints() {
    return PROBES + updates + 2;
  }
}
