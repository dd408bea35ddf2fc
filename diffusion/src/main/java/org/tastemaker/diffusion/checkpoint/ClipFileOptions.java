package org.tastemaker.diffusion.checkpoint;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;

/**
 * What a file of a CLIP model does not say of itself.
 *
 * @param config the whole configuration; by default that beside the file, or else the sizes are
 *     those of the tensors
 * @param activation of both towers, where there is no configuration: OpenAI's models have {@code
 *     QUICK_GELU}, and most of OpenCLIP's {@code GELU}
 * @param variant of a folder's weights, such as {@code fp16}; by default the usual ones
 * @param halfInMemory whether weights in half precision stay so in memory, which only some engines
 *     read; by default not
 */
@RecordBuilder
public record ClipFileOptions(
    Optional<ClipConfig> config,
    Optional<Activation> activation,
    String variant,
    boolean halfInMemory)
    implements ClipFileOptionsBuilder.With {
  public ClipFileOptions {
    Objects.requireNonNull(config, "config == null");
    Objects.requireNonNull(activation, "activation == null");
    Objects.requireNonNull(variant, "variant == null");
  }

  /**
   * What stands beside the file, and single precision in memory.
   *
   * @return nothing given
   */
  public static ClipFileOptions defaults() {
    return new ClipFileOptions(Optional.empty(), Optional.empty(), "", false);
  }
}
