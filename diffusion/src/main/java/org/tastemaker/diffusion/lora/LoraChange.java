package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.lora.LoraRole.Kind;
import org.tastemaker.diffusion.model.ParameterSpec;

/**
 * How a file changes one layer otherwise than by a low-rank pair: it is kept as the small matrices
 * of the file, and added to the layer's own weights when the LoRA is merged.
 */
final class LoraChange implements AutoCloseable {
  private final LoraPlace place;
  private final ImmutableMap<LoraRole, INDArray> tensors;
  private final double scale;
  private final long rank;

  /**
   * A change.
   *
   * @param place the layer
   * @param tensors of fitting shapes, whose owner this becomes; a magnitude as {@link
   *     LoraRole#DORA_SCALE}, [out, 1] or [1, in]
   * @param scale alpha / rank
   * @param rank of the matrices; 0 where they have none
   */
  LoraChange(LoraPlace place, ImmutableMap<LoraRole, INDArray> tensors, double scale, long rank) {
    this.place = place;
    this.tensors = tensors;
    this.scale = scale;
    this.rank = rank;
  }

  String path() {
    return place.path();
  }

  /** What it is called. */
  String kind() {
    Kind product = product();
    if (tensors.containsKey(LoraRole.DORA_SCALE)) {
      return product == Kind.PAIR ? "DoRA" : "DoRA of " + words(product);
    }
    return words(product);
  }

  private static String words(@Nullable Kind product) {
    return product == null ? Kind.BIAS.words() : product.words();
  }

  private @Nullable Kind product() {
    return tensors.keySet().stream()
        .map(LoraRole::kind)
        .filter(kind -> kind != Kind.MAGNITUDE && kind != Kind.BIAS && kind != Kind.ALPHA)
        .findFirst()
        .orElse(null);
  }

  /** The parameters of the network that it changes. */
  ImmutableList<ParameterSpec> targets() {
    ImmutableList.Builder<ParameterSpec> targets = ImmutableList.builder();
    if (product() != null) {
      targets.add(place.weight());
    }
    ParameterSpec bias = place.bias();
    if (bias != null && bias() != null) {
      targets.add(bias);
    }
    return targets.build();
  }

  private @Nullable INDArray bias() {
    INDArray diff = tensors.get(LoraRole.DIFF_B);
    return diff == null ? tensors.get(LoraRole.B_NORM) : diff;
  }

  /** Whether what it adds depends on what it is added to. */
  boolean dependsOn(ParameterSpec target) {
    return target.equals(place.weight()) && tensors.containsKey(LoraRole.DORA_SCALE);
  }

  /**
   * What it adds to a parameter.
   *
   * @param target one of {@link #targets}
   * @param now the parameter as it is
   * @return of the parameter's shape in memory; to be closed
   * @throws IllegalArgumentException if a row of the changed weight has no direction
   */
  INDArray delta(ParameterSpec target, INDArray now) {
    if (!target.equals(place.weight())) {
      return Objects.requireNonNull(bias()).dup('c').reshape('c', now.shape());
    }
    try (INDArray delta = weight()) { // [out, n]
      INDArray magnitude = tensors.get(LoraRole.DORA_SCALE);
      if (magnitude != null) {
        try (INDArray old = matrix(now)) {
          delta.addi(old);
          long without = LoraProducts.setLengths(delta, magnitude);
          if (without >= 0) {
            throw new IllegalArgumentException(
                String.format(
                    Locale.ROOT,
                    "\"%s\": row or column %s of the changed weight is 0, and cannot be given a length",
                    path(),
                    without));
          }
          delta.subi(old);
        }
      }
      return inMemory(delta);
    }
  }

  /** {@code scale} times the product, [out, n]. */
  private INDArray weight() {
    Kind kind = Objects.requireNonNull(product());
    INDArray product =
        switch (kind) {
          case PAIR -> pair();
          case HADAMARD -> hadamard();
          case KRONECKER -> kronecker();
          default -> LoraProducts.rows(difference()).dup('c');
        };
    return scale == 1 ? product : product.muli(scale);
  }

