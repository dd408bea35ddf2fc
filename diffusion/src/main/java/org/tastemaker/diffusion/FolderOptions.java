package org.tastemaker.diffusion;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.diffusion.schedule.SchedulerKind;

/**
 * Which of the files in a model's folder are read, and as what.
 *
 * @param variant of the weights, such as {@code fp16} (in half precision) or {@code non_ema} (not
 *     averaged, to train further); a part that has no such file is read from its usual one, but one
 *     part must have it. By default the usual weights, or what there is in their place
 * @param sampler as which the settings in scheduler/ are read, also where they are those of a
 *     scheduler that is not supported here; by default the one that they name
 * @param halfInMemory whether weights in half precision stay so in memory, where otherwise every
 *     weight has single precision: half of the memory, and the same numbers. Only the engine torch
 *     reads them; such weights are not trained, but a LoRA on them is
 */
@RecordBuilder
public record FolderOptions(
    Optional<String> variant, Optional<SchedulerKind> sampler, boolean halfInMemory)
    implements FolderOptionsBuilder.With {
  public FolderOptions {
    Objects.requireNonNull(variant, "variant == null");
    Objects.requireNonNull(sampler, "sampler == null");
  }

  /**
   * The usual weights, and the folder's own scheduler.
   *
   * @return nothing given
   */
  public static FolderOptions defaults() {
    return new FolderOptions(Optional.empty(), Optional.empty(), false);
  }
}
