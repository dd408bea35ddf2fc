package org.tastemaker.examples.emoji;

import com.google.common.primitives.ImmutableIntArray;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.reward.clip.ImagePreprocessor;
import org.tastemaker.reward.clip.Preprocessing;

/**
 * How often a CLIP model finds the caption of an image among many.
 *
 * @param images how many
 * @param captions how many there were to choose from
 * @param first the share of images whose caption has the highest cosine
 * @param firstFive the share whose caption is among the five highest
 */
public record ClipRetrieval(int images, int captions, double first, double firstFive) {
  /**
   * Measures.
   *
   * @param clip the model
   * @param tokenizer the model's
   * @param images what is looked at
   * @param wanted which caption belongs to each image
   * @param captions what there is to choose from
   * @return the shares
   */
  public static ClipRetrieval of(
      ClipModel clip,
      ClipTokenizer tokenizer,
      List<Image> images,
      List<Integer> wanted,
      List<String> captions) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one image");
    }
    float[][] texts = new float[captions.size()][];
    for (int n = 0; n < texts.length; n++) {
      texts[n] = text(clip, tokenizer.encode(captions.get(n)).ids());
    }
    ImagePreprocessor preprocessor =
        ImagePreprocessor.of(Preprocessing.PIL, clip.config().vision().imageSize());
    int first = 0;
    int firstFive = 0;
    for (int m = 0; m < images.size(); m++) {
      float[] image = image(clip, preprocessor, images.get(m));
      double own = product(image, texts[wanted.get(m)]);
      int better = 0;
      for (float[] text : texts) {
        better += product(image, text) > own ? 1 : 0;
      }
      first += better == 0 ? 1 : 0;
      firstFive += better < 5 ? 1 : 0;
    }
    return new ClipRetrieval(
        images.size(),
        captions.size(),
        (double) first / images.size(),
        (double) firstFive / images.size());
  }

  private static float[] text(ClipModel clip, ImmutableIntArray ids) {
    try (INDArray input = Nd4j.createFromArray(new int[][] {ids.toArray()})) { // [1, L]
      INDArray embeds =
          Objects.requireNonNull(
              clip.text()
                  .hiddenStates(1, ids.length(), 0, FunctionOptions.inference())
                  .forward(Map.of(ClipTextModel.INPUT_IDS, input))
                  .get(ClipTextModel.TEXT_EMBEDS)); // [1, L, P]
      int end = clip.text().endOf(ids.toArray()).orElseThrow();
      return unit(embeds, end);
    }
  }

  private static float[] image(ClipModel clip, ImagePreprocessor preprocessor, Image image) {
    int side = preprocessor.size();
    try (INDArray pixels = Nd4j.createFromArray(preprocessor.of(image));
        INDArray input = pixels.reshape(1, 3, side, side)) {
      INDArray embeds =
          Objects.requireNonNull(
              clip.vision()
                  .function(1, FunctionOptions.inference())
                  .forward(Map.of(ClipVisionModel.PIXEL_VALUES, input))
                  .get(ClipVisionModel.IMAGE_EMBEDS)); // [1, 1, P]
      return unit(embeds, 0);
    }
  }

  /** A row divided by its length. */
  private static float[] unit(INDArray embeds, int row) {
    float[] vector = new float[(int) embeds.size(2)];
    double squares = 0;
    for (int i = 0; i < vector.length; i++) {
      vector[i] = embeds.getFloat(0, row, i);
      squares += vector[i] * vector[i];
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) Math.sqrt(squares);
    }
    return vector;
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "the right one of %d captions first for %.1f %% of %d images, among the first five for %.1f %%",
        captions,
        100 * first,
        images,
        100 * firstFive);
  }
}
