package org.tastemaker.benchmarks;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.tastemaker.diffusion.model.UNetConfig;

/**
 * The UNet2DConditionModel of diffusers in LibTorch's own functions: what a JVM user without this
 * library would write. Weights are set by their names in a diffusers file, LoRA branches by the
 * path of the linear layer.
 *
 * <p>Everything that a call makes is owned by the caller's {@code PointerScope}.
 */
final class LibTorchUnet implements AutoCloseable {
  private static final double TRANSFORMER_NORM_EPS = 1e-6;
  private static final double LAYER_NORM_EPS = 1e-5;
  private static final TensorOptional NOTHING = new TensorOptional();

  /** A weight, also as an optional argument. */
  private record Weight(Tensor tensor, TensorOptional optional) {}

  /**
   * A branch {@code scale B A x}.
   *
   * @param down A, [r, in]
   * @param up B, [out, r]
   */
  record Branch(Tensor down, Tensor up, double scale) {}

  private final UNetConfig config;
  private final Map<String, Weight> weights = new HashMap<>();
  private final Map<String, Branch> branches = new LinkedHashMap<>();
  private final Tensor frequencies; // [1, C0 / 2]

  /** A network without weights. */
  LibTorchUnet(UNetConfig config) {
    this.config = config;
    int half = config.blockOutChannels().get(0) / 2;
    float[] values = new float[half];
    for (int i = 0; i < half; i++) {
      values[i] = (float) Math.exp(-Math.log(10000) * i / (half - config.freqShift()));
    }
    frequencies = AbstractTensor.create(values, 1, half);
  }

  /** Sets a weight. */
  void put(String name, float[] values, long... shape) {
    Tensor tensor = AbstractTensor.create(values, shape);
    weights.put(name, new Weight(tensor, new TensorOptional(tensor)));
  }

  /** Sets the branch of a linear layer. */
  void put(String path, Branch branch) {
    branches.put(path, branch);
  }

  @Override
  public void close() {
    weights
        .values()
        .forEach(
            weight -> {
              weight.optional.close();
              weight.tensor.close();
            });
    branches
        .values()
        .forEach(
            branch -> {
              branch.down.close();
              branch.up.close();
            });
    frequencies.close();
  }

  /**
   * Runs the network.
   *
   * @param sample [B, in, H, W]
   * @param timestep [B]
   * @param text [B, N, D]
   * @return [B, out, H, W]
   */
  Tensor forward(Tensor sample, Tensor timestep, Tensor text) {
    List<Integer> channels = config.blockOutChannels();
    int last = channels.size() - 1;

    // 1. Time.
    Tensor angles = timestep.unsqueeze(1).mul(frequencies); // [B, C0 / 2]
    Tensor first = config.flipSinToCos() ? torch.cos(angles) : torch.sin(angles);
    Tensor second = config.flipSinToCos() ? torch.sin(angles) : torch.cos(angles);
    Tensor time = torch.cat(new TensorVector(first, second), 1); // [B, C0]
    time = torch.silu(linear("time_embedding.linear_1", time));
    time = torch.silu(linear("time_embedding.linear_2", time)); // [B, T]

    // 2. In.
    Tensor h = conv("conv_in", sample, 1, config.convInKernel() / 2);
    Deque<Tensor> skips = new ArrayDeque<>();
    skips.push(h);

    // 3. Down.
    for (int i = 0; i <= last; i++) {
      String level = "down_blocks." + i;
      boolean cross = config.downBlockTypes().get(i).startsWith("CrossAttn");
      for (int j = 0; j < config.layersPerBlock().get(i); j++) {
        h = resnet(level + ".resnets." + j, h, time);
        if (cross) {
          h = transformer(level + ".attentions." + j, h, text, i);
        }
        skips.push(h);
      }
      if (i < last) {
        boolean symmetric = config.downsamplePadding() == 1;
        Tensor padded = symmetric ? h : torch.constant_pad_nd(h, 0, 1, 0, 1);
        h = conv(level + ".downsamplers.0.conv", padded, 2, symmetric ? 1 : 0);
        skips.push(h);
      }
    }

    // 4. Middle.
    h = resnet("mid_block.resnets.0", h, time);
    h = transformer("mid_block.attentions.0", h, text, last);
    h = resnet("mid_block.resnets.1", h, time);

    // 5. Up.
    for (int i = 0; i <= last; i++) {
      int mirrored = last - i;
      String level = "up_blocks." + i;
      boolean cross = config.upBlockTypes().get(i).startsWith("CrossAttn");
      for (int j = 0; j <= config.layersPerBlock().get(mirrored); j++) {
        h = torch.cat(new TensorVector(h, skips.pop()), 1);
        h = resnet(level + ".resnets." + j, h, time);
        if (cross) {
          h = transformer(level + ".attentions." + j, h, text, mirrored);
        }
      }
      if (i < last) {
        h = torch.upsample_nearest2d(h, 2 * h.size(2), 2 * h.size(3));
        h = conv(level + ".upsamplers.0.conv", h, 1, 1);
      }
    }

    // 6. Out.
    h = torch.silu(groupNorm("conv_norm_out", h, config.normEps()));
    return conv("conv_out", h, 1, config.convOutKernel() / 2);
  }

