package org.tastemaker.examples.ideas;

import java.io.PrintStream;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * A judge of your own: a {@link FeedbackOracle} is one method from groups of images to judgements.
 * This one prefers images with mirror symmetry, and gives no judgement of a group in which no image
 * shows anything.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.OwnFeedbackOracle
 * </pre>
 *
 * <p>prints its rankings and the rewards that the library's win rate makes of them. For real: ask a
 * vision model, a person, or a database of clicks in {@link Mirror#rank}, and give the judge to
 * {@link org.tastemaker.optim.run.AlignmentRun#judgedBy}.
 */
public final class OwnFeedbackOracle {
  private OwnFeedbackOracle() {}

  /**
   * Judges images of three prompts.
   *
   * @param args none
   */
  public static void main(String[] args) {
    List<Prompt> prompts = Stream.of("robot", "bus", "banana").map(Prompt::of).toList();
    judge(prompts, 4, 10, System.out);
  }

  /** The judge: this is all you have to write. */
  static final class Mirror implements FeedbackOracle {
    @Override
    public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
      return groups.stream().map(Mirror::rank).toList();
    }

    private static Judgement rank(ImageGroup group) {
      List<OptionalDouble> scores = group.images().stream().map(Mirror::likeness).toList();
      return scores.stream().allMatch(OptionalDouble::isEmpty)
          ? Judgement.missing(group.size(), "nothing to be seen", "mirror", Usage.NONE)
          : Judgement.ofScores(scores, "mirror");
    }

    /** Minus the mean difference from the mirrored image; nothing for an image of one colour. */
    private static OptionalDouble likeness(Image image) {
      double difference = 0;
      boolean oneColour = true;
      for (int c = 0; c < image.channels(); c++) {
        for (int y = 0; y < image.height(); y++) {
          for (int x = 0; x < image.width(); x++) {
            difference += Math.abs(image.get(c, y, x) - image.get(c, y, image.width() - 1 - x));
            oneColour &= image.get(c, y, x) == image.get(c, 0, 0);
          }
        }
      }
      return oneColour
          ? OptionalDouble.empty()
          : OptionalDouble.of(-difference / image.toFloats().length);
    }
  }

  static Rewards judge(
      List<Prompt> prompts, int imagesPerPrompt, int denoisingSteps, PrintStream out) {
    List<Prompt> repeated =
        prompts.stream().flatMap(p -> Collections.nCopies(imagesPerPrompt, p).stream()).toList();
    SamplingOptions sampling =
        SamplingOptions.ddpo().withSteps(denoisingSteps).withGuidanceScale(3);
    try (LatentDiffusion model = BundledModel.load().with(sampling);
        Rollout rollout = model.rollout(repeated, Seed.of(1))) {
      Rubric rubric = Rubric.of("symmetry", "1", "is the same in a mirror");
      List<Judgement> judgements = new Mirror().rank(rollout.groups(), rubric);
      Rewards rewards = WinRateReward.overall().score(rollout, judgements);
      for (int g = 0; g < judgements.size(); g++) {
        out.printf(
            Locale.ROOT,
            "%-8s best first: %s, win rates: %s%n",
            prompts.get(g).text(),
            judgements.get(g).ranking().tiers(),
            rollout.groupIndices().get(g).stream().map(rewards::get).toList());
      }
      return rewards;
    }
  }
}
