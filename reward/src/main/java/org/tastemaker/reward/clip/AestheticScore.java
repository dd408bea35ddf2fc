package org.tastemaker.reward.clip;

import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/**
 * The aesthetic score of LAION (Schuhmann, "improved-aesthetic-predictor", 2022; also in LAION-5B,
 * NeurIPS 2022): what people would give an image on a scale from 1 to 10, usually 4 to 7. The
 * prompt is not read.
 *
 * <pre>
 *   a = W7 (W6 (W4 (W2 (W0 u + b0) + b2) + b4) + b6) + b7        u = I / |I|
 *     = w u + b                                                  w [P], b [1]
 * </pre>
 *
 * <p>The published predictor has five linear layers of 1024, 128, 64, 16 and 1 with dropout between
 * them in training and no activation. So it is one affine map, and is folded into one when it is
 * read: {@link #save} writes 3 KB in the place of 3.7 MB.
 *
 * <p>Traps. Its model is OpenAI's ViT-L/14 (P = 768), and no other. And I has to be divided by its
 * length: without that the same weights give 20 to 30.
 */
public final class AestheticScore implements ClipScore {
  private static final List<Integer> LAYERS = List.of(0, 2, 4, 6, 7);
  private static final String FORMAT = "tastemaker-aesthetic-1";
  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  private final float[] weight; // w
  private final float bias; // b

  private AestheticScore(float[] weight, float bias) {
    this.weight = weight;
    this.bias = bias;
  }

  /**
   * Reads a predictor.
   *
   * @param file the published {@code sac+logos+ava1-l14-linearMSE.pth}, or its tensors {@code
   *     layers.{0,2,4,6,7}.{weight,bias}} as safetensors, or what {@link #save} wrote
   * @return the score
   * @throws IllegalArgumentException if it holds something else; the message says what
   */
  public static AestheticScore read(Path file) {
    try (TensorFile tensors = TensorFiles.open(file)) {
      boolean folded = tensors.names().contains(WEIGHT);
      requireNames(tensors, folded);
      AestheticScore score = folded ? folded(tensors) : fold(tensors);
      boolean finite = Float.isFinite(score.bias);
      for (float w : score.weight) {
        finite &= Float.isFinite(w);
      }
      if (!finite) {
        throw new IllegalArgumentException(
            file + ": the predictor's weights must be finite, but some are NaN or infinite");
      }
      return score;
    }
  }

  private static void requireNames(TensorFile tensors, boolean folded) {
    Set<String> expected = new TreeSet<>();
    if (folded) {
      expected.addAll(List.of(WEIGHT, BIAS));
    } else {
      for (int layer : LAYERS) {
        expected.add(name(layer, WEIGHT));
        expected.add(name(layer, BIAS));
      }
    }
    Set<String> missing = new TreeSet<>(expected);
    missing.removeAll(tensors.names());
    Set<String> unknown = new TreeSet<>(tensors.names());
    unknown.removeAll(expected);
    if (!missing.isEmpty() || !unknown.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is no aesthetic predictor: expected the tensors %s; missing are %s, unknown %s",
              tensors.path(),
              expected,
              missing,
              shortened(unknown)));
    }
  }

  private static String shortened(Set<String> names) {
    List<String> first = names.stream().limit(5).toList();
    return names.size() > first.size()
        ? first + " and " + (names.size() - 5) + " more"
        : "" + first;
  }

  private static AestheticScore folded(TensorFile tensors) {
    ImmutableLongArray shape = tensors.shape(WEIGHT);
    if (shape.length() != 1
        || tensors.shape(BIAS).length() != 1
        || tensors.shape(BIAS).get(0) != 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: expected a weight of shape [P] and a bias of shape [1], but they are %s and %s",
              tensors.path(),
              shape,
              tensors.shape(BIAS)));
    }
    double[] w = doubles(tensors, WEIGHT);
    return new AestheticScore(floats(w), (float) doubles(tensors, BIAS)[0]);
  }

  /** From the last layer to the first: b += v b_k, then v = v W_k, from v = [1]. */
  private static AestheticScore fold(TensorFile tensors) {
    double[] v = {1};
    double b = 0;
    List<Integer> backward = new ArrayList<>(LAYERS);
    Collections.reverse(backward);
    for (int layer : backward) {
      ImmutableLongArray shape = tensors.shape(name(layer, WEIGHT)); // [out, in]
      ImmutableLongArray biases = tensors.shape(name(layer, BIAS)); // [out]
      if (shape.length() != 2
          || shape.get(0) != v.length
          || biases.length() != 1
          || biases.get(0) != v.length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: layer %s must have %s outputs, as many as the next has inputs, but its weight"
                    + " is %s and its bias %s",
                tensors.path(),
                layer,
                v.length,
                shape,
                biases));
      }
      double[] bias = doubles(tensors, name(layer, BIAS));
      double[] matrix = doubles(tensors, name(layer, WEIGHT));
      int inputs = matrix.length / v.length;
      double[] before = new double[inputs];
      for (int out = 0; out < v.length; out++) {
        b += v[out] * bias[out];
        for (int in = 0; in < inputs; in++) {
          before[in] += v[out] * matrix[out * inputs + in];
        }
      }
      v = before;
    }
    return new AestheticScore(floats(v), (float) b);
  }

  private static String name(int layer, String part) {
    return "layers." + layer + "." + part;
  }

  private static double[] doubles(TensorFile tensors, String name) {
    try (INDArray array = tensors.array(name, DataType.DOUBLE)) {
      return array.data().asDouble();
    }
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /**
   * Writes the folded predictor as safetensors: {@value #WEIGHT} [P] and {@value #BIAS} [1].
   *
   * @param file replaced if it exists
   */
  public void save(Path file) {
    new SafetensorsWriter()
        .metadata("format", FORMAT)
        .add(WEIGHT, weight, DType.F32, weight.length)
        .add(BIAS, new float[] {bias}, DType.F32, 1)
        .write(file);
  }

  /**
   * How long an image's vector must be.
   *
   * @return P
   */
  public int size() {
    return weight.length;
  }

  @Override
  public String title() {
    return "LAION aesthetic";
  }

  @Override
  public List<String> texts(String prompt) {
    return List.of();
  }

  @Override
  public double of(
      float[] image, List<float[]> texts, double logitScale, double @Nullable [] gradient) {
    if (image.length != weight.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "this aesthetic predictor reads vectors of %s numbers, but the model's have %s; the"
                  + " published one belongs to OpenAI's ViT-L/14",
              weight.length,
              image.length));
    }
    double length = Cosine.length(image);
    double score = 0;
    for (int i = 0; i < weight.length; i++) {
      score += weight[i] * image[i] / length; // w u
    }
    for (int i = 0; gradient != null && i < weight.length; i++) {
      gradient[i] = (weight[i] - score * image[i] / length) / length;
    }
    return score + bias;
  }

  @Override
  public String toString() {
    return title();
  }
}
