package org.tastemaker.diffusion;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.schedule.SchedulerKind;

/**
 * What a checkpoint in a single file does not say of itself.
 *
 * @param tokenizer the folder of a tokenizer, with vocab.json and merges.txt; by default {@code
 *     tokenizer/} beside the file. The vocabulary of Stable Diffusion's text encoders is CLIP's: it
 *     is in the tokenizer/ of every model in the diffusers layout, and in OpenAI's
 *     clip-vit-large-patch14
 * @param prediction what the U-Net's output means; by default as the file's metadata say, or else
 *     noise for Stable Diffusion 1.x and velocity for 2.x
 * @param sampler for images; by default DDIM
 * @param averaged whether to take the U-Net's averaged weights, {@code model_ema.*}, which some
 *     files have beside those to train further; by default not
 * @param halfInMemory as in {@link FolderOptions}; by default not
 */
@RecordBuilder
public record CheckpointOptions(
    Optional<Path> tokenizer,
    Optional<PredictionType> prediction,
    SchedulerKind sampler,
    boolean averaged,
    boolean halfInMemory)
    implements CheckpointOptionsBuilder.With {
  public CheckpointOptions {
    Objects.requireNonNull(tokenizer, "tokenizer == null");
    Objects.requireNonNull(prediction, "prediction == null");
    Objects.requireNonNull(sampler, "sampler == null");
  }

  /**
   * The tokenizer beside the file, and DDIM.
   *
   * @return nothing given
   */
  public static CheckpointOptions defaults() {
    return new CheckpointOptions(
        Optional.empty(), Optional.empty(), SchedulerKind.DDIM, false, false);
  }
}
