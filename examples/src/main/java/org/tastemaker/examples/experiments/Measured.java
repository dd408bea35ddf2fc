package org.tastemaker.examples.experiments;

import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;

/**
 * How models are sampled to be measured.
 *
 * @param words a description for files; empty for the model's default sampling
 * @param counts how many images, unless the command says otherwise
 * @param otherwise other samplings for consistency, by the measurement's name
 * @param steps denoising steps that the command asks for; 0 for those of the samplings
 * @param engine what the command asks for, by name: it changes images a little
 */
record Measured(
    String words,
    EmojiReport.Counts counts,
    SamplingOptions sampling,
    Map<String, SamplingOptions> otherwise,
    int steps,
    Map<String, String> engine) {
  /** What must be the same for measurements to be compared. */
  Settings config(EmojiReport.Counts counts) {
    Settings config = Settings.none().with("counts", counts);
    config = words.isEmpty() ? config : config.with("measured", words);
    config = steps == 0 ? config : config.with("measuredSteps", steps);
    for (var asked : engine.entrySet()) {
      config = config.with(asked.getKey(), asked.getValue());
    }
    return config;
  }

  /** The same with an engine that is not the default one. */
  Measured withEngine(Map<String, String> asked) {
    return new Measured(words, counts, sampling, otherwise, steps, asked);
  }

  /** The same in so many denoising steps. */
  Measured withSteps(int count) {
    Map<String, SamplingOptions> changed = new TreeMap<>();
    otherwise.forEach((name, options) -> changed.put(name, options.withSteps(count)));
    return new Measured(words, counts, sampling.withSteps(count), changed, count, engine);
  }

  /** As the bundled model is meant to be used. */
  static Measured asUsed() {
    return new Measured(
        "", new EmojiReport.Counts(4, 16, 16, 8), BundledModel.sampling(), Map.of(), 0, Map.of());
  }

  /** As in training, with consistency also at a higher guidance scale and as used. */
  static Measured asTrained(double guidance, double more) {
    return new Measured(
        "as trained, guidance " + guidance + " and " + more,
        new EmojiReport.Counts(12, 4, 4, 4),
        Training.sampling(guidance),
        Map.of(
            Findings.CONSISTENCY_GUIDED,
            Training.sampling(more),
            Findings.CONSISTENCY_AS_USED,
            BundledModel.sampling()),
        0,
        Map.of());
  }
}
