package org.tastemaker.diffusion;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.train.CaptionedLatents;
import org.tastemaker.diffusion.train.DenoisingModels;
import org.tastemaker.diffusion.train.Samples;
import org.tastemaker.diffusion.train.TrainedPart;
import org.tastemaker.diffusion.train.XlCaptions;
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
   * A batch of images, scaled to the size of the model's options and encoded. A Stable Diffusion XL
   * is told the size that each image had before.
   *
   * @param model encodes the images, with its own engine
   * @param images at least one, of 3 channels
   * @param captions one for each; longer ones than the text encoder reads are cut
   * @return latents, token ids and, for an XL, sizes
   */
  public static CaptionedLatents batch(
      LatentDiffusion model, List<Image> images, List<String> captions) {
    if (images.isEmpty() || images.size() != captions.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be at least one image and a caption for each, but there were %d images and %d captions",
              images.size(),
              captions.size()));
    }
    Components parts = model.components();
    LatentShape shape = model.latentShape();
    int height = shape.height() * parts.factor();
    int width = shape.width() * parts.factor();
    float[] values = new float[images.size() * shape.size()];
    try (INDArray latents =
        model.encode(images.stream().map(image -> image.resized(height, width)).toList())) {
      FloatBuffers.of(latents).get(values); // [N, C, h, w]
    }
    return new CaptionedLatents(
        new Samples(
            images.size(),
            shape.channels(),
            shape.height(),
            shape.width(),
            FloatBuffer.wrap(values)),
        ids(parts.tokenizer(), captions),
        parts.xl().map(xl -> xlCaptions(xl, images, captions, height, width)));
  }

  private static XlCaptions xlCaptions(
      StableDiffusionXl xl, List<Image> images, List<String> captions, int height, int width) {
    Optional<ClipTokenizer> second = xl.second().map(StableDiffusionXl.Second::tokenizer);
    return new XlCaptions(
        second.map(tokenizer -> ids(tokenizer, captions)).orElse(ImmutableList.of()),
        images.stream()
            .map(image -> SizedConditions.sizes(xl, image.height(), image.width(), height, width))
            .collect(ImmutableList.toImmutableList()));
  }

  private static ImmutableList<ImmutableIntArray> ids(
      ClipTokenizer tokenizer, List<String> captions) {
    return captions.stream()
        .map(caption -> tokenizer.encode(caption).ids())
        .collect(ImmutableList.toImmutableList());
  }
}
