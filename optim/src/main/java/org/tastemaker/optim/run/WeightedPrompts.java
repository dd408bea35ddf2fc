package org.tastemaker.optim.run;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableDoubleArray;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.Shuffle;

/**
 * Draws different prompts for each round, each with the probability that its weight says, exactly
 * (systematic sampling, Madow 1949): the prompts lie on a line in random order, prompt i over a
 * length of {@code perRound * w_i / sum}, and points at a distance of 1 choose among them.
 */
final class WeightedPrompts {
  private static final double ROUNDING = 1e-9;

  private final ImmutableList<Prompt> prompts;
  private final ImmutableDoubleArray lengths;
  private final int perRound;
  private final int imagesPerPrompt;
  private final Seed seed;

  WeightedPrompts(Map<Prompt, Double> weights, int perRound, int imagesPerPrompt, Seed seed) {
    // A map may have another order in another process.
    this.prompts =
        ImmutableList.sortedCopyOf(
            Comparator.comparing(Prompt::text).thenComparing(Prompt::negativeText),
            weights.keySet());
    if (perRound < 1 || perRound > prompts.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "perRound must be in [1, %d], the number of prompts, but was %d",
              prompts.size(),
              perRound));
    }
    double sum = weights.values().stream().mapToDouble(w -> w).sum();
    ImmutableDoubleArray.Builder all = ImmutableDoubleArray.builder();
    for (Prompt prompt : prompts) {
      double weight = weights.getOrDefault(prompt, 0.0);
      double length = perRound * weight / sum;
      if (!(weight > 0) || !Double.isFinite(length) || length > 1 + ROUNDING) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the weight of prompt \"%s\" must be above 0 and at most 1/%d of the sum of all, %s,"
                    + " since a prompt is at most once in a round, but was %s",
                prompt.text(),
                perRound,
                sum,
                weight));
      }
      all.add(length);
    }
    this.lengths = all.build();
    this.perRound = perRound;
    this.imagesPerPrompt = imagesPerPrompt;
    this.seed = seed;
    List<Prompt> unused = Prompts.repeat(prompts, imagesPerPrompt); // checks the number
  }

  /** {@link PromptSource#prompts}. */
  List<Prompt> prompts(long round) {
    int[] order = Shuffle.order(prompts.size(), seed.split(round).split("order"));
    double point = seed.split(round).split("point").generator().nextDouble();
    List<Prompt> some = new ArrayList<>();
    double end = 0;
    for (int i = 0; i < order.length && some.size() < perRound; i++) {
      end += lengths.get(order[i]);
      // Where only as many are left as are needed, rounding must not leave one out.
      if (point + some.size() < end || order.length - i == perRound - some.size()) {
        some.add(prompts.get(order[i]));
      }
    }
    return Prompts.repeat(some, imagesPerPrompt);
  }

  /** {@link PromptSource#identity}. */
  String identity() {
    return Prompts.identity(prompts) + ", weighted " + lengths + ", drawn by " + seed.key();
  }
}
