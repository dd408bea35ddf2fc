package org.tastemaker.diffusion.lora;

import com.google.common.primitives.ImmutableLongArray;
import java.util.Locale;
import java.util.Optional;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;
import org.tastemaker.diffusion.model.Parameters;

/**
 * What a LoRA adds to one layer.
 *
 * @param path of the layer, such as {@code mid_block.attentions.0.proj_in}
 * @param weight what the layer's own weight is like; of kind LINEAR or CONV
 * @param rank r, at least 1
 * @param alpha finite, not 0
 * @param bias whether B has a bias: PEFT's {@code lora_bias}
 */
public record LoraModule(String path, ParameterSpec weight, int rank, double alpha, boolean bias) {
  /** Checks the layer's kind, the rank and alpha. */
  public LoraModule {
    if (!isAdaptable(weight)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "\"%s\" must be a linear layer or a convolution, but is of kind %s",
              path,
              weight.kind()));
    }
    if (rank < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "rank of \"%s\" must be at least 1, but was %s", path, rank));
    }
    if (!Double.isFinite(alpha) || alpha == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "alpha of \"%s\" must be finite and not 0, but was %s", path, alpha));
    }
  }

  /**
   * One without a bias.
   *
   * @param path as above
   * @param weight as above
   * @param rank as above
   * @param alpha as above
   */
  public LoraModule(String path, ParameterSpec weight, int rank, double alpha) {
    this(path, weight, rank, alpha, false);
  }

  /**
   * The factor of the branch.
   *
   * @return alpha / rank
   */
  public double scale() {
    return alpha / rank;
  }

  static boolean isAdaptable(ParameterSpec weight) {
    return weight.kind() == Kind.LINEAR || weight.kind() == Kind.CONV;
  }

  boolean isConvolution() {
    return weight.kind() == Kind.CONV;
  }

  /** What keeps it from a network's layer of this path, if anything does. */
  Optional<String> misfit(Parameters base) {
    ParameterSpec found = base.specs().get(weight.name());
    if (found == null) {
      return Optional.of("no layer \"" + path + "\"");
    }
    boolean fits = found.kind() == weight.kind() && found.shape().equals(weight.shape());
    return fits
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT, "\"%s\" expected %s, found %s", path, weight.shape(), found.shape()));
  }

  /** A: [r, in] or [r, in, kH, kW]. */
  ParameterSpec down(String name) {
    ImmutableLongArray w = weight.shape();
    ImmutableLongArray shape =
        isConvolution()
            ? ImmutableLongArray.of(rank, w.get(1), w.get(2), w.get(3))
            : ImmutableLongArray.of(rank, w.get(1));
    return new ParameterSpec(name, shape, weight.kind(), weight.fanIn());
  }

  /** B: [out, r] or [out, r, 1, 1]. */
  ParameterSpec up(String name) {
    long out = weight.shape().get(0);
    ImmutableLongArray shape =
        isConvolution() ? ImmutableLongArray.of(out, rank, 1, 1) : ImmutableLongArray.of(out, rank);
    return new ParameterSpec(name, shape, weight.kind(), rank);
  }

  /** B's bias: [out]. */
  ParameterSpec upBias(String name) {
    return new ParameterSpec(name, ImmutableLongArray.of(weight.shape().get(0)), Kind.BIAS, rank);
  }
}
