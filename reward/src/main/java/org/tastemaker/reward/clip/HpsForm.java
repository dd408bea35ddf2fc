package org.tastemaker.reward.clip;

import com.google.common.primitives.ImmutableDoubleArray;
import com.google.common.primitives.ImmutableIntArray;
import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.diffusion.train.ChoiceLoss;
import org.tastemaker.reward.learned.JudgedGroup;

/** Which choices a preference score learns from what is known about a prompt's images. */
public enum HpsForm {
  /**
   * The best of the images that a judge ranked, as in HPS (Wu et al., ICCV 2023, sec. 4): images
   * that tie for the first place share it. The order of the others is not learned, and a judge who
   * found all images equal chose nothing.
   */
  BEST,

  /**
   * Every pair, as in PickScore and HPSv2, with a tie as one half each. The pairs of a prompt have
   * the weight of one choice together, as PickScore has it.
   */
  PAIRS;

  /**
   * The choices of a prompt, by the indices of its images and as text 0.
   *
   * @return with weights that sum to 1; empty if there is nothing to learn
   */
  List<ChoiceLoss.Choice> of(JudgedGroup group) {
    List<ImmutableIntArray> images = new ArrayList<>();
    List<ImmutableDoubleArray> shares = new ArrayList<>();
    List<Preference> pairs = new ArrayList<>(group.ballots().preferences());
    for (Ranking ranking : group.ballots().rankings()) {
      if (this == PAIRS) {
        pairs.addAll(ranking.pairs());
      } else if (ranking.tiers().size() > 1) {
        ImmutableIntArray.Builder judged = ImmutableIntArray.builder();
        ImmutableDoubleArray.Builder y = ImmutableDoubleArray.builder();
        List<Integer> best = ranking.tiers().get(0);
        for (List<Integer> tier : ranking.tiers()) {
          for (int image : tier) {
            judged.add(image);
            y.add(tier == best ? 1.0 / best.size() : 0);
          }
        }
        images.add(judged.build());
        shares.add(y.build());
      }
    }
    for (Preference pair : pairs) {
      if (this == PAIRS || !pair.isTie()) {
        images.add(ImmutableIntArray.of(pair.first(), pair.second()));
        shares.add(ImmutableDoubleArray.of(pair.probability(), 1 - pair.probability()));
      }
    }
    List<ChoiceLoss.Choice> choices = new ArrayList<>();
    for (int c = 0; c < images.size(); c++) {
      choices.add(new ChoiceLoss.Choice(0, images.get(c), shares.get(c), 1.0 / images.size()));
    }
    return choices;
  }
}
