package org.tastemaker.diffusion.engine.nd4j;

import java.util.Arrays;
import java.util.List;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.Layer;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Each kind of layer from those ops of SameDiff whose values and gradients are right. */
final class LayerBody {
  private final SameDiff graph;
  private final DataType dataType;

  LayerBody(SameDiff graph, DataType dataType) {
    this.graph = graph;
    this.dataType = dataType;
  }

  /** The layer's output, computed from the variables of its inputs. */
  SDVariable of(Layer layer, List<SDVariable> v) {
    Tensor input = layer.inputs().get(0);
    SDVariable x = v.get(0);
    long[] shape = layer.output().shape().toArray();
    return switch (layer.kind()) {
      case LINEAR -> linear(layer, v, shape);
      case CONV2D -> convolution(layer, v);
      case GROUP_NORM -> groupNorm(layer, v, shape);
      case LAYER_NORM ->
          standardize(x, input.rank(), layer.attribute("epsilon")).mul(v.get(1)).add(v.get(2));
      case SILU -> graph.nn().swish(x);
      case GELU -> gelu(x);
      case QUICK_GELU -> graph.nn().gelu(x);
      case GEGLU -> {
        int axis = input.rank() - 1;
        yield slice(x, shape, axis, 0).mul(gelu(slice(x, shape, axis, (int) shape[axis])));
      }
      case ATTENTION -> attention(layer, v, shape);
      case UPSAMPLE -> graph.cnn().upsampling2d(x, 2, 2, true);
      case CONCAT -> graph.concat(layer.whole("axis"), x, v.get(1));
      case ADD -> x.add(v.get(1));
      case ADD_TO_PIXELS -> x.add(graph.reshape(v.get(1), input.dim(0), input.dim(1), 1, 1));
      case ADD_TO_BATCH -> x.add(graph.reshape(v.get(1), 1, input.dim(1), input.dim(2)));
      case SCALE -> x.mul(layer.attribute("factor"));
      case MULTIPLY -> x.mul(v.get(1));
      case CLAMP -> graph.clipByValue(x, layer.attribute("low"), layer.attribute("high"));
      case SLICE -> slice(x, shape, layer.whole("axis"), layer.whole("begin"));
      case TO_TOKENS -> graph.permute(graph.reshape(x, input.dim(0), input.dim(1), -1), 0, 2, 1);
      case TO_IMAGE -> graph.reshape(graph.permute(x, 0, 2, 1), shape);
      case EMBEDDING -> embedding(layer, v, shape);
      case TIMESTEP_EMBEDDING -> timestepEmbedding(layer, x);
    };
  }

  private SDVariable linear(Layer layer, List<SDVariable> v, long... shape) {
    // A product of a 3-D with a 2-D array throws; rows first.
    SDVariable rows = graph.reshape(v.get(0), -1, layer.inputs().get(0).dim(-1)); // [rows, in]
    // ND4J's gradient of a product that is one number is wrong.
    SDVariable y =
        Arrays.stream(shape).allMatch(size -> size == 1)
            ? rows.mul(v.get(1)).sum(true, 1) // [1, 1]
            : graph.mmul(rows, v.get(1), false, true, false); // [rows, out]
    if (layer.has(2)) {
      y = graph.nn().biasAdd(y, v.get(2), false);
    }
    return graph.reshape(y, shape);
  }

  /** With weights [kH, kW, C, out], the one layout whose backward pass ND4J gets right. */
  private SDVariable convolution(Layer layer, List<SDVariable> v) {
    Tensor weight = layer.inputs().get(1);
    int top = layer.whole("top");
    int bottom = layer.whole("bottom");
    int left = layer.whole("left");
    int right = layer.whole("right");
    boolean symmetric = top == bottom && left == right;
    Conv2DConfig config =
        Conv2DConfig.builder()
            .kH(weight.dim(0))
            .kW(weight.dim(1))
            .sH(layer.whole("stride"))
            .sW(layer.whole("stride"))
            .pH(symmetric ? top : 0)
            .pW(symmetric ? left : 0)
            .dH(1)
            .dW(1)
            .dataFormat(Conv2DConfig.NCHW)
            // "SAME" pads differently from torch at stride 2; VALID takes pH and pW as they are.
            .paddingMode(PaddingMode.VALID)
            .build();
    SDVariable image = v.get(0);
    if (!symmetric) {
      SDVariable sides =
          graph.constant(
              Nd4j.createFromArray(new int[][] {{0, 0}, {0, 0}, {top, bottom}, {left, right}}));
      image = graph.nn().pad(image, sides, 0);
    }
    return layer.has(2)
        ? graph.cnn().conv2d(image, v.get(1), v.get(2), config)
        : graph.cnn().conv2d(image, v.get(1), config);
  }

