package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableMap;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** A strided convolution, a 1 x 1 convolution and a linear layer: what an adapter can sit at. */
public final class SmallLayers {
  /** The paths of the layers. */
  public static final String CONV = "block.conv";

  /** The path of the 1 x 1 convolution. */
  public static final String POINTWISE = "block.proj_in";

  /** The path of the linear layer. */
  public static final String LINEAR = "block.to_q";

  private SmallLayers() {}

  /** Random parameters. */
  public static Parameters parameters(Seed seed, DataType type) {
    Layers layers = Layers.declaring();
    build(layers);
    return Parameters.random(layers.declared(), seed, type);
  }

  /** The graph: input x [2, 3, 6, 6], output out [2, 9, 5]. */
  public static GraphDefinition define(Parameters parameters, FunctionOptions options) {
    DataType type = parameters.get(LINEAR + ".weight").dataType();
    Layers layers = options.layers(parameters, type);
    return GraphDefinition.of(layers.ops(), ImmutableMap.of("out", build(layers)));
  }

  private static Tensor build(Layers layers) {
    Tensor x = layers.ops().input("x", false, 2, 3, 6, 6);
    Tensor h = layers.conv2d(CONV, x, 4, 3, 2, new Padding(0, 1, 0, 1)); // [2, 4, 3, 3]
    h = layers.conv2d(POINTWISE, h, 4, 1); // [2, 4, 3, 3]
    return layers.linear(LINEAR, layers.ops().toTokens("tokens", h), 5, true); // [2, 9, 5]
  }
}
