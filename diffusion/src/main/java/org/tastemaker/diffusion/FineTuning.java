package org.tastemaker.diffusion;

import java.util.List;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.DenoisingModels;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.train.XlTexts;

/**
 * A model and captioned images as {@link org.tastemaker.diffusion.train.DenoisingTrainer} takes
 * them, whichever Stable Diffusion it is.
 *
 * <pre>{@code
 * DenoisingModels models =
 *     FineTuning.models(model).withTrainedUnet(TrainedPart.adapter(lora, lora.parameters()));
 * CaptionedLatents batch = FineTuning.batch(model, images, List.of("a red wall", "a blue wall"));
 * }</pre>
 */
public final class FineTuning {
  private FineTuning() {}

  /**
   * A model's networks, of which the whole U-Net is trained and the text encoders are frozen.
   *
   * @param model stays the caller's to close
   * @return what a trainer works with; change what is trained with its {@code with...} methods
   */
  public static DenoisingModels models(LatentDiffusion model) {
    Components parts = model.components();
    return new DenoisingModels(
        parts.unet(),
        TrainedPart.everything(),
        parts.textEncoder(),
        TrainedPart.nothing(),
        model.options().clipSkip(),
        parts.scheduler(),
        parts.tokenizer().encode("").ids(),
        parts
            .xl()
            .map(
                xl ->
                    new XlTexts(
                        xl.second()
                            .map(
                                second ->
                                    new XlTexts.Second(
                                        second.textEncoder(),
                                        TrainedPart.nothing(),
                                        second.tokenizer().encode("").ids())),
                        xl.zerosForEmptyPrompt())));
  }

  /**
   * A batch of images, as {@link EncodedImages} makes many.
   *
   * @param model encodes the images, with its own engine
   * @param images at least one, of 3 channels
   * @param captions one for each; longer ones than the text encoder reads are cut
   * @return latents, token ids and, for an XL, sizes
   */
  public static CaptionedLatents batch(
      LatentDiffusion model, List<Image> images, List<String> captions) {
    EncodedImages.requireCaptions(images.size(), captions.size()); // before the work
    return EncodedImages.of(model, images).all(captions);
  }
}
