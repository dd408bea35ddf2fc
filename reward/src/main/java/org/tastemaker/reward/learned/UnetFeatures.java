package org.tastemaker.reward.learned;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.UNetActivations;
import org.tastemaker.diffusion.condition.Conditions;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The U-Net's activations for an image and its prompt. Unlike {@link LatentFeatures}, they combine
 * image and text, in the U-Net's cross-attention. Nothing has to be downloaded.
 *
 * <pre>
 *   a = the activations of a block at a noise level, averaged over space   [K]  {@link UNetActivations}
 *   e = the text encoder's output at the end token                        [D]
 *   features = (a, e)                                                     [K + D]
 * </pre>
 *
 * <p>They are deterministic: the noise is the same for every image and every call. The model's
 * weights must not be trained while a reward over these features is in use. Training an adapter is
 * fine, since the features do not use it. To train all weights, give the features a model of their
 * own.
 */
public final class UnetFeatures implements Features {
  private final ModelView view;
  private final UNetActivations.Options options;
  private final UNetActivations activations;

  private UnetFeatures(ModelView view, UNetActivations.Options options) {
    this.view = view;
    this.options = options;
    this.activations = UNetActivations.of(view.model(), options);
  }

  /**
   * The features of a model.
   *
   * @param model whose autoencoder, U-Net and text encoder are used, for images of the size in its
   *     options; owned by the caller, who keeps it open while the features are in use
   * @param modelName identifies its weights, for saved rewards
   * @param options which block to look at, and with how much noise
   * @return the features
   * @throws IllegalArgumentException if the model has no such block or timestep
   */
  public static UnetFeatures of(
      LatentDiffusion model, String modelName, UNetActivations.Options options) {
    Objects.requireNonNull(options, "options == null");
    return new UnetFeatures(ModelView.of(model, modelName), options);
  }

  @Override
  public String name() {
    return String.format(
        Locale.ROOT,
        "unet(%s, %d x %d, %s at t = %d, noise %d)",
        view.name(),
        view.shape().height(),
        view.shape().width(),
        options.block(),
        options.timestep(),
        options.seed().key());
  }

  @Override
  public int size() {
    return activations.size() + view.textSize();
  }

  @Override
  public float[][] of(List<Prompt> prompts, List<Image> images) {
    Pairs.require(prompts, images);
    // Each pair, image and text is computed once, although perturbed prompts and groups repeat
    // them.
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      pairs.add(new Pair(prompts.get(i).text(), images.get(i)));
    }
    List<Pair> distinct = new ArrayList<>(new LinkedHashSet<>(pairs));
    float[][] made = activations(distinct);
    Map<Pair, float[]> byPair = new LinkedHashMap<>();
    for (int k = 0; k < made.length; k++) {
      byPair.put(distinct.get(k), made[k]);
    }
    Conditions texts = view.texts();
    float[][] all = new float[pairs.size()][size()];
    for (int i = 0; i < all.length; i++) {
      float[] a = Objects.requireNonNull(byPair.get(pairs.get(i)));
      float[] e = texts.of(pairs.get(i).text()).requirePooled();
      System.arraycopy(a, 0, all[i], 0, a.length);
      System.arraycopy(e, 0, all[i], a.length, e.length);
    }
    return all;
  }

  private record Pair(String text, Image image) {}

  private float[][] activations(List<Pair> pairs) {
    List<Image> images =
        new ArrayList<>(new LinkedHashSet<>(pairs.stream().map(Pair::image).toList()));
    Map<Image, Integer> places = new LinkedHashMap<>();
    images.forEach(image -> places.put(image, places.size()));
    long[] shape = {
      pairs.size(), view.shape().channels(), view.shape().height(), view.shape().width()
    };
    int each = view.shape().size();
    try (INDArray encoded = view.encode(images); // [M, C, h, w]
        INDArray latents = Nd4j.create(DataType.FLOAT, shape)) { // [N, C, h, w]
      FloatBuffer from = FloatBuffers.of(encoded);
      FloatBuffer to = FloatBuffers.of(latents);
      for (int i = 0; i < pairs.size(); i++) {
        int place = Objects.requireNonNull(places.get(pairs.get(i).image()));
        to.put(i * each, from, place * each, each);
      }
      return activations.of(pairs.stream().map(Pair::text).toList(), latents);
    }
  }
}
