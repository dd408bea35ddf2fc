package org.tastemaker.reward.learned;

import com.google.common.base.Enums;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TensorInfo;

/**
 * A reward's network in a file: {@code layers.0.weight} [inputs, outputs] and {@code layers.0.bias}
 * [outputs] in F64, and so on; the hidden layers' activation is in the metadata. Nothing in it is
 * code, or is read by Deeplearning4j.
 */
final class RewardNetworkFile {
  private static final String ACTIVATION = "activation";

  /** More than any reward needs, and few enough to be read at once. */
  private static final int MOST_LAYERS = 64;

  private RewardNetworkFile() {}

  static void write(RewardNetwork network, Path file) {
    SafetensorsWriter writer = new SafetensorsWriter();
    Layer[] layers = network.network().getLayers();
    List<INDArray> copies = new ArrayList<>();
    try {
      for (int i = 0; i < layers.length; i++) {
        INDArray weight = layers[i].getParam("W").dup('c'); // [in, out]
        INDArray bias = layers[i].getParam("b").dup('c').reshape(weight.size(1)); // [out]
        copies.add(weight);
        copies.add(bias);
        writer.add(name(i, "weight"), weight, DType.F64).add(name(i, "bias"), bias, DType.F64);
      }
      writer.metadata(ACTIVATION, activation(layers).name().toLowerCase(Locale.ROOT)).write(file);
    } finally {
      copies.forEach(INDArray::close);
    }
  }

  private static String name(int layer, String what) {
    return "layers." + layer + "." + what;
  }

  /** Of the hidden layers; without any it does not matter. */
  private static Activation activation(Layer[] layers) {
    IActivation function = ((DenseLayer) layers[0].conf().getLayer()).getActivationFn();
    for (Activation activation : Activation.values()) {
      if (activation.getActivationFunction().equals(function)) {
        return activation;
      }
    }
    throw new IllegalStateException("no name for the activation " + function);
  }

  /**
   * Reads a network, to be evaluated.
   *
   * @throws IllegalArgumentException if the file holds no such network
   */
  static RewardNetwork read(Path file) {
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      // 1. What is there, before any of it is read.
      List<Integer> widths = new ArrayList<>(); // inputs, hidden..., 1
      int layers = read.names().size() / 2;
      require(layers >= 1 && layers <= MOST_LAYERS, file, "1 to 64 layers", layers);
      for (int i = 0; i < layers; i++) {
        TensorInfo weight = info(read, name(i, "weight"), 2);
        TensorInfo bias = info(read, name(i, "bias"), 1);
        if (i == 0) {
          widths.add(Math.toIntExact(weight.shape().get(0)));
        }
        widths.add(Math.toIntExact(weight.shape().get(1)));
        boolean fits =
            weight.shape().get(0) == widths.get(i)
                && bias.shape().equals(ImmutableLongArray.of(widths.get(i + 1)));
        require(fits, file, "layers that fit each other", "layer " + i + " of " + weight.shape());
      }
      require(widths.get(layers) == 1, file, "one output", widths.get(layers));
      Activation activation = activation(file, read.metadata().getOrDefault(ACTIVATION, "none"));

      // 2. All parameters as one row: for each layer the weights, column by column, then the
      // biases.
      List<Integer> hidden = widths.subList(1, layers);
      long count = RewardNetwork.parameters(widths.get(0), hidden);
      INDArray all = Nd4j.create(DataType.DOUBLE, 1, count); // [1, P], the network's own
      long offset = 0;
      for (int i = 0; i < layers; i++) {
        try (INDArray weight = read.array(name(i, "weight"));
            INDArray bias = read.array(name(i, "bias"))) {
          for (long out = 0; out < weight.size(1); out++) {
            for (long in = 0; in < weight.size(0); in++) {
              all.putScalar(offset++, finite(file, weight.getDouble(in, out)));
            }
          }
          for (long out = 0; out < bias.length(); out++) {
            all.putScalar(offset++, finite(file, bias.getDouble(out)));
          }
        }
      }
      return RewardNetwork.of(widths.get(0), hidden, activation, all);
    }
  }

  private static TensorInfo info(SafetensorsFile file, String name, int rank) {
    TensorInfo info = file.names().contains(name) ? file.info(name) : null;
    boolean right = info != null && info.dtype() == DType.F64 && info.shape().length() == rank;
    require(
        right,
        file.path(),
        name + " in F64 with " + rank + " dimensions",
        info == null ? "none" : info.dtype() + " " + info.shape());
    return Objects.requireNonNull(info);
  }

  private static Activation activation(Path file, String name) {
    return Enums.getIfPresent(Activation.class, name.toUpperCase(Locale.ROOT))
        .toJavaUtil()
        .orElseThrow(() -> unexpected(file, "the name of an activation", name));
  }

  private static double finite(Path file, double value) {
    require(Double.isFinite(value), file, "finite weights", value);
    return value;
  }

  private static void require(boolean right, Path file, String expected, Object actual) {
    if (!right) {
      throw unexpected(file, expected, actual);
    }
  }

  private static IllegalArgumentException unexpected(Path file, String expected, Object actual) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: expected %s, but found %s; use a file that LearnedReward.save wrote",
            file,
            expected,
            actual));
  }
}
