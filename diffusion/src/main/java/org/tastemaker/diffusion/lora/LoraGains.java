package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import java.util.Locale;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.Parameters;

/**
 * A LoRA with one number for each layer: by how much it amplifies or attenuates what the layer does
 * already. A search without gradients makes progress among a few such numbers, and none among the
 * thousands of a LoRA.
 *
 * <pre>
 *   h = W x + (alpha / r) B A x,   A = Q^T,   B = g (r / alpha) W Q
 *     = W (x + g Q Q^T x)
 * </pre>
 *
 * <p>The columns of Q are orthonormal and nearly span the r input directions that W enlarges most.
 * So g = 0 changes nothing, g = 0.2 makes a layer of full rank act by a fifth more, and with a
 * smaller r that holds for the strongest r of its input directions. The result is a LoRA like any
 * other: it can be saved, merged, stacked.
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>code</th><th>symbol</th><th>shape</th></tr></thead>
 * <tbody>
 * <tr><td>weight</td><td>W, of a convolution with its kernel's places among the inputs</td><td>[out,
 * in]</td></tr>
 * <tr><td>directions</td><td>Q</td><td>[in, r]</td></tr>
 * <tr><td>response</td><td>(r / alpha) W Q</td><td>[out, r]</td></tr>
 * <tr><td>gains</td><td>g of each layer</td><td>[layers]</td></tr>
 * </tbody>
 * </table>
 *
 * <p>That A and B are taken from W and frozen, and few numbers between them are searched, is as in
 * LoRA-XS (Balazy, Banaei, Aberer and Tabor, 2024), whose [r, r] numbers of a layer are here g
 * times the identity. Q is found by subspace iteration (Halko, Martinsson and Tropp, "Finding
 * structure with randomness", SIAM Review 2011, algorithm 4.4).
 *
 * <p>Not thread-safe. The caller owns the LoRA, and must not train it in another way meanwhile.
 */
public final class LoraGains {
  /**
   * Of a direction that is weaker by a tenth, 0.9^(2 * 12) = 8 % is left, of one that is weaker by
   * half, 6e-8. Which of several nearly equal directions is taken does not matter.
   */
  private static final int PASSES = 12;

  private final Lora lora;
  private final ImmutableList<double[]> responses;
  private final float[] gains;

  private LoraGains(Lora lora, ImmutableList<double[]> responses) {
    this.lora = lora;
    this.responses = responses;
    this.gains = new float[responses.size()];
  }

