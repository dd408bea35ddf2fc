package org.tastemaker.examples.emoji;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.reward.learned.PreferenceSet;

/** Images of the bundled model, ranked by the judge that knows the glyphs. */
public final class JudgedEmoji {
  private JudgedEmoji() {}

  /**
   * Makes images and has them ranked by {@link GlyphJudge#score}.
   *
   * @param model makes them
   * @param judge ranks those of a prompt
   * @param prompts captions of {@link CaptionMix}
   * @param each how many images of each
   * @param seed of the noise
   * @return the ranked images
   */
  public static PreferenceSet of(
      LatentDiffusion model, GlyphJudge judge, List<String> prompts, int each, Seed seed) {
    List<Prompt> all = new ArrayList<>();
    prompts.forEach(text -> all.addAll(Collections.nCopies(each, Prompt.of(text))));
    List<Image> images = model.generate(all, seed);
    List<ImageGroup> groups = new ArrayList<>();
    List<Judgement> judgements = new ArrayList<>();
    for (int p = 0; p < prompts.size(); p++) {
      ImageGroup group =
          new ImageGroup(all.get(p * each), images.subList(p * each, (p + 1) * each));
      Predicate<Glyph> fits = EmojiPrompts.answers(prompts.get(p));
      double[] scores = group.images().stream().mapToDouble(i -> judge.score(i, fits)).toArray();
      groups.add(group);
      judgements.add(Judgement.of(Ranking.ofScores(scores), "glyph judge"));
    }
    return PreferenceSet.of(groups, judgements);
  }
}
