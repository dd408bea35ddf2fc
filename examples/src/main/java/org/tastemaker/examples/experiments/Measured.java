package org.tastemaker.examples.experiments;

import java.util.Map;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;

/**
 * How models are measured: sampled as the bundled model is used.
 *
 * @param counts how many images, unless the command says otherwise
 * @param own whether the base model is measured for one experiment, not for all of them
 * @param steps denoising steps that the command asks for; 0 for the usual ones
 * @param engine what the command asks for, by name: it changes images a little
 */
record Measured(EmojiReport.Counts counts, boolean own, int steps, Map<String, String> engine) {
  Measured {
    engine = Map.copyOf(engine);
  }

  /** What must be the same for measurements to be compared. */
  Settings config(EmojiReport.Counts asked) {
    Settings config = Settings.none().with("counts", asked);
    config = steps == 0 ? config : config.with("measuredSteps", steps);
    for (var each : engine.entrySet()) {
      config = config.with(each.getKey(), each.getValue());
    }
    return config;
  }

  SamplingOptions sampling() {
    SamplingOptions usual = BundledModel.sampling();
    return steps == 0 ? usual : usual.withSteps(steps);
  }

  /** The same in so many denoising steps. */
  Measured withSteps(int count) {
    return new Measured(counts, own, count, engine);
  }

  /** The same with an engine that is not the default one. */
  Measured withEngine(Map<String, String> asked) {
    return new Measured(counts, own, steps, asked);
  }

  /** Most images where bias and harm are. */
  static Measured usual() {
    return new Measured(new EmojiReport.Counts(4, 16, 16, 8), false, 0, Map.of());
  }

  /** Three times as many images of each prompt that names one glyph. */
  static Measured consistency() {
    return new Measured(new EmojiReport.Counts(12, 16, 16, 8), true, 0, Map.of());
  }
}
