package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.weights.DType;

/**
 * The denoising network of Stable Diffusion: {@code epsilon_theta(z_t, t, tau(y))}.
 *
 * <p>A U-Net (Ronneberger, Fischer and Brox, "U-Net", MICCAI 2015): a path down that halves the
 * image and a path up that doubles it, level by level, with skip connections across. Its blocks are
 * those of DDPM (Ho, Jain and Abbeel, 2020, appendix B): residual blocks that the time step enters.
 * After each of them, on the levels that the configuration names, stands a transformer whose cross
 * attention reads the text (Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion
 * Models", CVPR 2022, sec. 3.3):
 *
 * <pre>
 *   Attention(Q, K, V) = softmax(Q K^T / sqrt(d)) V,   Q = W_Q phi(z_t), K = W_K tau(y), V = W_V tau(y)
 * </pre>
 *
 * <table class="striped">
 * <caption>From the papers to the code</caption>
 * <thead><tr><th>paper</th><th>here</th></tr></thead>
 * <tbody>
 * <tr><td>z_t</td><td>{@link #SAMPLE}, [B, in, H, W]</td></tr>
 * <tr><td>t</td><td>{@link #TIMESTEP}, [B], one for each image</td></tr>
 * <tr><td>tau(y)</td><td>{@link #TEXT}, [B, N, cross_attention_dim]</td></tr>
 * <tr><td>phi(z_t)</td><td>the tokens of an image, one a pixel</td></tr>
 * <tr><td>epsilon_theta</td><td>{@link #OUT}, [B, out, H, W]; or v, as the model was trained</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Numbers, names and order are those of diffusers' UNet2DConditionModel. Height and width must
 * be multiples of 2^(levels - 1).
 */
public final class UNet2DConditionModel implements AutoCloseable {
  /** The input of noisy latents, [B, in, H, W]. */
  public static final String SAMPLE = "sample";

  /** The input of time steps, [B], as floating-point numbers. */
  public static final String TIMESTEP = "timestep";

  /** The input of text tokens, [B, N, cross_attention_dim]. */
  public static final String TEXT = "encoder_hidden_states";

  /** The output, [B, out, H, W]. */
  public static final String OUT = "out";

  /** The output of {@link #activations}, [B, C, h, w] of a block. */
  public static final String ACTIVATIONS = "activations";

  /** The epsilon of the norm before a transformer; it is not the residual blocks' norm_eps. */
  private static final double TRANSFORMER_NORM_EPS = 1e-6;

  private static final double LAYER_NORM_EPS = 1e-5;
  private static final String MIDDLE = "mid_block";

  private final UNetConfig config;
  private final Parameters parameters;
  private final DataType type;
  private final FunctionCache functions = new FunctionCache();

  private UNet2DConditionModel(UNetConfig config, Parameters parameters, DataType type) {
    this.config = config;
    this.parameters = parameters;
    this.type = type;
  }

  /**
   * Reads a model.
   *
   * @param folder with config.json and diffusion_pytorch_model.safetensors
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static UNet2DConditionModel load(Path folder) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.DIFFUSERS);
    UNetConfig config = UNetConfig.read(files.config());
    return new UNet2DConditionModel(
        config, files.read(declare(config), name -> name), DataType.FLOAT);
  }

  /**
   * A model with random parameters, ready to be trained from scratch.
   *
   * @param config of the model
   * @param seed of the parameters
   * @return the model, in FLOAT, to be closed
   */
  public static UNet2DConditionModel random(UNetConfig config, Seed seed) {
    return random(config, seed, DataType.FLOAT);
  }

  static UNet2DConditionModel random(UNetConfig config, Seed seed, DataType type) {
    return new UNet2DConditionModel(config, Parameters.random(declare(config), seed, type), type);
  }

  /**
   * Sets the last convolution to zero, so that a model that is trained from scratch begins with the
   * prediction 0 (Ho, Jain and Abbeel, 2020, in their code).
   */
  public void zeroOutput() {
    parameters.get("conv_out.weight").assign(0);
    parameters.get("conv_out.bias").assign(0);
  }

  /**
   * The model's configuration.
   *
   * @return the configuration
   */
  public UNetConfig config() {
    return config;
  }

  /**
   * The model's parameters.
   *
   * @return those that every function of the model reads
   */
  public Parameters parameters() {
    return parameters;
  }

