package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.Parameters;

/**
 * What a LoRA has added to a network's weights: {@code W + factor B A}, with copies of A and B, so
 * that exactly that can be subtracted again, and what it has changed otherwise.
 */
final class LoraMerge implements AutoCloseable {
  private final List<Change> changes = new ArrayList<>();

  /** Will add {@code factor B A} to a layer's weight. */
  void add(INDArray weight, INDArray down, INDArray up, double factor, boolean convolution) {
    changes.add(new Pair(weight, down.dup('c'), up.dup('c'), factor, convolution));
  }

  /** Will add {@code factor} times a vector to a layer's bias. */
  void add(INDArray bias, INDArray vector, double factor) {
    changes.add(new Kept(bias, vector.mul(factor)));
  }

  /** Will add {@code factor} times what a change is to a parameter. */
  void add(INDArray parameter, LoraChange changed, ParameterSpec target, double factor) {
    // What depends on the weights as they are now cannot be computed again later.
    changes.add(
        changed.dependsOn(target)
            ? new Kept(parameter, changed.delta(target, parameter).muli(factor))
            : new Computed(parameter, changed, target, factor));
  }

  void apply() {
    changes.forEach(change -> change.add(1));
  }

  void undo() {
    changes.forEach(change -> change.add(-1));
    close();
  }

  @Override
  public void close() {
    changes.forEach(Change::close);
    changes.clear();
  }

  /** Checks that each layer has a bias where its pair has one. */
  static void requireBiases(String name, Collection<LoraModule> modules, Parameters base) {
    List<String> problems =
        modules.stream()
            .filter(LoraModule::bias)
            .filter(module -> !base.specs().containsKey(LoraParameters.bias(module.weight())))
            .map(module -> "\"" + module.path() + "\" has no bias to add lora_B.bias to")
            .toList();
    if (!problems.isEmpty()) {
      throw new LoraMismatchException(
          String.format(Locale.ROOT, "LoRA \"%s\" cannot be merged; use it as an adapter", name),
          problems);
    }
  }

  static void requireFinite(Parameters parameters) {
    ImmutableMap<String, INDArray> arrays = parameters.arrays();
    for (Map.Entry<String, INDArray> entry : arrays.entrySet()) {
      INDArray array = entry.getValue();
      for (long i = 0; i < array.length(); i++) {
        if (!Double.isFinite(array.data().getDouble(i))) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "parameter \"%s\" holds %s and must not be merged; has the training diverged?",
                  entry.getKey(),
                  array.data().getDouble(i)));
        }
      }
    }
  }

  private interface Change extends AutoCloseable {
    /** Adds it; -1 takes it away again. */
    void add(int sign);

    @Override
    void close();
  }

  /** A change that is kept as it is. */
  private record Kept(INDArray parameter, INDArray delta) implements Change {
    @Override
    public void add(int sign) {
      if (sign > 0) {
        parameter.addi(delta);
      } else {
        parameter.subi(delta);
      }
    }

    @Override
    public void close() {
      delta.close();
    }
  }

  /** A change that is computed from its small matrices each time. */
  private record Computed(
      INDArray parameter, LoraChange change, ParameterSpec target, double factor)
      implements Change {
    @Override
    public void add(int sign) {
      try (INDArray delta = change.delta(target, parameter)) {
        parameter.addi(delta.muli(sign * factor));
      }
    }

    @Override
    public void close() {
      // The matrices are the LoRA's.
    }
  }

  private record Pair(
      INDArray weight, INDArray down, INDArray up, double factor, boolean convolution)
      implements Change {
    @Override
    public void add(int sign) {
      double times = sign * factor;
      INDArray product;
      if (convolution) {
        // In memory [kH, kW, in, out] is [kH, kW, in, r] times [1, 1, r, out].
        long rank = down.size(3);
        long out = up.size(3);
        INDArray a = down.reshape('c', down.length() / rank, rank); // [kH kW in, r]
        product = a.mmul(up.reshape('c', rank, out)); // [kH kW in, out]
        weight.reshape('c', down.length() / rank, out).addi(product.muli(times));
      } else {
        product = up.mmul(down); // [out, in]
        weight.addi(product.muli(times));
      }
      product.close();
    }

    @Override
    public void close() {
      down.close();
      up.close();
    }
  }
}
