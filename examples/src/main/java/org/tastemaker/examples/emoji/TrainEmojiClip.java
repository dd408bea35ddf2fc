package org.tastemaker.examples.emoji;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.reward.clip.HpsEvaluation;
import org.tastemaker.reward.learned.RewardEvaluation;

/**
 * Trains a small CLIP model on the glyphs and a human preference score from it, and prints how
 * often both are right.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.emoji.TrainEmojiClip
 * </pre>
 */
public final class TrainEmojiClip {
  private TrainEmojiClip() {}

  /**
   * Trains.
   *
   * @param args the run's folder (default {@code runs/emoji-clip}) and the seed (default 1)
   * @throws IOException if a score of an earlier run cannot be replaced
   */
  public static void main(String[] args) throws IOException {
    Path run = Path.of(args.length > 0 ? args[0] : "runs/emoji-clip");
    long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
    try (LatentDiffusion model = BundledModel.load()) {
      EmojiClipExperiment.Result result =
          new EmojiClipExperiment(
                  model,
                  run,
                  EmojiClipExperiment.Options.defaults(),
                  Seed.of(seed),
                  TrainEmojiClip::say)
              .run(new Cancellation());
      System.out.println(table(result));
      System.out.println("the models are in " + run.resolve("clip") + " and " + run.resolve("hps"));
    }
  }

  private static void say(RunEvent event) {
    if (event instanceof RunEvent.Metrics metrics) {
      Double validation = metrics.values().get("validationLoss");
      if (validation != null) {
        System.out.printf(
            Locale.ROOT,
            "preference score, epoch %d: loss %.3f, on validation prompts %.3f%n",
            metrics.step(),
            metrics.values().get("trainingLoss"),
            validation);
      } else if (metrics.step() % 50 == 0) {
        System.out.printf(
            Locale.ROOT,
            "CLIP, step %d: loss %.3f%n",
            metrics.step(),
            metrics.values().get("loss"));
      }
    }
  }

  /** What came out, a line each. */
  static String table(EmojiClipExperiment.Result result) {
    HpsEvaluation before = result.hps().before();
    HpsEvaluation after = result.hps().heldOut();
    return String.join(
        System.lineSeparator(),
        "glyphs: " + result.glyphs(),
        "images of the bundled model: "
            + result.generated().map(ClipRetrieval::toString).orElse("none is clear to the judge"),
        String.format(
            Locale.ROOT,
            "choices of the judge on %d prompts held out; %.1f %% by chance",
            before.prompts(),
            100 * before.chance().orElse(Double.NaN)),
        "  CLIP   " + line(before),
        "  HPS    " + line(after),
        String.format(
            Locale.ROOT,
            "epochs: %d, of which number %d was kept; validation loss %.4f before, %.4f then",
            result.hps().trainingLoss().size(),
            result.hps().bestEpoch(),
            result.hps().validationLoss().get(0),
            result.hps().validationLoss().get(result.hps().bestEpoch())));
  }

  private static String line(HpsEvaluation evaluation) {
    return String.format(
        Locale.ROOT,
        "best image %s; pairs %s",
        share(evaluation.accuracy().orElse(Double.NaN), evaluation.interval()),
        share(evaluation.pairs().accuracy().orElse(Double.NaN), evaluation.pairs().interval()));
  }

  private static String share(double value, Optional<RewardEvaluation.Interval> interval) {
    return String.format(
        Locale.ROOT,
        "%.1f %%%s",
        100 * value,
        interval
            .map(i -> String.format(Locale.ROOT, " (%.1f to %.1f)", 100 * i.low(), 100 * i.high()))
            .orElse(""));
  }
}
