package org.tastemaker.reward.clip;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.reward.learned.Features;

/**
 * CLIP's vectors as the input of a learned reward: a linear head or a small network on a frozen
 * model, as the aesthetic predictor is one.
 *
 * <pre>
 *   u = I / |I|                                       [P]
 *   v = T / |T|                                       [P]
 *   {@link Content#IMAGE}              u              [P]
 *   {@link Content#IMAGE_AND_PRODUCT}  (u, u v)       [2 P], element by element: its sum is the
 *                                                     cosine, and a linear head weighs its parts
 * </pre>
 *
 * <p>The model must not be trained while a reward over these features is in use. Not thread-safe.
 */
public final class ClipFeatures implements Features {
  private final String name;
  private final ImageVectors images;
  private final TextVectors texts;
  private final Content content;

  /** Which numbers are features. */
  public enum Content {
    /** The image's vector: the prompt is not read. */
    IMAGE("image"),
    /** The image's vector, and its product with the text's. */
    IMAGE_AND_PRODUCT("image, image x text");

    private final String title;

    Content(String title) {
      this.title = title;
    }
  }

  private ClipFeatures(String name, ImageVectors images, TextVectors texts, Content content) {
    this.name = name;
    this.images = images;
    this.texts = texts;
    this.content = content;
  }

  /**
   * The features of a model.
   *
   * @param model both towers; owned by the caller, who keeps it open while the features are in use
   * @param modelName identifies its weights, for saved rewards
   * @param tokenizer the model's
   * @param mode how images are prepared
   * @param content which numbers
   * @param options how to compute
   * @return the features
   * @throws IllegalArgumentException if the tokenizer is another model's
   */
  public static ClipFeatures of(
      ClipModel model,
      String modelName,
      ClipTokenizer tokenizer,
      Preprocessing mode,
      Content content,
      ClipReward.Options options) {
    if (modelName.isBlank()) {
      throw new IllegalArgumentException("the model's name must not be blank");
    }
    return new ClipFeatures(
        String.format(Locale.ROOT, "clip(%s, %s, %s)", modelName, mode, content.title),
        new ImageVectors(model.vision(), mode, options.batch(), options.engine()),
        new TextVectors(
            model.text(),
            tokenizer,
            FunctionOptions.inference().withEngine(options.engine()),
            options.keptTexts()),
        content);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int size() {
    return content == Content.IMAGE ? images.size() : 2 * images.size();
  }

  @Override
  public float[][] of(List<Prompt> prompts, List<Image> pictures) {
    if (pictures.isEmpty() || prompts.size() != pictures.size()) {
      throw new IllegalArgumentException(
          "there must be at least one image and a prompt for each, but there were "
              + pictures.size()
              + " images and "
              + prompts.size()
              + " prompts");
    }
    // Each image goes through the tower once, although perturbed prompts and groups repeat them.
    List<Image> distinct = new ArrayList<>(new LinkedHashSet<>(pictures));
    float[][] vectors = images.of(distinct);
    Map<Image, float[]> byImage = new LinkedHashMap<>();
    for (int k = 0; k < vectors.length; k++) {
      byImage.put(distinct.get(k), unit(vectors[k], "image", k));
    }
    float[][] all = new float[pictures.size()][size()];
    for (int i = 0; i < all.length; i++) {
      float[] u = Objects.requireNonNull(byImage.get(pictures.get(i)));
      System.arraycopy(u, 0, all[i], 0, u.length);
      if (content == Content.IMAGE_AND_PRODUCT) {
        float[] v = unit(texts.of(List.of(prompts.get(i).text())).get(0), "text", i);
        for (int k = 0; k < u.length; k++) {
          all[i][u.length + k] = u[k] * v[k];
        }
      }
    }
    return all;
  }

  private static float[] unit(float[] vector, String what, int index) {
    double length = Cosine.length(vector);
    if (!(length > 0) || Double.isInfinite(length)) {
      throw new ArithmeticException(
          String.format(
              Locale.ROOT, "the length of the vector of %s %s is %s", what, index, length));
    }
    float[] unit = new float[vector.length];
    for (int k = 0; k < unit.length; k++) {
      unit[k] = (float) (vector[k] / length);
    }
    return unit;
  }
}
