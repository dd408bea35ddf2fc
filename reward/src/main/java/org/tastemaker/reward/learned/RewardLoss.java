package org.tastemaker.reward.learned;

import java.util.List;
import java.util.Optional;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;

/** The loss that a reward network is trained to minimize: a sum over prompts. */
public interface RewardLoss {
  /**
   * The loss of one prompt.
   *
   * @param group all that is known about its images
   * @return empty if the group holds nothing that this loss can learn from
   */
  Optional<Term> of(JudgedGroup group);

  /**
   * A loss as a function of the scores of some pairs of prompt and image.
   *
   * @param prompts N prompts
   * @param images N images
   * @param value the loss as a function of their N scores
   */
  record Term(List<Prompt> prompts, List<Image> images, Value value) {
    public Term {
      prompts = List.copyOf(prompts);
      images = List.copyOf(images);
      Pairs.require(prompts, images);
    }
  }

  /** A function of scores, with its gradient. */
  @FunctionalInterface
  interface Value {
    /**
     * Computes both.
     *
     * @param scores [N]
     * @param gradient [N], all 0; receives the derivative with respect to each score
     * @return the loss
     */
    double evaluate(double[] scores, double[] gradient);
  }
}