  /**
   * Turns a new LoRA into one of gains, all of them 0.
   *
   * @param lora a new one, not trained yet; its down layers are replaced
   * @param base the parameters of the network that it adapts; read only, and only here
   * @param seed where the iteration begins; the same seed gives the same directions
   * @return the gains
   * @throws LoraMismatchException if the LoRA does not fit the network
   * @throws IllegalArgumentException if the LoRA has been trained, or its rank is higher than a
   *     layer's; nothing has changed then
   */
  public static LoraGains of(Lora lora, Parameters base, Seed seed) {
    lora.requireTrainable();
    lora.requireFits(base);
    for (LoraModule module : lora.modules().values()) {
      requireNew(lora, module);
      long in = module.weight().fanIn();
      long out = module.weight().shape().get(0);
      if (module.rank() > Math.min(in, out)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "rank must be at most that of each layer, but was %s, and \"%s\" has %s inputs and %s outputs",
                module.rank(),
                module.path(),
                in,
                out));
      }
    }
    ImmutableList.Builder<double[]> responses = ImmutableList.builder();
    for (LoraModule module : lora.modules().values()) {
      INDArray weight = matrix(base.get(module.weight().name()), module);
      try (INDArray directions = directions(weight, module.rank(), seed.split(module.path()));
          INDArray response = weight.mmul(directions)) { // [out, r]
        response.divi(module.scale());
        // In memory A is [r, in] and B [out, r], but those of a convolution are transposed.
        boolean transposed = module.isConvolution();
        put(values(transposed ? directions : directions.transpose()), 1, lora.down(module));
        responses.add(values(transposed ? response.transpose() : response));
      }
    }
    return new LoraGains(lora, responses.build());
  }

  /**
   * The layers, in the order of the gains.
   *
   * @return their paths
   */
  public ImmutableList<String> layers() {
    return lora.modules().keySet().asList();
  }

  /**
   * The gains as they are.
   *
   * @return one for each layer, a copy
   */
  public float[] get() {
    return gains.clone();
  }

  /**
   * Sets the gains, and the LoRA's up layers by them.
   *
   * @param values one for each layer, finite
   * @throws IllegalArgumentException if there are more or fewer, or one is not finite; nothing has
   *     changed then
   */
  public void set(float[] values) {
    if (values.length != gains.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there must be a gain for each of %s layers, but there were %s",
              gains.length,
              values.length));
    }
    for (int l = 0; l < values.length; l++) {
      if (!Float.isFinite(values[l])) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "the gain of \"%s\" must be finite, but was %s",
                layers().get(l),
                values[l]));
      }
    }
    int l = 0;
    for (LoraModule module : lora.modules().values()) {
      put(responses.get(l), values[l], lora.up(module));
      gains[l] = values[l];
      l++;
    }
  }

  private static void requireNew(Lora lora, LoraModule module) {
    INDArray up = lora.up(module);
    for (long i = 0; i < up.length(); i++) {
      if (up.data().getDouble(i) != 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "LoRA \"%s\" has been trained: its up layer at \"%s\" is not 0, and would be lost; give a new one, from Lora.create",
                lora.name(),
                module.path()));
      }
    }
  }

  /** W as [out, in], a view. */
  private static INDArray matrix(INDArray weight, LoraModule module) {
    if (!module.isConvolution()) {
      return weight;
    }
    long out = module.weight().shape().get(0);
    return weight.reshape('c', weight.length() / out, out).transpose(); // from [kH, kW, in, out]
  }

  /** Q, [in, r]. */
  private static INDArray directions(INDArray weight, int rank, Seed seed) {
    INDArray q = Nd4j.createUninitialized(weight.dataType(), weight.columns(), rank);
    LoraParameters.gaussian(q, seed, 1);
    orthonormalise(q);
    for (int pass = 0; pass < PASSES; pass++) {
      try (INDArray y = weight.mmul(q); // [out, r]
          INDArray z = weight.transpose().mmul(y)) { // [in, r]
        q.assign(z);
      }
      orthonormalise(q);
    }
    return q;
  }

  /** Gram and Schmidt's, in the modified form and twice, which is as good as Householder's. */
  private static void orthonormalise(INDArray q) {
    int rows = q.rows();
    int columns = q.columns();
    double[][] column = new double[columns][rows];
    for (int c = 0; c < columns; c++) {
      for (int i = 0; i < rows; i++) {
        column[c][i] = q.data().getDouble((long) i * columns + c);
      }
      for (int twice = 0; twice < 2; twice++) {
        for (int before = 0; before < c; before++) {
          double along = dot(column[c], column[before]);
          for (int i = 0; i < rows; i++) {
            column[c][i] -= along * column[before][i];
          }
        }
      }
      double length = Math.sqrt(dot(column[c], column[c]));
      for (int i = 0; i < rows; i++) {
        column[c][i] = length == 0 ? 0 : column[c][i] / length;
        q.data().put((long) i * columns + c, column[c][i]);
      }
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** The elements of a view, row by row. */
  private static double[] values(INDArray view) {
    double[] values = new double[Math.toIntExact(view.length())];
    int at = 0;
    for (int row = 0; row < view.rows(); row++) {
      for (int column = 0; column < view.columns(); column++) {
        values[at++] = view.getDouble(row, column);
      }
    }
    return values;
  }

  private static void put(double[] values, double factor, INDArray array) {
    for (int i = 0; i < values.length; i++) {
      array.data().put(i, factor * values[i]);
    }
  }
}
