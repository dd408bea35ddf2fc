package org.tastemaker.reward.learned;

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
 * <p>The model's autoencoder and text encoder must not be trained while a reward over these
 * features is in use. Training the U-Net, or an adapter of it, is fine.
 */
public final class LatentFeatures implements Features {
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
    int rows = options.grid() == 0 ? shape.height() : options.grid();
    int columns = options.grid() == 0 ? shape.width() : options.grid();
    int cellHeight = shape.height() / rows;
    int cellWidth = shape.width() / columns;
    float[] out = new float[shape.channels() * rows * columns];
    for (int c = 0; c < shape.channels(); c++) {
      for (int y = 0; y < shape.height(); y++) {
        for (int x = 0; x < shape.width(); x++) {
          out[(c * rows + y / cellHeight) * columns + x / cellWidth] +=
              values[offset + (c * shape.height() + y) * shape.width() + x]
                  / (cellHeight * cellWidth);
        }
      }
    }
    return out;
  }

  private int latentSize() {
    int cells =
        options.grid() == 0 ? shape.height() * shape.width() : options.grid() * options.grid();
    return shape.channels() * cells;
  }
}