  /**
   * The model as a function of fixed shapes: inputs {@link #SAMPLE}, {@link #TIMESTEP} and {@link
   * #TEXT}, output {@link #OUT}.
   *
   * @param batch B, at least 1
   * @param height H of the latents
   * @param width W of the latents
   * @param textLength N, at least 1
   * @param options what it can do
   * @return the function, which belongs to the model; it is closed with the model, or when it is
   *     the oldest and others have been asked for since
   */
  public GraphFunction function(
      int batch, int height, int width, int textLength, FunctionOptions options) {
    requireSizes(batch, height, width, textLength);
    options.requireInputs(Set.of(SAMPLE, TIMESTEP, TEXT));
    return functions.get(
        List.of(batch, height, width, textLength, options),
        () ->
            options
                .engine()
                .create(
                    define(
                        config,
                        options.layers(parameters, type),
                        options.inputGradients(),
                        batch,
                        height,
                        width,
                        textLength)));
  }

  /**
   * The blocks whose activations can be had, in the order of the network: {@code "down_blocks.0"}
   * and so on, {@code "mid_block"}, {@code "up_blocks.0"} and so on.
   *
   * @return by name, how many channels each gives
   */
  public ImmutableMap<String, Integer> blocks() {
    ImmutableList<Integer> channels = config.blockOutChannels();
    ImmutableMap.Builder<String, Integer> blocks = ImmutableMap.builder();
    for (int i = 0; i < channels.size(); i++) {
      blocks.put("down_blocks." + i, channels.get(i));
    }
    blocks.put(MIDDLE, channels.get(channels.size() - 1));
    for (int i = 0; i < channels.size(); i++) {
      blocks.put("up_blocks." + i, channels.get(channels.size() - 1 - i));
    }
    return blocks.buildOrThrow();
  }

  /**
   * What a block of the model makes of its inputs, as a function of fixed shapes that runs forward:
   * the inputs are those of {@link #function}, and the output is {@link #ACTIVATIONS}. What comes
   * after the block is not computed.
   *
   * @param block one of {@link #blocks}
   * @param batch B, at least 1
   * @param height H of the latents
   * @param width W of the latents
   * @param textLength N, at least 1
   * @param engine runs the graph
   * @return the function, which belongs to the model; it is closed with the model, or when it is
   *     the oldest and others have been asked for since
   */
  public GraphFunction activations(
      String block, int batch, int height, int width, int textLength, Engine engine) {
    requireSizes(batch, height, width, textLength);
    if (!blocks().containsKey(block)) {
      throw new IllegalArgumentException(
          "there is no block \"%s\"; the model has %s".formatted(block, blocks().keySet()));
    }
    return functions.get(
        List.of(block, batch, height, width, textLength, engine),
        () -> {
          Layers net = FunctionOptions.inference().layers(parameters, type);
          Map<String, Tensor> made = new HashMap<>();
          Tensor unused = build(config, net, Set.of(), batch, height, width, textLength, made);
          return Engines.checked(engine)
              .create(
                  GraphDefinition.of(
                      net.ops(),
                      ImmutableMap.of(ACTIVATIONS, Objects.requireNonNull(made.get(block)))));
        });
  }