  private Tensor resnet(String path, Tensor x, Tensor time) {
    Tensor h = torch.silu(groupNorm(path + ".norm1", x, config.normEps()));
    h = conv(path + ".conv1", h, 1, 1);
    h = h.add(linear(path + ".time_emb_proj", time).unsqueeze(2).unsqueeze(3));
    h = torch.silu(groupNorm(path + ".norm2", h, config.normEps()));
    h = conv(path + ".conv2", h, 1, 1);
    boolean same = !weights.containsKey(path + ".conv_shortcut.weight");
    return h.add(same ? x : conv(path + ".conv_shortcut", x, 1, 0));
  }

  private Tensor transformer(String path, Tensor x, Tensor text, int level) {
    long batch = x.size(0);
    long channels = x.size(1);
    long pixels = x.size(2) * x.size(3);
    boolean linear = config.useLinearProjection();
    Tensor h = groupNorm(path + ".norm", x, TRANSFORMER_NORM_EPS);
    if (!linear) {
      h = conv(path + ".proj_in", h, 1, 0);
    }
    h = h.permute(0, 2, 3, 1).reshape(batch, pixels, channels); // [B, H W, C]
    if (linear) {
      h = linear(path + ".proj_in", h);
    }
    for (int i = 0; i < config.transformerLayers().get(level); i++) {
      h = block(path + ".transformer_blocks." + i, h, text, config.heads().get(level));
    }
    if (linear) {
      h = linear(path + ".proj_out", h);
    }
    h = h.reshape(batch, x.size(2), x.size(3), channels).permute(0, 3, 1, 2).contiguous();
    if (!linear) {
      h = conv(path + ".proj_out", h, 1, 0);
    }
    return h.add(x);
  }

  private Tensor block(String path, Tensor x, Tensor text, int heads) {
    Tensor normed = layerNorm(path + ".norm1", x);
    Tensor h = attention(path + ".attn1", normed, normed, heads).add(x);
    normed = layerNorm(path + ".norm2", h);
    h = attention(path + ".attn2", normed, text, heads).add(h);
    normed = layerNorm(path + ".norm3", h);
    TensorVector halves = torch.chunk(linear(path + ".ff.net.0.proj", normed), 2, -1);
    Tensor gated = halves.get(0).mul(torch.gelu(halves.get(1))); // [B, M, 4 C]
    return linear(path + ".ff.net.2", gated).add(h);
  }

  private Tensor attention(String path, Tensor x, Tensor context, int heads) {
    Tensor query = heads(linear(path + ".to_q", x), heads);
    Tensor key = heads(linear(path + ".to_k", context), heads);
    Tensor value = heads(linear(path + ".to_v", context), heads);
    Tensor mixed = torch.scaled_dot_product_attention(query, key, value); // [B, heads, M, d]
    mixed = mixed.transpose(1, 2).reshape(x.size(0), x.size(1), -1);
    return linear(path + ".to_out.0", mixed);
  }

  private static Tensor heads(Tensor x, int heads) {
    return x.view(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
  }

  private Tensor linear(String path, Tensor x) {
    Weight bias = weights.get(path + ".bias");
    Tensor y =
        torch.linear(x, weight(path + ".weight").tensor, bias == null ? NOTHING : bias.optional);
    Branch branch = branches.get(path);
    if (branch == null) {
      return y;
    }
    Tensor h = torch.linear(x, branch.down);
    h = torch.linear(branch.scale == 1 ? h : h.mul(new Scalar(branch.scale)), branch.up);
    return y.add(h);
  }

  private Tensor conv(String path, Tensor x, int stride, int padding) {
    return torch.conv2d(
        x,
        weight(path + ".weight").tensor,
        weight(path + ".bias").optional,
        new long[] {stride, stride},
        new long[] {padding, padding},
        new long[] {1, 1},
        1);
  }

  private Tensor groupNorm(String path, Tensor x, double epsilon) {
    return torch.group_norm(
        x,
        config.normNumGroups(),
        weight(path + ".weight").optional,
        weight(path + ".bias").optional,
        epsilon,
        true);
  }

  private Tensor layerNorm(String path, Tensor x) {
    return torch.layer_norm(
        x,
        new long[] {x.size(2)},
        weight(path + ".weight").optional,
        weight(path + ".bias").optional,
        LAYER_NORM_EPS,
        true);
  }

  private Weight weight(String name) {
    return Objects.requireNonNull(weights.get(name), name);
  }
}
