package org.tastemaker.diffusion.checkpoint;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * Writes the networks of a Stable Diffusion 1.x as a checkpoint in a single file, which the
 * programs that read such files understand. What the layout of names and shapes cannot express is
 * refused.
 */
public final class CheckpointWriter {
  private static final int GROUPS = 32;
  private static final int HEADS = 8;

  private CheckpointWriter() {}

  /**
   * Writes a checkpoint. The file appears complete or not at all.
   *
   * @param file replaced if it is there
   * @param unet of 8 heads, norms of 32 groups
   * @param vae of norms of 32 groups
   * @param text OpenAI's architecture
   * @param prediction what the U-Net's output means: goes into the file's metadata
   * @param dtype of the weights: F32, F16 or BF16
   * @throws IllegalArgumentException if a network is not as a reader of such files would take it
   *     for; says which, and what
   */
  public static void write(
      Path file,
      UNet2DConditionModel unet,
      AutoencoderKl vae,
      ClipTextModel text,
      PredictionType prediction,
      DType dtype) {
    // 1. A reader finds all sizes in the shapes, and takes the rest for Stable Diffusion's.
    require("the U-Net", "norm_num_groups", GROUPS, unet.config().normNumGroups());
    require("the autoencoder", "norm_num_groups", GROUPS, vae.config().normNumGroups());
    unet.config()
        .heads()
        .forEach(heads -> require("the U-Net", "attention_head_dim", HEADS, heads));
    require("the U-Net", "use_linear_projection", false, unet.config().useLinearProjection());
    require(
        "the text encoder",
        "hidden_act",
        ClipTextConfig.Activation.QUICK_GELU,
        text.config().hiddenAct());
    require("the autoencoder", "scaling_factor", 0.18215, vae.config().scalingFactor());
    requireMirrored(unet.config());
    // 2. Its names.
    UNetNames unetNames = new UNetNames(unet.config());
    VaeNames vaeNames = new VaeNames(vae.config().blockOutChannels().size());
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata("modelspec.architecture", "stable-diffusion-v1")
            .metadata(
                "modelspec.prediction_type",
                prediction == PredictionType.V_PREDICTION ? "v" : prediction.key());
    add(writer, unet.parameters(), unetNames::placeOf, dtype);
    add(writer, vae.parameters(), vaeNames::placeOf, dtype);
    add(writer, text.parameters(), TextNames::inTransformers, dtype);
    writer.write(file);
  }

  private static void add(
      SafetensorsWriter writer,
      Parameters parameters,
      Function<String, Place> placeOf,
      DType dtype) {
    parameters
        .arrays()
        .forEach(
            (name, array) ->
                writer.add(placeOf.apply(name).name(), parameters.torchLayout(name, array), dtype));
  }

  /** The way up must be the way down, mirrored. */
  private static void requireMirrored(UNetConfig config) {
    int levels = config.blockOutChannels().size();
    boolean mirrored =
        IntStream.range(0, levels)
            .allMatch(
                i ->
                    config
                        .upBlockTypes()
                        .get(levels - 1 - i)
                        .equals(config.downBlockTypes().get(i).replace("Down", "Up")));
    require(
        "the U-Net",
        "up_block_types",
        "those of down_block_types, from the last",
        mirrored ? "those of down_block_types, from the last" : config.upBlockTypes());
  }

  private static void require(String network, String setting, Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a checkpoint in a single file has no place for %s's %s, and its readers take it to be %s, but it is %s: save the model as a folder",
              network,
              setting,
              expected,
              actual));
    }
  }
}
