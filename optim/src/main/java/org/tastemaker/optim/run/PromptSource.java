package org.tastemaker.optim.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.Shuffle;

/** The prompts of each round. */
@FunctionalInterface
public interface PromptSource {
  /**
   * The prompts of a round.
   *
   * @param round from 1; the same number gives the same prompts
   * @return one for each image, at least one; a prompt is repeated to get several images of it
   */
  List<Prompt> prompts(long round);

  /**
   * What makes a source the same when a run is resumed. How many images of a prompt a round has is
   * not part of it, since that may change.
   *
   * @return for those made here, their prompts, and how they are shuffled; for another, the prompts
   *     of round 1, each once
   */
  default String identity() {
    return Prompts.identity(prompts(1).stream().distinct().toList());
  }

  /**
   * The same prompts in every round.
   *
   * @param prompts all different
   * @param imagesPerPrompt at least 1
   * @return the source
   */
  static PromptSource all(List<Prompt> prompts, int imagesPerPrompt) {
    List<Prompt> repeated = Prompts.repeat(prompts, imagesPerPrompt);
    return round -> repeated;
  }

  /**
   * A few prompts per round. All prompts are used in turn, reshuffled each time. Where one order
   * ends and the next begins, a prompt that would appear twice in a round is replaced by the next
   * one.
   *
   * @param prompts all different
   * @param perRound how many prompts per round, from 1 to all of them
   * @param imagesPerPrompt at least 1
   * @param seed of the shuffling
   * @return the source
   */
  static PromptSource shuffled(List<Prompt> prompts, int perRound, int imagesPerPrompt, Seed seed) {
    List<Prompt> copy = List.copyOf(prompts);
    if (perRound < 1 || perRound > copy.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "perRound must be in [1, %s], the number of prompts, but was %s",
              copy.size(),
              perRound));
    }
    return new PromptSource() {
      @Override
      public List<Prompt> prompts(long round) {
        List<Prompt> some = new ArrayList<>();
        for (long k = (round - 1) * perRound; some.size() < perRound; k++) {
          int[] order = Shuffle.order(copy.size(), seed.split(k / copy.size()));
          Prompt prompt = copy.get(order[(int) (k % copy.size())]);
          if (!some.contains(prompt)) { // where one order ends and the next begins
            some.add(prompt);
          }
        }
        return Prompts.repeat(some, imagesPerPrompt);
      }

      @Override
      public String identity() {
        return Prompts.identity(copy) + ", shuffled by " + seed.key();
      }
    };
  }

  /**
   * A few prompts per round, drawn anew for each: a prompt is in a round with the probability
   * {@code perRound * weight / sum of all weights}. The prompts of a round are different.
   *
   * <p>Weights act on how often a prompt is sampled, and not on its rewards: an optimizer that
   * compares the images of a prompt with each other would divide a factor out again.
   *
   * @param weights above 0 and finite, by prompt
   * @param perRound how many prompts per round, at least 1; no prompt's weight may be more than
   *     this part of the sum, since it is at most once in a round
   * @param imagesPerPrompt at least 1
   * @param seed of the draws
   * @return the source
   * @throws IllegalArgumentException if a weight is not above 0, or too large; the message says
   *     which
   */
  static PromptSource weighted(
      Map<Prompt, Double> weights, int perRound, int imagesPerPrompt, Seed seed) {
    WeightedPrompts weighted = new WeightedPrompts(weights, perRound, imagesPerPrompt, seed);
    return new PromptSource() {
      @Override
      public List<Prompt> prompts(long round) {
        return weighted.prompts(round);
      }

      @Override
      public String identity() {
        return weighted.identity();
      }
    };
  }
}