  private INDArray get(LoraRole role) {
    return Objects.requireNonNull(tensors.get(role), role.suffix());
  }

  private INDArray difference() {
    INDArray diff = tensors.get(LoraRole.DIFF);
    return diff == null ? get(LoraRole.W_NORM) : diff;
  }

  private INDArray pair() {
    INDArray mid = tensors.get(LoraRole.MID);
    if (mid == null) {
      return LoraProducts.times(get(LoraRole.UP), get(LoraRole.DOWN));
    }
    try (INDArray down = LoraProducts.tucker(mid, get(LoraRole.DOWN))) {
      return LoraProducts.times(get(LoraRole.UP), down);
    }
  }

  private INDArray hadamard() {
    INDArray first = half(LoraRole.HADA_T1, LoraRole.HADA_W1_A, LoraRole.HADA_W1_B);
    try (INDArray second = half(LoraRole.HADA_T2, LoraRole.HADA_W2_A, LoraRole.HADA_W2_B)) {
      return first.muli(second);
    }
  }

  private INDArray kronecker() {
    try (INDArray left = half(null, LoraRole.LOKR_W1, LoraRole.LOKR_W1_A, LoraRole.LOKR_W1_B);
        INDArray right =
            half(LoraRole.LOKR_T2, LoraRole.LOKR_W2, LoraRole.LOKR_W2_A, LoraRole.LOKR_W2_B)) {
      return LoraProducts.kronecker(left, right);
    }
  }

  private INDArray half(@Nullable LoraRole mid, LoraRole whole, LoraRole up, LoraRole down) {
    INDArray stored = tensors.get(whole);
    return stored == null ? half(mid, up, down) : LoraProducts.rows(stored).dup('c');
  }

  private INDArray half(@Nullable LoraRole mid, LoraRole up, LoraRole down) {
    INDArray middle = mid == null ? null : tensors.get(mid);
    if (middle == null) {
      return LoraProducts.times(get(up), get(down));
    }
    try (INDArray before = LoraProducts.tucker(middle, get(down));
        INDArray turned = get(up).transpose().dup('c')) {
      return LoraProducts.times(turned, before);
    }
  }

  private boolean isConvolution() {
    return place.weight().kind() == ParameterSpec.Kind.CONV;
  }

  /** A copy of a parameter, as [out, n]. */
  private INDArray matrix(INDArray parameter) {
    INDArray copy = (isConvolution() ? parameter.permute(3, 2, 0, 1) : parameter).dup('c');
    return copy.reshape('c', copy.size(0), copy.length() / copy.size(0));
  }

  /** [out, n] as the parameter lies in memory. */
  private INDArray inMemory(INDArray matrix) {
    long[] shape = place.weight().shape().toArray();
    return isConvolution()
        ? matrix.reshape('c', shape).permute(2, 3, 1, 0).dup('c')
        : matrix.dup('c').reshape('c', shape);
  }

  /**
   * The tensors as LyCORIS names and shapes them.
   *
   * @param name what they begin with
   * @param sink receives each, with its name; those that {@code temporary} gets are to be closed
   *     after that
   */
  void write(String name, Sink sink, ImmutableList.Builder<INDArray> temporary) {
    tensors.forEach(
        (role, array) -> {
          INDArray written = array;
          if (role == LoraRole.DORA_SCALE && isConvolution()) {
            written = array.reshape('c', array.size(0), array.size(1), 1, 1);
          } else if (rank == 0 && scale != 1 && role == LoraRole.LOKR_W1) {
            written = array.mul(scale); // there is no alpha without a rank
            temporary.add(written);
          }
          sink.add(name + role.suffix(), written);
        });
    if (rank > 0) {
      INDArray alpha = Nd4j.scalar((float) (scale * rank));
      temporary.add(alpha);
      sink.add(name + LoraRole.ALPHA.suffix(), alpha);
    }
  }

  /** Receives tensors. */
  interface Sink {
    void add(String name, INDArray array);
  }

  @Override
  public void close() {
    tensors.values().stream().filter(INDArray::closeable).forEach(INDArray::close);
  }
}
