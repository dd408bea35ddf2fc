package org.tastemaker.diffusion.train;

import com.google.common.primitives.ImmutableIntArray;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.diffusion.model.ClipTextModel;

/**
 * What the training of a Stable Diffusion XL has beside one text encoder.
 *
 * @param second the second text encoder; empty for the refiner
 * @param zerosForEmptyPrompt whether a caption that is dropped is replaced by zeros, as in the base
 *     model's training, and not by the empty text
 */
public record XlTexts(Optional<Second> second, boolean zerosForEmptyPrompt) {
  /** Checks that nothing is null. */
  public XlTexts {
    Objects.requireNonNull(second, "second == null: use Optional.empty() for none");
  }

  /**
   * The second text encoder.
   *
   * @param textEncoder with a projection
   * @param trained what of it is trained
   * @param emptyPrompt the ids of the empty text, padded like every caption
   */
  public record Second(
      ClipTextModel textEncoder, TrainedPart trained, ImmutableIntArray emptyPrompt) {
    /** Checks that nothing is null. */
    public Second {
      Objects.requireNonNull(textEncoder, "textEncoder == null");
      Objects.requireNonNull(trained, "trained == null");
      Objects.requireNonNull(emptyPrompt, "emptyPrompt == null");
    }
  }
}
