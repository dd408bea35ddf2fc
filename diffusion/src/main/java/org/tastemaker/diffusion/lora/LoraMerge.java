package org.tastemaker.diffusion.lora;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.model.Parameters;

/**
 * What a LoRA has added to a network's weights: {@code W + factor B A}, with copies of A and B, so
 * that exactly that can be subtracted again.
 */
final class LoraMerge implements AutoCloseable {
  private final List<Change> changes = new ArrayList<>();

  /** Adds {@code factor B A} to a layer's weight. */
  void add(INDArray weight, INDArray down, INDArray up, double factor, boolean convolution) {
    Change change = new Change(weight, down.dup('c'), up.dup('c'), factor, convolution);
    changes.add(change);
    change.add(factor);
  }

  void undo() {
    changes.forEach(change -> change.add(-change.factor));
    close();
  }

  @Override
  public void close() {
    changes.forEach(Change::close);
    changes.clear();
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

  private record Change(
      INDArray weight, INDArray down, INDArray up, double factor, boolean convolution)
      implements AutoCloseable {
    void add(double times) {
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
