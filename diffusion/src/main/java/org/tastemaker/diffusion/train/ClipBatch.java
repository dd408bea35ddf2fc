package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.Locale;
import java.util.Objects;

/**
 * Images and texts to train a {@link ClipTrainer} on. A model keeps the graphs of few sizes, so
 * batches should have the same numbers of images and of texts.
 *
 * @param images M of them, of the image tower's size, normalised as it reads them
 * @param texts the token ids of N texts, all of one length, each with its end token
 * @param objective what is minimized, which knows which image belongs to which text
 */
public record ClipBatch(
    Samples images, ImmutableList<ImmutableIntArray> texts, ClipObjective objective) {
  /** Checks every field. */
  public ClipBatch {
    Objects.requireNonNull(images, "images == null");
    if (texts.isEmpty() || texts.stream().anyMatch(t -> t.length() != texts.get(0).length())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be texts of one length, but theirs are %s",
              texts.stream().map(ImmutableIntArray::length).toList()));
    }
    objective.check(images.count(), texts.size());
  }
}