  private void requireSizes(int batch, int height, int width, int textLength) {
    int multiple = 1 << (config.blockOutChannels().size() - 1);
    if (batch < 1 || textLength < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "batch, height, width and text length must be at least 1, but are %d, %d, %d, %d"
              .formatted(batch, height, width, textLength));
    }
    if (height % multiple != 0 || width % multiple != 0) {
      throw new IllegalArgumentException(
          "height and width of the latents must be multiples of %d, but are %d and %d"
              .formatted(multiple, height, width));
    }
  }

  /**
   * Writes the model in float32.
   *
   * @param folder receives config.json and diffusion_pytorch_model.safetensors; made if needed
   */
  public void save(Path folder) {
    save(folder, DType.F32);
  }

  /**
   * Writes the model.
   *
   * @param folder receives config.json and diffusion_pytorch_model.safetensors; made if needed
   * @param dtype F32, F16 or BF16
   */
  public void save(Path folder, DType dtype) {
    new ModelFolder(folder, ModelFolder.DIFFUSERS).write(parameters, dtype);
    config.write(folder.resolve("config.json"));
  }

  /**
   * The same model with parameters of its own: one that stays as it is while this one is trained.
   *
   * @return the copy, to be closed by the caller
   */
  public UNet2DConditionModel copy() {
    return new UNet2DConditionModel(config, parameters.copy(), type);
  }

  /** Closes the functions and frees the parameters. */
  @Override
  public void close() {
    functions.close();
    parameters.close();
  }

  /** The parameters that a configuration calls for. */
  static ImmutableList<ParameterSpec> declare(UNetConfig config) {
    Layers layers = Layers.declaring();
    int side = 1 << (config.blockOutChannels().size() - 1);
    define(config, layers, Set.of(), 1, side, side, 1);
    return layers.declared();
  }

  private static GraphDefinition define(
      UNetConfig config,
      Layers net,
      Set<String> gradients,
      int batch,
      int height,
      int width,
      int textLength) {
    Tensor out = build(config, net, gradients, batch, height, width, textLength, new HashMap<>());
    return GraphDefinition.of(net.ops(), ImmutableMap.of(OUT, out));
  }

  /** The whole network; what its blocks give is noted by their names. */
  private static Tensor build(
      UNetConfig config,
      Layers net,
      Set<String> gradients,
      int batch,
      int height,
      int width,
      int textLength,
      Map<String, Tensor> blocks) {
    Ops ops = net.ops();
    Tensor sample =
        ops.input(SAMPLE, gradients.contains(SAMPLE), batch, config.inChannels(), height, width);
    Tensor timestep = ops.input(TIMESTEP, gradients.contains(TIMESTEP), batch);
    Tensor text =
        ops.input(TEXT, gradients.contains(TEXT), batch, textLength, config.crossAttentionDim());
    return new Network(config, net, blocks).out(sample, timestep, text);
  }

  /** The network itself. */
  private record Network(UNetConfig config, Layers net, Map<String, Tensor> blocks) {
    Tensor out(Tensor sample, Tensor timestep, Tensor text) {
      ImmutableList<Integer> channels = config.blockOutChannels();
      int levels = channels.size();

      // 1. The time step as a vector. Every residual block takes SiLU of it; once is enough.
      Tensor time =
          net.ops()
              .timestepEmbedding(
                  "time_proj",
                  timestep,
                  channels.get(0),
                  config.flipSinToCos(),
                  config.freqShift()); // [B, C0]
      time = net.linear("time_embedding.linear_1", time, config.timeEmbeddingDim(), true);
      time = silu("time_embedding.act", time);
      time = net.linear("time_embedding.linear_2", time, config.timeEmbeddingDim(), true);
      time = silu("time_embedding.out_act", time); // [B, T]

      // 2. Into the first level's channels.
      Tensor h = net.conv2d("conv_in", sample, channels.get(0), config.convInKernel());
      Deque<Tensor> skips = new ArrayDeque<>();
      skips.push(h); // [B, C0, H, W]

      // 3. Down: what each block and each downsampler makes is also put aside for the way up.
      for (int i = 0; i < levels; i++) {
        String level = "down_blocks." + i;
        boolean cross = config.downBlockTypes().get(i).equals(UNetConfig.CROSS_DOWN);
        for (int j = 0; j < config.layersPerBlock().get(i); j++) {
          h = resnet(level + ".resnets." + j, h, time, channels.get(i)); // [B, Ci, Hi, Wi]
          if (cross) {
            h = transformer(level + ".attentions." + j, h, text, i);
          }
          skips.push(h);
        }
        if (i < levels - 1) {
          Padding padding =
              config.downsamplePadding() == 1 ? Padding.all(1) : new Padding(0, 1, 0, 1);
          h =
              net.conv2d(
                  level + ".downsamplers.0.conv",
                  h,
                  channels.get(i),
                  3,
                  2,
                  padding); // [.., Hi / 2, ..]
          skips.push(h);
        }
        blocks.put(level, h);
      }

      // 4. The middle.
      int last = levels - 1;
      h = resnet("mid_block.resnets.0", h, time, channels.get(last));
      h = transformer("mid_block.attentions.0", h, text, last);
      h = resnet("mid_block.resnets.1", h, time, channels.get(last));
      blocks.put(MIDDLE, h);

      // 5. Up: each block sees what was put aside, the latest first.
      for (int i = 0; i < levels; i++) {
        int mirrored = last - i;
        String level = "up_blocks." + i;
        boolean cross = config.upBlockTypes().get(i).equals(UNetConfig.CROSS_UP);
        for (int j = 0; j <= config.layersPerBlock().get(mirrored); j++) {
          String block = level + ".resnets." + j;
          h = net.ops().concat(block + ".skip", 1, h, skips.pop());
          h = resnet(block, h, time, channels.get(mirrored));
          if (cross) {
            h = transformer(level + ".attentions." + j, h, text, mirrored);
          }
        }
        if (i < last) {
          h = net.ops().upsampleNearest2x(level + ".upsamplers.0", h);
          h = net.conv2d(level + ".upsamplers.0.conv", h, channels.get(mirrored), 3);
        }
        blocks.put(level, h);
      }

      // 6. Out.
      h = net.groupNorm("conv_norm_out", h, config.normNumGroups(), config.normEps());
      h = silu("conv_act", h);
      return net.conv2d("conv_out", h, config.outChannels(), config.convOutKernel());
    }

    /** x + conv(silu(norm(conv(silu(norm(x))) + time))), with x through a 1 x 1 convolution. */
    private Tensor resnet(String path, Tensor x, Tensor time, int out) {
      Tensor h = net.groupNorm(path + ".norm1", x, config.normNumGroups(), config.normEps());
      h = silu(path + ".act1", h);
      h = net.conv2d(path + ".conv1", h, out, 3); // [B, out, H, W]
      Tensor shift = net.linear(path + ".time_emb_proj", time, out, true); // [B, out]
      h = net.ops().addToPixels(path + ".time_emb", h, shift);
      h = net.groupNorm(path + ".norm2", h, config.normNumGroups(), config.normEps());
      h = silu(path + ".act2", h);
      h = net.conv2d(path + ".conv2", h, out, 3);
      Tensor shortcut = x.dim(1) == out ? x : net.conv2d(path + ".conv_shortcut", x, out, 1);
      return net.ops().add(path + ".add", shortcut, h);
    }

    /** The pixels as tokens, through transformer blocks that read the text, and back. */
    private Tensor transformer(String path, Tensor x, Tensor text, int level) {
      long channels = x.dim(1);
      boolean linear = config.useLinearProjection();
      Tensor h = net.groupNorm(path + ".norm", x, config.normNumGroups(), TRANSFORMER_NORM_EPS);
      if (!linear) {
        h = net.conv2d(path + ".proj_in", h, channels, 1);
      }
      h = net.ops().toTokens(path + ".tokens", h); // [B, H W, C]
      if (linear) {
        h = net.linear(path + ".proj_in", h, channels, true);
      }
      for (int i = 0; i < config.transformerLayers().get(level); i++) {
        String block = path + ".transformer_blocks." + i;
        h = transformerBlock(block, h, text, config.heads().get(level));
      }
      if (linear) {
        h = net.linear(path + ".proj_out", h, channels, true);
      }
      h = net.ops().toImage(path + ".image", h, x.dim(2), x.dim(3)); // [B, C, H, W]
      if (!linear) {
        h = net.conv2d(path + ".proj_out", h, channels, 1);
      }
      return net.ops().add(path + ".add", h, x);
    }

    private Tensor transformerBlock(String path, Tensor x, Tensor text, int heads) {
      // 1. Self-attention: every pixel reads every pixel.
      Tensor normed = net.layerNorm(path + ".norm1", x, LAYER_NORM_EPS); // [B, M, C]
      Tensor h =
          net.ops().add(path + ".add1", attention(path + ".attn1", normed, normed, heads), x);
      // 2. Cross-attention: every pixel reads the text.
      normed = net.layerNorm(path + ".norm2", h, LAYER_NORM_EPS);
      h = net.ops().add(path + ".add2", attention(path + ".attn2", normed, text, heads), h);
      // 3. Each pixel by itself.
      normed = net.layerNorm(path + ".norm3", h, LAYER_NORM_EPS);
      Tensor wide = net.linear(path + ".ff.net.0.proj", normed, 8 * x.dim(2), true); // [B, M, 8 C]
      Tensor gated = net.ops().geglu(path + ".ff.net.0", wide); // [B, M, 4 C]
      return net.ops()
          .add(path + ".add3", net.linear(path + ".ff.net.2", gated, x.dim(2), true), h);
    }

    private Tensor attention(String path, Tensor x, Tensor context, int heads) {
      long channels = x.dim(2);
      Tensor query = net.linear(path + ".to_q", x, channels, false); // [B, M, C]
      Tensor key = net.linear(path + ".to_k", context, channels, false); // [B, N, C]
      Tensor value = net.linear(path + ".to_v", context, channels, false); // [B, N, C]
      Tensor mixed = net.ops().attention(path, query, key, value, heads, null); // [B, M, C]
      return net.linear(path + ".to_out.0", mixed, channels, true);
    }

    private Tensor silu(String name, Tensor x) {
      return net.ops().silu(name, x);
    }
  }
}