  private SDVariable groupNorm(Layer layer, List<SDVariable> v, long... shape) {
    long[] perChannel = new long[shape.length];
    Arrays.fill(perChannel, 1);
    perChannel[1] = shape[1];
    SDVariable grouped =
        graph.reshape(v.get(0), shape[0], layer.whole("groups"), -1); // [B, G, rest]
    SDVariable y = graph.reshape(standardize(grouped, 3, layer.attribute("epsilon")), shape);
    return y.mul(graph.reshape(v.get(1), perChannel)).add(graph.reshape(v.get(2), perChannel));
  }

  /**
   * {@code (x - mean) / sqrt(variance + epsilon)} over the last dimension, from parts that work:
   * ND4J's own standardize has no epsilon, the gradient of its variance divides by n - 1, its mean
   * over axis -1 is right outside a graph only (the axis must be counted from 0), and the gradient
   * of a quotient is wrong for a divisor of shape [1, 1].
   */
  private SDVariable standardize(SDVariable x, int rank, double epsilon) {
    int last = rank - 1;
    SDVariable centred = x.sub(x.mean(true, last));
    SDVariable variance = centred.mul(centred).mean(true, last);
    return centred.mul(graph.math().rsqrt(variance.add(epsilon)));
  }

  private SDVariable gelu(SDVariable x) {
    return x.mul(graph.math().erf(x.mul(Math.sqrt(0.5))).add(1)).mul(0.5);
  }

  private SDVariable attention(Layer layer, List<SDVariable> v, long... shape) {
    long batch = shape[0];
    long n = shape[1];
    long m = layer.inputs().get(1).dim(1);
    int heads = layer.whole("heads");
    SDVariable q = heads(v.get(0), batch, n, heads); // [B, heads, N, d]
    SDVariable k = heads(v.get(1), batch, m, heads); // [B, heads, M, d]
    SDVariable values = heads(v.get(2), batch, m, heads); // [B, heads, M, d]
    SDVariable scores =
        graph.mmul(q.mul(layer.attribute("scale")), k, false, true, false); // [B, heads, N, M]
    if (layer.has(3)) {
      scores = scores.add(graph.reshape(v.get(3), 1, 1, n, m));
    }
    SDVariable weights = graph.nn().softmax(scores, 3);
    SDVariable mixed = graph.mmul(weights, values); // [B, heads, N, d]
    return graph.reshape(graph.permute(mixed, 0, 2, 1, 3), shape);
  }

  private SDVariable heads(SDVariable x, long batch, long length, long heads) {
    return graph.permute(graph.reshape(x, batch, length, heads, -1), 0, 2, 1, 3);
  }

  private SDVariable slice(SDVariable x, long[] size, int axis, int begin) {
    int[] begins = new int[size.length];
    begins[axis] = begin;
    return graph.slice(x, begins, Arrays.stream(size).mapToInt(Math::toIntExact).toArray());
  }

  private SDVariable embedding(Layer layer, List<SDVariable> v, long... shape) {
    Tensor table = layer.inputs().get(1);
    if (!table.differentiable()) {
      return graph.gather(v.get(1), v.get(0), 0);
    }
    // A gather has no gradient that works; a product with one-hot rows has.
    SDVariable rows = graph.reshape(v.get(0), shape[0] * shape[1]); // [B N]
    SDVariable oneHot = graph.oneHot(rows, (int) table.dim(0), 1, 1, 0, dataType); // [B N, rows]
    return graph.reshape(graph.mmul(oneHot, v.get(1)), shape);
  }

  private SDVariable timestepEmbedding(Layer layer, SDVariable timestep) {
    int half = layer.whole("size") / 2;
    double[][] frequencies = new double[1][half];
    for (int i = 0; i < half; i++) {
      frequencies[0][i] = Math.exp(-Math.log(10000) * i / (half - layer.attribute("shift")));
    }
    SDVariable f = graph.constant(Nd4j.createFromArray(frequencies).castTo(dataType));
    SDVariable angles = graph.reshape(timestep, -1, 1).mul(f); // [B, C / 2]
    SDVariable sine = graph.math().sin(angles);
    SDVariable cosine = graph.math().cos(angles);
    return layer.flag("flip") ? graph.concat(1, cosine, sine) : graph.concat(1, sine, cosine);
  }
}
