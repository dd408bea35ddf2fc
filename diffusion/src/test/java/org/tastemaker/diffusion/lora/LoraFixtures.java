package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

/** The small networks of the goldens, and what the tests do with them. */
final class LoraFixtures {
  static final Seed SEED = Seed.of(11);

  private LoraFixtures() {}

  static Path golden(String name) {
    try {
      return Path.of(requireNonNull(LoraFixtures.class.getResource("/goldens/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static UNet2DConditionModel unet() {
    return UNet2DConditionModel.load(golden("unet_tiny"));
  }

  static Lora newLora(String name, UNet2DConditionModel unet, Lora.Options options) {
    return Lora.create(name, LoraNetwork.UNET, unet.parameters(), options, SEED.split(name));
  }

  /** Every linear layer and every convolution. */
  static Lora.Options everywhere() {
    return Lora.Options.defaults().withTargets(LoraTargets.matching(".*"));
  }

  /** Gives every parameter, up layers too, normal values with the standard deviation 0.2. */
  static Lora trained(Lora lora) {
    lora.parameters()
        .arrays()
        .forEach(
            (name, array) -> {
              float[] noise = new float[(int) array.length()];
              SEED.split(name).gaussian(0, noise);
              for (int i = 0; i < noise.length; i++) {
                array.data().put(i, 0.2 * noise[i]);
              }
            });
    return lora;
  }

  static FunctionOptions with(Adapter adapter) {
    return FunctionOptions.inference().withAdapter(adapter);
  }

  /** Output of a U-Net for a fixed input; to be closed. */
  static INDArray run(UNet2DConditionModel unet, FunctionOptions options) {
    GraphFunction function = unet.function(2, 8, 8, 5, options);
    try (INDArray sample = noise("sample", 2, unet.config().inChannels(), 8, 8);
        INDArray text = noise("text", 2, 5, unet.config().crossAttentionDim());
        INDArray time = Nd4j.createFromArray(3f, 700f)) {
      return requireNonNull(
              function
                  .forward(
                      Map.of(
                          UNet2DConditionModel.SAMPLE, sample,
                          UNet2DConditionModel.TIMESTEP, time,
                          UNet2DConditionModel.TEXT, text))
                  .get(UNet2DConditionModel.OUT))
          .dup('c');
    }
  }

  static INDArray noise(String name, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] noise = new float[(int) array.length()];
    SEED.split(name).gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      array.data().put(i, noise[i]);
    }
    return array;
  }

  /** The numbers themselves: ND4J's own equals forgives differences below 1e-5. */
  static float[] floats(INDArray array) {
    return array.data().asFloat();
  }

  /** ||a - b|| / ||b||. */
  static double relativeError(INDArray a, INDArray b) {
    double difference = 0;
    double norm = 0;
    for (long i = 0; i < b.length(); i++) {
      double x = a.data().getDouble(i);
      double y = b.data().getDouble(i);
      difference += (x - y) * (x - y);
      norm += y * y;
    }
    return Math.sqrt(difference / norm);
  }
}
