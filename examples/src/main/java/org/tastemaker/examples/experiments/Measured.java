package org.tastemaker.examples.experiments;

import java.util.Map;
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
 */
record Measured(
    String words,
    EmojiReport.Counts counts,
    SamplingOptions sampling,
    Map<String, SamplingOptions> otherwise) {
  /** What must be the same for measurements to be compared. */
  Settings config(EmojiReport.Counts counts) {
    Settings config = Settings.none().with("counts", counts);
    return words.isEmpty() ? config : config.with("measured", words);
  }

  /** As the bundled model is meant to be used. */
  static Measured asUsed() {
    return new Measured(
        "", new EmojiReport.Counts(4, 16, 16, 8), BundledModel.sampling(), Map.of());
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
            BundledModel.sampling()));
  }
}
