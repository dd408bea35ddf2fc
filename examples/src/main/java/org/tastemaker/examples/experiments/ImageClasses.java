package org.tastemaker.examples.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.examples.emoji.EmojiClipExperiment;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.optim.hps.CaptionedImage;
import org.tastemaker.optim.hps.PreferenceClasses;
import org.tastemaker.reward.clip.ClipReward;
import org.tastemaker.reward.clip.HumanPreferenceScore;
import org.tastemaker.reward.clip.Preprocessing;

/**
 * Which images of the bundled model are preferred: by the judge itself, or by a score that is
 * trained from the judge's choices ({@link EmojiClipExperiment}).
 *
 * @param model the bundled one, owned by the caller
 * @param judge whose choices these are
 * @param folder of the score; it is trained if it is not there
 * @param score how it is trained and used
 * @param say takes what is being done
 */
record ImageClasses(
    LatentDiffusion model, GlyphJudge judge, Path folder, Score score, Consumer<String> say) {
  /** For the judge's scores, which differ by tenths: see {@link GlyphJudge#score}. */
  private static final PreferenceClasses JUDGED = PreferenceClasses.of(10, 2);

  /**
   * The learned score.
   *
   * @param steps of its contrastive training
   * @param prompts whose images it is trained on
   * @param scale what it is multiplied by before images are classified; 0 for the model's
   */
  record Score(long steps, int prompts, double scale) {}

  /** Classes by the judge's own scores. */
  List<CaptionedImage> byJudge(List<ImageGroup> groups) {
    return PreferenceTrial.classified(groups, this::judged, JUDGED);
  }

  private double[] judged(ImageGroup group) {
    var fits = EmojiPrompts.answers(group.prompt().text());
    return group.images().stream().mapToDouble(image -> judge.score(image, fits)).toArray();
  }

  /** Classes by a score that is trained from the judge's choices, once for all seeds. */
  List<CaptionedImage> byLearnedScore(List<ImageGroup> groups) throws IOException {
    if (!Files.exists(folder.resolve("hps"))) {
      say.accept("training the score");
      EmojiClipExperiment.Options defaults = EmojiClipExperiment.Options.defaults();
      var unusedResult =
          new EmojiClipExperiment(
                  model,
                  folder,
                  new EmojiClipExperiment.Options(
                      score.steps(),
                      defaults.batch(),
                      score.prompts(),
                      defaults.each(),
                      defaults.denoisingSteps(),
                      defaults.hps()),
                  Seed.of(0), // the seeds above are for the tuning alone
                  RunListener.none())
              .run(new Cancellation());
    }
    try (ClipModel clip = ClipModel.load(folder.resolve("hps"))) {
      ClipReward reward =
          ClipReward.of(
              clip,
              "text-to-emoji",
              model.components().tokenizer(),
              Preprocessing.PIL,
              HumanPreferenceScore.OWN,
              ClipReward.Options.defaults());
      PreferenceClasses classes =
          PreferenceClasses.of(
              score.scale() > 0 ? score.scale() : Math.exp(clip.logitScale().getDouble(0)), 2);
      return PreferenceTrial.classified(
          groups,
          group -> {
            Prompt prompt = group.prompt();
            return reward.score(
                group.images().stream().map(image -> prompt).toList(), group.images());
          },
          classes);
    }
  }

  static String counted(List<CaptionedImage> images) {
    long preferred = images.stream().filter(CaptionedImage::preferred).count();
    return preferred + " images are preferred, " + (images.size() - preferred) + " are not";
  }

  /** How many of the classified images the judge puts on the same side of its prompt's median. */
  String agreement(List<CaptionedImage> classified, List<ImageGroup> groups) {
    int agreed = 0;
    for (ImageGroup group : groups) {
      double[] scores = judged(group);
      double[] sorted = scores.clone();
      Arrays.sort(sorted);
      double middle = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
      for (CaptionedImage image : classified) {
        int place = group.images().indexOf(image.image());
        if (place >= 0 && group.prompt().text().equals(image.caption())) {
          agreed += image.preferred() == scores[place] > middle ? 1 : 0;
        }
      }
    }
    return String.format(Locale.ROOT, "%.0f %%", 100.0 * agreed / classified.size());
  }
}
