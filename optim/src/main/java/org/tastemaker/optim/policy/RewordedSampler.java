package org.tastemaker.optim.policy;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Maps;
import com.google.common.collect.Multiset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;

/**
 * Makes some images of a prompt from other words, and hands them on as the prompt's own: "woman
 * firefighter" for "firefighter". A reward can only teach what occurs. What a model can draw, but
 * never draws for a prompt, occurs this way.
 *
 * <p>The first images of a prompt in a round are made from its wordings, one from each, and the
 * others from the prompt itself.
 *
 * <p>This is for methods that look at finished images alone, whoever made them, such as
 * DiffusionNFT and reward-weighted likelihood. The steps of a reworded image have no likelihood
 * under its prompt (NaN), and methods that need one refuse it. {@link #generate} is of the prompts
 * themselves, as are evaluations.
 */
public final class RewordedSampler implements DiffusionSampler {
  private final DiffusionSampler sampler;
  private final Map<String, List<String>> wordings;

  /**
   * A sampler that rewords.
   *
   * @param sampler what makes the images; stays the caller's
   * @param wordings other texts for a prompt's text; a prompt's negative text and metadata stay
   */
  public RewordedSampler(DiffusionSampler sampler, Map<String, List<String>> wordings) {
    this.sampler = Objects.requireNonNull(sampler, "sampler == null");
    this.wordings = Map.copyOf(Maps.transformValues(wordings, List::copyOf));
  }

  /** What makes the images. */
  DiffusionSampler sampler() {
    return sampler;
  }

  @Override
  public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    List<Prompt> worded = new ArrayList<>();
    Multiset<String> before = HashMultiset.create();
    for (Prompt prompt : prompts) {
      List<String> texts = wordings.getOrDefault(prompt.text(), List.of());
      int place = before.add(prompt.text(), 1);
      worded.add(place < texts.size() ? prompt.withText(texts.get(place)) : prompt);
    }
    Rollout made = sampler.rollout(worded, seeds);
    for (int n = 0; n < prompts.size(); n++) {
      if (!worded.get(n).equals(prompts.get(n))) {
        for (int t = 0; t < made.steps(); t++) {
          made.logProbabilities().putScalar(t, n, Double.NaN);
        }
      }
    }
    return new Rollout(
        prompts,
        made.seeds(),
        made.images(),
        made.latents(),
        made.logProbabilities(),
        made.timesteps());
  }

  @Override
  public List<Image> generate(List<Prompt> prompts, List<Seed> seeds) {
    return sampler.generate(prompts, seeds);
  }
}
