package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/** Files of reward networks, right and wrong. */
class RewardNetworkFileTest {
  private static final double[][] ROWS = {{1, -2, 0.5}, {0, 3, 1}};

  @TempDir Path folder;

  private Path file(String activation, INDArray... tensors) {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("activation", activation);
    for (int i = 0; i < tensors.length; i++) {
      writer.add(
          "layers." + i / 2 + (i % 2 == 0 ? ".weight" : ".bias"),
          tensors[i],
          tensors[i].dataType() == DataType.DOUBLE ? DType.F64 : DType.F32);
    }
    Path file = folder.resolve("network.safetensors");
    writer.write(file);
    return file;
  }

  private static INDArray zeros(long... shape) {
    return Nd4j.zeros(DataType.DOUBLE, shape);
  }

  @Test
  void whatIsWrittenIsReadToTheBit() {
    for (Activation activation : List.of(Activation.RELU, Activation.TANH, Activation.SWISH)) {
      Path file = folder.resolve(activation.name());
      try (RewardNetwork network =
          RewardNetwork.random(3, List.of(5, 4), activation, new Sgd(0.1), 0.1, Seed.of(4))) {
        RewardNetworkFile.write(network, file);
        try (RewardNetwork read = RewardNetworkFile.read(file)) {
          assertThat(read.scores(ROWS)).isEqualTo(network.scores(ROWS));
        }
      }
    }
  }

  @Test
  void whatIsNoNetworkIsRefusedWithWhatIsWrong() {
    assertRefused(file("relu"), "expected 1 to 64 layers, but found 0");
    assertRefused(
        file("relu", zeros(3, 4), zeros(4)), "expected one output, but found 4; use a file that");
    assertRefused(
        file("relu", zeros(3, 4), zeros(4), zeros(5, 1), zeros(1)),
        "expected layers that fit each other, but found layer 1 of [5, 1]");
    assertRefused(
        file("relu", zeros(3, 1), Nd4j.zeros(DataType.FLOAT, 1)),
        "expected layers.0.bias in F64 with 1 dimensions, but found F32 [1]");
    assertRefused(
        file("magic", zeros(3, 1), zeros(1)),
        "expected the name of an activation, but found magic");
    assertRefused(
        file("relu", zeros(3, 1).putScalar(1, Double.NaN), zeros(1)),
        "expected finite weights, but found NaN");
  }

  private static void assertRefused(Path file, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RewardNetworkFile.read(file))
        .withMessageStartingWith(file + ": " + reason);
  }
}
