package org.tastemaker.examples.methods;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.CaptionMix;
import org.tastemaker.examples.emoji.EmojiPrompts;
import org.tastemaker.examples.emoji.Glyph;
import org.tastemaker.examples.emoji.GlyphReward;
import org.tastemaker.examples.emoji.GlyphSheet;
import org.tastemaker.optim.likelihood.PretrainingData;

/**
 * What some methods are given besides rewards.
 *
 * @param pretraining for Lee et al.'s second term
 * @param scorer of the images that a step could lead to, for SPO
 * @param gradient made for those that go through the denoising steps backward
 */
record Teaching(
    PretrainingData pretraining, RewardModel scorer, Supplier<DifferentiableReward> gradient) {
  /** Images from which the pre-training term draws. */
  private static final int PRETRAINING_IMAGES = 1024;

  /**
   * The share of them without a caption, as in the model's own training; otherwise guidance
   * suffers.
   */
  private static final double WITHOUT_CAPTION = 0.1;

  /**
   * What a method is given.
   *
   * @param pretrains whether it trains on pre-training data too; others are given none
   */
  static Teaching of(
      boolean pretrains, LatentDiffusion model, EmojiTask task, Protocol protocol, Seed seed) {
    return new Teaching(
        pretrains ? pretraining(model, protocol, seed) : (batch, size) -> List.of(),
        likeness(task),
        () -> new GlyphReward(BundledModel.judge()));
  }

  /** What the judge ranks by, of each image of a rollout. */
  static RewardModel likeness(EmojiTask task) {
    TrialJudge judge = new TrialJudge(task);
    return (rollout, judgements) ->
        Rewards.of(
            judge.scores(rollout.prompts(), rollout.images()).stream()
                .mapToDouble(Double::doubleValue)
                .toArray());
  }

  /**
   * Images that the model was trained on, in the shares in which it saw them, but none that answers
   * a prompt of the trial: the target must be learned from the judge alone.
   */
  private static PretrainingData pretraining(LatentDiffusion model, Protocol protocol, Seed seed) {
    GlyphSheet sheet = BundledModel.glyphs();
    CaptionMix mix = CaptionMix.of(sheet.glyphs());
    Predicate<Glyph> aimedAt =
        protocol.prompts().stream()
            .map(prompt -> EmojiPrompts.answers(prompt.text()))
            .reduce(glyph -> false, Predicate::or);
    RandomGenerator random = seed.split("pre-training").generator();
    List<CaptionMix.Draw> draws = new ArrayList<>();
    while (draws.size() < PRETRAINING_IMAGES) {
      CaptionMix.Draw draw = mix.draw(random);
      if (!aimedAt.test(sheet.glyphs().get(draw.glyph()))) {
        draws.add(draw);
      }
    }
    List<PretrainingData.Captioned> data = new ArrayList<>();
    try (INDArray latents =
        model.encode(draws.stream().map(draw -> sheet.images().get(draw.glyph())).toList())) {
      FloatBuffer all = FloatBuffers.of(latents); // [N, C, h, w]
      int size = all.limit() / draws.size();
      for (int i = 0; i < draws.size(); i++) {
        float[] one = new float[size];
        all.get(i * size, one);
        String caption = random.nextDouble() < WITHOUT_CAPTION ? "" : draws.get(i).caption();
        data.add(new PretrainingData.Captioned(FloatBuffer.wrap(one), caption));
      }
    }
    return PretrainingData.of(data, seed.split("pre-training draws"));
  }
}
