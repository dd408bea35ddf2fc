package org.tastemaker.diffusion.lora;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.Parameters;

/** The parameters A and B of a LoRA: their names, shapes and first values. */
final class LoraParameters {
  static final String DOWN = ".down.weight";
  static final String UP = ".up.weight";
  static final String UP_BIAS = ".up.bias";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

  private LoraParameters() {}

  static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a LoRA's name must be letters, digits, '-' and '_', but was \"%s\"",
              name));
    }
  }

  /** The path of the layer that a weight belongs to. */
  static String path(ParameterSpec weight) {
    return weight.name().substring(0, weight.name().length() - ".weight".length());
  }

  /** The name of the bias of the layer that a weight belongs to. */
  static String bias(ParameterSpec weight) {
    return path(weight) + ".bias";
  }

  /** What the names of a layer's A and B begin with. */
  static String prefix(String name, LoraNetwork network, String path) {
    return "lora." + name + "." + network.prefix() + "." + path;
  }

  /** A and B of each layer. */
  static List<ParameterSpec> specs(String name, LoraNetwork network, List<LoraModule> modules) {
    List<ParameterSpec> specs = new ArrayList<>();
    for (LoraModule module : modules) {
      String prefix = prefix(name, network, module.path());
      specs.add(module.down(prefix + DOWN));
      specs.add(module.up(prefix + UP));
      if (module.bias()) {
        specs.add(module.upBias(prefix + UP_BIAS));
      }
    }
    return specs;
  }

  static DataType type(Parameters base) {
    return base.arrays().values().iterator().next().dataType();
  }

  /** Fills an array with normal noise. */
  static void gaussian(INDArray array, Seed seed, double deviation) {
    float[] noise = new float[Math.toIntExact(array.length())];
    seed.gaussian(0, noise);
    for (int i = 0; i < noise.length; i++) {
      array.data().put(i, deviation * noise[i]);
    }
  }
}
