package org.tastemaker.diffusion.torch;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.tastemaker.diffusion.engine.graph.Layer;

/**
 * Each layer as calls of ATen, whose autograd is the backward half.
 *
 * <p>Images are [B, C, H, W] in LibTorch's order of axes and lie in memory with the channels last.
 * A weight comes in the form that {@link Use} says; other inputs in the type in which the layer
 * before left them. All that a call makes, the result too, belongs to the caller's scope.
 *
 * @param numbers the types
 */
record LayerOps(Numbers numbers) {
  Tensor apply(Layer layer, Tensor[] in) {
    Tensor x = in[0];
    return switch (layer.kind()) {
      case LINEAR -> linear(layer, in);
      case CONV2D -> convolution(layer, in);
      case GROUP_NORM -> groupNorm(layer, in);
      case LAYER_NORM ->
          numbers.compute(
              torch.layer_norm(
                  numbers.full(x),
                  new long[] {x.size(-1)},
                  new TensorOptional(in[1]),
                  new TensorOptional(in[2]),
                  layer.attribute("epsilon"),
                  true));
      case SILU -> torch.silu(x);
      case GELU -> torch.gelu(x);
      case QUICK_GELU -> x.mul(torch.sigmoid(x.mul(new Scalar(1.702))));
      case GEGLU -> {
        TensorVector halves = torch.chunk(x, 2, -1);
        yield halves.get(0).mul(torch.gelu(halves.get(1)));
      }
      case ATTENTION -> attention(layer, in);
      case UPSAMPLE -> torch.upsample_nearest2d(x, 2 * x.size(2), 2 * x.size(3));
      case CONCAT ->
          torch.cat(new TensorVector(common(x, in[1]), common(in[1], x)), layer.whole("axis"));
      case ADD -> common(x, in[1]).add(common(in[1], x));
      case MULTIPLY -> common(x, in[1]).mul(common(in[1], x));
      case ADD_TO_PIXELS -> x.add(Numbers.like(in[1], x).unsqueeze(-1).unsqueeze(-1));
      case ADD_TO_BATCH -> x.add(Numbers.like(in[1], x));
      case SCALE -> x.mul(new Scalar(layer.attribute("factor")));
      case CLAMP ->
          torch.clamp(
              x,
              new ScalarOptional(new Scalar(layer.attribute("low"))),
              new ScalarOptional(new Scalar(layer.attribute("high"))));
      case SLICE -> x.narrow(layer.whole("axis"), layer.whole("begin"), layer.whole("size"));
      case TO_TOKENS -> x.permute(0, 2, 3, 1).reshape(x.size(0), -1, x.size(1)); // [B, H W, C]
      case TO_IMAGE ->
          x.reshape(x.size(0), layer.whole("height"), layer.whole("width"), x.size(2))
              .permute(0, 3, 1, 2); // [B, C, H, W]
      case EMBEDDING -> torch.embedding(in[1], x);
      case TIMESTEP_EMBEDDING -> timestepEmbedding(layer, numbers.full(x));
    };
  }

  private Tensor linear(Layer layer, Tensor[] in) {
    Tensor x = Use.isSmall(layer) ? numbers.full(in[0]) : numbers.compute(in[0]);
    return torch.linear(x, in[1], optional(in, 2));
  }

  private Tensor convolution(Layer layer, Tensor[] in) {
    int top = layer.whole("top");
    int bottom = layer.whole("bottom");
    int left = layer.whole("left");
    int right = layer.whole("right");
    int stride = layer.whole("stride");
    boolean symmetric = top == bottom && left == right;
    Tensor x = numbers.compute(in[0]);
    if (!symmetric) {
      x = torch.constant_pad_nd(x, left, right, top, bottom);
    }
    // For one image and one output channel LibTorch 2.10 takes a gradient on the CPU that refuses
    // channels last: one channel is computed as the first of two.
    boolean single = in[1].size(0) == 1;
    Tensor[] weights = single ? twice(in) : in;
    Tensor y =
        torch.conv2d(
            x.contiguous(MemoryFormat.ChannelsLast),
            weights[1],
            optional(weights, 2),
            new long[] {stride, stride},
            symmetric ? new long[] {top, left} : new long[] {0, 0},
            new long[] {1, 1},
            1); // [B, out, H', W']
    return single ? y.narrow(1, 0, 1) : y;
  }

  /** A convolution's inputs with the kernel and the bias of one output channel for two. */
  private static Tensor[] twice(Tensor[] in) {
    Tensor[] both = in.clone();
    for (int i = 1; i < in.length; i++) {
      both[i] = torch.cat(new TensorVector(in[i], in[i]), 0);
    }
    both[1] = both[1].contiguous(MemoryFormat.ChannelsLast);
    return both;
  }

  private Tensor groupNorm(Layer layer, Tensor[] in) {
    Tensor x = numbers.full(in[0]); // [B, C, H, W]
    var tensors = layer.inputs();
    if (!tensors.get(0).differentiable()
        && (tensors.get(1).differentiable() || tensors.get(2).differentiable())) {
      // LibTorch 2.10's gradient for channels last writes that of x even where it is not wanted.
      x = x.contiguous();
    }
    return numbers.compute(
        torch.group_norm(
            x,
            layer.whole("groups"),
            new TensorOptional(in[1]),
            new TensorOptional(in[2]),
            layer.attribute("epsilon"),
            true));
  }

  private Tensor attention(Layer layer, Tensor[] in) {
    int heads = layer.whole("heads");
    Tensor mixed =
        torch.scaled_dot_product_attention(
            heads(in[0], heads), // [B, heads, N, d]
            heads(in[1], heads), // [B, heads, M, d]
            heads(in[2], heads), // [B, heads, M, d]
            optional(in, 3),
            0,
            false,
            new DoubleOptional(layer.attribute("scale")),
            false);
    return mixed.transpose(1, 2).reshape(in[0].size(0), in[0].size(1), in[0].size(2)); // [B, N, C]
  }

  private Tensor heads(Tensor x, int heads) {
    return numbers.compute(x).reshape(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }

  private Tensor timestepEmbedding(Layer layer, Tensor timestep) {
    int half = layer.whole("size") / 2;
    // In float64: an error of 6e-8 in a frequency would be one of 6e-5 in the angle of step 1000.
    TensorOptions doubles = new TensorOptions(timestep.device());
    Tensor frequencies =
        torch
            .arange(new Scalar(half), doubles.dtype(new ScalarTypeOptional(ScalarType.Double)))
            .mul(new Scalar(-Math.log(10000) / (half - layer.attribute("shift"))))
            .exp(); // [C / 2]
    Tensor angles =
        timestep.unsqueeze(-1).mul(frequencies.to(timestep.scalar_type())); // [B, C / 2]
    Tensor sine = torch.sin(angles);
    Tensor cosine = torch.cos(angles);
    return torch.cat(
        layer.flag("flip") ? new TensorVector(cosine, sine) : new TensorVector(sine, cosine), -1);
  }

  /** A tensor in the type that it and another have in common: the narrower of the two. */
  private Tensor common(Tensor x, Tensor other) {
    return x.scalar_type() == other.scalar_type() ? x : numbers.compute(x);
  }

  private static TensorOptional optional(Tensor[] in, int i) {
    return i < in.length ? new TensorOptional(in[i]) : new TensorOptional();
  }
}
