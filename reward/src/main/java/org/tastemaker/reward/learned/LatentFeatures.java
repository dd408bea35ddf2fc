package org.tastemaker.reward.learned;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.LatentShape;
import org.tastemaker.diffusion.condition.Conditions;

/**
 * The diffusion model's own representation: the image's latent and the prompt's embedding. Nothing
 * has to be downloaded.
 *
 * <pre>
 *   z = mean of the autoencoder's posterior, scaled    [C, h, w], average-pooled to [C, g, g]
 *   e = the text encoder's output at the end token     [D]
 *   features = (z, e)                                  [C g g + D]
 * </pre>
 *
 * <p>{@link #ofLatents} takes latents in the place of z. What a U-Net made is not quite what the
 * encoder finds in its image: a decoder and an encoder lie between. As far as an autoencoder gives
 * back what went in, which it was trained to, the two are the same.
 *
 * <p>The model's autoencoder and text encoder must not be trained while a reward over these
 * features is in use. Training the U-Net, or an adapter of it, is fine.
 */
public final class LatentFeatures implements DifferentiableFeatures {
  private final ModelView view;
  private final Options options;
  private final LatentShape shape;

  /**
   * How to compute the features.
   *
   * @param grid side of the grid to which latents are pooled, at least 1 and a divisor of the
   *     latent's height and width; 0 for no pooling
   */
  public record Options(int grid) {
    public Options {
      if (grid < 0) {
        throw new IllegalArgumentException("grid must be at least 0, but was " + grid);
      }
    }

    /**
     * Latents at full size.
     *
     * @return grid 0
     */
    public static Options defaults() {
      return new Options(0);
    }
  }

  private LatentFeatures(ModelView view, Options options) {
    this.view = view;
    this.options = options;
    this.shape = view.shape();
    int grid = options.grid();
    if (grid != 0 && (shape.height() % grid != 0 || shape.width() % grid != 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the grid's side must divide the latent's height and width, %d and %d, but was %d",
              shape.height(),
              shape.width(),
              grid));
    }
  }

  /**
   * The features of a model.
   *
   * @param model whose autoencoder and text encoder are used, for images of the size in its
   *     options; owned by the caller, who keeps it open while the features are in use
   * @param modelName identifies its weights, for saved rewards
   * @param options how to compute them
   * @return the features
   */
  public static LatentFeatures of(LatentDiffusion model, String modelName, Options options) {
    Objects.requireNonNull(options, "options == null");
    return new LatentFeatures(ModelView.of(model, modelName), options);
  }

  @Override
  public String name() {
    return String.format(
        Locale.ROOT,
        "latent(%s, %d x %d, grid %d)",
        view.name(),
        shape.height(),
        shape.width(),
        options.grid());
  }

  @Override
  public int size() {
    return latentSize() + view.textSize();
  }

  @Override
  public float[][] of(List<Prompt> prompts, List<Image> images) {
    Pairs.require(prompts, images);
    // Each image and text is encoded once, although perturbed prompts and groups repeat them.
    Map<Image, float[]> latents = latents(new ArrayList<>(new LinkedHashSet<>(images)));
    Conditions texts = view.texts();
    float[][] all = new float[images.size()][size()];
    for (int i = 0; i < all.length; i++) {
      float[] latent = Objects.requireNonNull(latents.get(images.get(i)));
      float[] text = texts.of(prompts.get(i).text()).requirePooled();
      System.arraycopy(latent, 0, all[i], 0, latent.length);
      System.arraycopy(text, 0, all[i], latent.length, text.length);
    }
    return all;
  }

  @Override
  public float[][] ofLatents(List<Prompt> prompts, FloatBuffer latents) {
    requireSize(prompts.size(), latents);
    Conditions texts = view.texts();
    float[] values = new float[latents.remaining()];
    latents.get(latents.position(), values);
    float[][] all = new float[prompts.size()][size()];
    for (int i = 0; i < all.length; i++) {
      float[] latent = pooled(values, i * shape.size());
      float[] text = texts.of(prompts.get(i).text()).requirePooled();
      System.arraycopy(latent, 0, all[i], 0, latent.length);
      System.arraycopy(text, 0, all[i], latent.length, text.length);
    }
    return all;
  }

  @Override
  public void backward(double[][] byFeatures, FloatBuffer byLatents) {
    requireSize(byFeatures.length, byLatents);
    for (int i = 0; i < byFeatures.length; i++) {
      int at = byLatents.position() + i * shape.size();
      for (int k = 0; k < shape.size(); k++) {
        byLatents.put(at + k, (float) (byFeatures[i][cell(k)] / cellSize()));
      }
    }
  }

  private void requireSize(int images, FloatBuffer latents) {
    if (images < 1 || latents.remaining() != images * shape.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "these features are of latents of %s x %s x %s, but there were %s numbers for %s images",
              shape.channels(),
              shape.height(),
              shape.width(),
              latents.remaining(),
              images));
    }
  }

  private Map<Image, float[]> latents(List<Image> images) {
    Map<Image, float[]> latents = new LinkedHashMap<>();
    try (INDArray encoded = view.encode(images)) { // [N, C, h, w]
      float[] values = encoded.data().asFloat();
      int each = shape.channels() * shape.height() * shape.width();
      for (int i = 0; i < images.size(); i++) {
        latents.put(images.get(i), pooled(values, i * each));
      }
    }
    return latents;
  }

  /** The means of the cells of a grid, [C, g, g]. */
  private float[] pooled(float[] values, int offset) {
    float[] out = new float[latentSize()];
    for (int k = 0; k < shape.size(); k++) {
      out[cell(k)] += values[offset + k] / cellSize();
    }
    return out;
  }

  /** The cell of an element of the latents, [C, g, g] of [C, h, w]. */
  private int cell(int element) {
    int x = element % shape.width();
    int y = element / shape.width() % shape.height();
    int c = element / shape.width() / shape.height();
    int cellHeight = shape.height() / rows();
    int cellWidth = shape.width() / columns();
    return (c * rows() + y / cellHeight) * columns() + x / cellWidth;
  }

  /** How many elements a cell has. */
  private int cellSize() {
    return shape.height() / rows() * (shape.width() / columns());
  }

  private int rows() {
    return options.grid() == 0 ? shape.height() : options.grid();
  }

  private int columns() {
    return options.grid() == 0 ? shape.width() : options.grid();
  }

  private int latentSize() {
    return shape.channels() * rows() * columns();
  }
}
