package org.tastemaker.diffusion.checkpoint;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * Writes the networks of a Stable Diffusion 1.x, 2.x, XL or XL's refiner as a checkpoint in a
 * single file, which the programs that read such files understand. What the layout of names and
 * shapes cannot express is refused.
 */
public final class CheckpointWriter {
  private static final int GROUPS = 32;
  private static final int HEADS = 8;
  private static final int HEAD = 64;

  private CheckpointWriter() {}

  /**
   * Writes a checkpoint. The file appears complete or not at all.
   *
   * @param file replaced if it is there
   * @param unet of 8 heads in 1.x, otherwise of heads of 64 channels; norms of 32 groups
   * @param vae of norms of 32 groups
   * @param texts the text encoders in the order in which the U-Net reads them: OpenAI's for 1.x,
   *     OpenCLIP's for 2.x, both for XL, OpenCLIP's for its refiner
   * @param prediction what the U-Net's output means: goes into the file's metadata
   * @param dtype of the weights: F32, F16 or BF16
   * @throws IllegalArgumentException if a network is not as a reader of such files would take it
   *     for; says which, and what
   */
  public static void write(
      Path file,
      UNet2DConditionModel unet,
      AutoencoderKl vae,
      List<ClipTextModel> texts,
      PredictionType prediction,
      DType dtype) {
    // 1. A reader finds all sizes in the shapes, and takes the rest for Stable Diffusion's.
    Family family = familyOf(unet.config(), texts);
    require("the model", "number of text encoders", family.texts().size(), texts.size());
    requireUnet(unet.config(), family);
    require("the autoencoder", "norm_num_groups", GROUPS, vae.config().normNumGroups());
    require(
        "the autoencoder", "scaling_factor", family.scalingFactor(), vae.config().scalingFactor());
    for (int i = 0; i < texts.size(); i++) {
      requireText(texts.get(i).config(), family, family.texts().get(i).isOpenClip());
    }
    // 2. Its names.
    UNetNames unetNames = new UNetNames(unet.config());
    VaeNames vaeNames = new VaeNames(vae.config().blockOutChannels().size());
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata("modelspec.architecture", family.architecture(prediction))
            .metadata(
                "modelspec.prediction_type",
                prediction == PredictionType.V_PREDICTION ? "v" : prediction.key());
    try (Joined joined = new Joined(writer, dtype)) {
      joined.add(unet.parameters(), unetNames::placeOf);
      joined.add(vae.parameters(), vaeNames::placeOf);
      for (int i = 0; i < texts.size(); i++) {
        joined.add(texts.get(i).parameters(), family.texts().get(i)::placeOf);
      }
      if (family == Family.SECOND) {
        UnusedLayer.add(writer, family.texts().get(0).prefix(), texts.get(0).config(), dtype);
      }
      writer.write(file);
    }
  }

  private static Family familyOf(UNetConfig unet, List<ClipTextModel> texts) {
    if (unet.added().isPresent()) {
      return texts.size() == 1 ? Family.REFINER : Family.XL;
    }
    // Of the two, 2.x alone has linear projections.
    return unet.useLinearProjection() ? Family.SECOND : Family.FIRST;
  }

  private static void requireUnet(UNetConfig config, Family family) {
    require("the U-Net", "norm_num_groups", GROUPS, config.normNumGroups());
    for (int i = 0; i < config.heads().size(); i++) {
      int heads =
          family == Family.FIRST ? HEADS : Math.max(1, config.blockOutChannels().get(i) / HEAD);
      require("the U-Net", "attention_head_dim", heads, config.heads().get(i));
    }
    require(
        "the U-Net", "use_linear_projection", family != Family.FIRST, config.useLinearProjection());
    requireMirrored(config);
  }

  private static void requireText(ClipTextConfig config, Family family, boolean openClip) {
    require(
        "a text encoder",
        "hidden_act",
        openClip ? ClipTextConfig.Activation.GELU : ClipTextConfig.Activation.QUICK_GELU,
        config.hiddenAct());
    require("a text encoder", "projection", openClip && family.isXl(), config.projected());
    require(
        "a text encoder",
        "num_attention_heads",
        Math.max(1, config.hiddenSize() / HEAD),
        config.numAttentionHeads());
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
