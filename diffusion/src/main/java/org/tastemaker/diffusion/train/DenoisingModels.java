package org.tastemaker.diffusion.train;

import com.google.common.primitives.ImmutableIntArray;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.SchedulerConfig;

/**
 * The networks that a {@code DenoisingTrainer} works with, and what of them is trained. The caller
 * owns them.
 *
 * @param unet the denoiser
 * @param trainedUnet what of it is trained
 * @param textEncoder whose tokens are as wide as the denoiser's text
 * @param trainedTextEncoder what of it is trained
 * @param clipSkip how many of the text encoder's last layers are left out
 * @param scheduler the noise schedule, and what the denoiser predicts
 * @param emptyPrompt the ids of the empty text, padded like every caption
 * @param xl what a Stable Diffusion XL has beside these; empty for the others
 */
@RecordBuilder
public record DenoisingModels(
    UNet2DConditionModel unet,
    TrainedPart trainedUnet,
    ClipTextModel textEncoder,
    TrainedPart trainedTextEncoder,
    int clipSkip,
    SchedulerConfig scheduler,
    ImmutableIntArray emptyPrompt,
    Optional<XlTexts> xl)
    implements DenoisingModelsBuilder.With {
  /** Checks that the networks fit each other, and the ids of the empty prompt. */
  public DenoisingModels {
    int in = unet.config().inChannels();
    int out = unet.config().outChannels();
    if (in != out) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the U-Net must have as many channels out as in, but has %s in and %s out",
              in,
              out));
    }
    int wanted = unet.config().crossAttentionDim();
    int given =
        textEncoder.config().hiddenSize()
            + second(xl).map(it -> it.textEncoder().config().hiddenSize()).orElse(0);
    if (wanted != given) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the U-Net reads text tokens of size %s, but the text encoder's have %s",
              wanted,
              given));
    }
    Objects.requireNonNull(trainedUnet, "trainedUnet == null");
    Objects.requireNonNull(trainedTextEncoder, "trainedTextEncoder == null");
    // XL reads the last layer but one to begin with.
    int layers = textEncoder.config().numHiddenLayers() - (xl.isPresent() ? 1 : 0);
    if (clipSkip < 0 || clipSkip >= layers) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "clipSkip must be in [0, %s), but was %s", layers, clipSkip));
    }
    Objects.requireNonNull(scheduler, "scheduler == null");
    requireIds(emptyPrompt, "the empty prompt", textEncoder);
    second(xl).ifPresent(it -> requireIds(it.emptyPrompt(), "the empty prompt", it.textEncoder()));
    boolean pooled =
        second(xl).map(XlTexts.Second::textEncoder).orElse(textEncoder).config().projected();
    if (unet.config().added().isPresent() != xl.isPresent() || (xl.isPresent() && !pooled)) {
      throw new IllegalArgumentException(
          xl.isPresent()
              ? "the U-Net of a Stable Diffusion XL is told sizes beside the text, and its last text"
                  + " encoder has a projection, but these do not"
              : "the U-Net is told sizes beside the text, as in Stable Diffusion XL: give xl");
    }
  }

  private static Optional<XlTexts.Second> second(Optional<XlTexts> xl) {
    return xl.flatMap(XlTexts::second);
  }

  /** The second text encoder of a Stable Diffusion XL. */
  Optional<XlTexts.Second> second() {
    return second(xl);
  }

  /**
   * A whole denoiser, with its text encoder frozen.
   *
   * @param unet the denoiser
   * @param textEncoder whose tokens are as wide as the denoiser's text
   * @param scheduler the noise schedule, and what the denoiser predicts
   * @param emptyPrompt the ids of the empty text, padded like every caption
   * @return the models
   */
  public static DenoisingModels of(
      UNet2DConditionModel unet,
      ClipTextModel textEncoder,
      SchedulerConfig scheduler,
      ImmutableIntArray emptyPrompt) {
    return new DenoisingModels(
        unet,
        TrainedPart.everything(),
        textEncoder,
        TrainedPart.nothing(),
        0,
        scheduler,
        emptyPrompt,
        Optional.empty());
  }

  /** Checks the ids of a text. */
  void requireIds(ImmutableIntArray ids, String what) {
    requireIds(ids, what, textEncoder);
  }

  static void requireIds(ImmutableIntArray ids, String what, ClipTextModel textEncoder) {
    int size = textEncoder.config().vocabSize();
    for (int i = 0; i < ids.length(); i++) {
      if (ids.get(i) < 0 || ids.get(i) >= size) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s must have token ids in [0, %s), but has %s",
                what,
                size,
                ids.get(i)));
      }
    }
  }
}
