package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Locale;

/**
 * Which of a prompt's images was chosen: the loss of human preference scores.
 *
 * <pre>
 *   p   = softmax over the images i of a choice of  l_i = exp(s) cos(I_i, T)
 *   L   = sum over choices of  w KL(y || p)  /  sum of w,     KL(y || p) = sum over i of y_i ln(y_i / p_i)
 *   dL/dl_i = w (p_i - y_i) / sum of w
 * </pre>
 *
 * <ul>
 *   <li>HPS (Wu et al., "Human Preference Score: Better Aligning Text-to-Image Models with Human
 *       Preference", ICCV 2023, sec. 4): y is 1 for the one of n images that a person chose, and L
 *       is the cross-entropy, ln n for equal scores.
 *   <li>PickScore (Kirstain et al., "Pick-a-Pic", NeurIPS 2023) and HPSv2 (Wu et al., 2023): pairs,
 *       with y = (1, 0), (0, 1) or, for a tie, (1/2, 1/2). Where a prompt has many pairs, PickScore
 *       gives each the weight 1 over their number.
 * </ul>
 *
 * <p>HPSv2's program leaves ln y out, which changes the loss of a tie by ln 2 and no gradient.
 */
public final class ChoiceLoss implements ClipObjective {
  private static final double ROUNDING = 1e-6;

  private final ImmutableList<Choice> choices;
  private final double weights;

  /**
   * One choice.
   *
   * @param text the batch's text that the images were made for
   * @param images which of the batch's images there were to choose from, at least 2
   * @param shares y, of each of these images: at least 0, with the sum 1
   * @param weight w, above 0
   */
  public record Choice(
      int text, ImmutableIntArray images, ImmutableDoubleArray shares, double weight) {
    /** Checks every field. */
    public Choice {
      if (images.length() < 2 || shares.length() != images.length()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a choice needs at least 2 images and a share of each, but has %s images and %s shares",
                images.length(),
                shares.length()));
      }
      double sum = shares.stream().sum();
      if (shares.stream().anyMatch(y -> !(y >= 0)) || !(Math.abs(sum - 1) < ROUNDING)) {
        throw new IllegalArgumentException(
            "the shares of a choice must be at least 0 and sum to 1, but were " + shares);
      }
      if (!(weight > 0) || Double.isInfinite(weight)) {
        throw new IllegalArgumentException(
            "a choice's weight must be above 0 and finite, but was " + weight);
      }
    }
  }

  /**
   * The loss of a batch.
   *
   * @param choices at least one
   */
  public ChoiceLoss(Iterable<Choice> choices) {
    this.choices = ImmutableList.copyOf(choices);
    this.weights = this.choices.stream().mapToDouble(Choice::weight).sum();
    if (this.choices.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one choice, but there was none");
    }
  }

  @Override
  public void check(int images, int texts) {
    for (Choice choice : choices) {
      boolean known = choice.images.stream().allMatch(i -> i >= 0 && i < images);
      if (!known || choice.text < 0 || choice.text >= texts) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "a choice is among images %s of text %s, but the batch has %s images and %s texts",
                choice.images,
                choice.text,
                images,
                texts));
      }
    }
  }

  @Override
  public double evaluate(double[][] logits, double[][] gradient) {
    double loss = 0;
    for (Choice choice : choices) {
      double share = choice.weight / weights;
      double[] p = new double[choice.images.length()];
      for (int i = 0; i < p.length; i++) {
        p[i] = logits[choice.images.get(i)][choice.text];
      }
      double normaliser = Softmax.apply(p);
      for (int i = 0; i < p.length; i++) {
        int image = choice.images.get(i);
        double y = choice.shares.get(i);
        double logP = logits[image][choice.text] - normaliser;
        loss += y > 0 ? share * y * (Math.log(y) - logP) : 0;
        gradient[image][choice.text] += share * (p[i] - y);
      }
    }
    return loss;
  }

  @Override
  public String toString() {
    return choices.size() + " choices";
  }
}
