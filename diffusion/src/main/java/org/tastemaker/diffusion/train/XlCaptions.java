package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Locale;
import org.tastemaker.diffusion.condition.Condition.SizeIds;

/**
 * What a batch for a Stable Diffusion XL has beside its captions.
 *
 * @param second each caption as the second tokenizer's ids, padded to the length of the first's,
 *     [N, L]; empty for the refiner, which has one tokenizer
 * @param sizes of each image, [N]
 */
public record XlCaptions(ImmutableList<ImmutableIntArray> second, ImmutableList<SizeIds> sizes) {
  /** Checks that they are as many. */
  public XlCaptions {
    if (!second.isEmpty() && second.size() != sizes.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be as many captions for the second text encoder as sizes, but there were %s and %s",
              second.size(),
              sizes.size()));
    }
  }
}
