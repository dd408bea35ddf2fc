package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
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
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

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
 * <tr><td>size, crop and pooled text (SDXL)</td><td>{@link #ADDED}, [B, A]</td></tr>
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

  /**
   * The input of what is told beside the text, [B, A]: the text's vector, then the sines and
   * cosines of the sizes. Only where the configuration has {@link UNetConfig#added}.
   */
  public static final String ADDED = "added_conditions";

  /** The output, [B, out, H, W]. */
  public static final String OUT = "out";

  /** The output of {@link #activations}, [B, C, h, w] of a block. */
  public static final String ACTIVATIONS = "activations";

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
    return load(folder, "");
  }

  /**
   * Reads a model from one of several files of weights.
   *
   * @param folder as for {@link #load(Path)}
   * @param variant which file, such as {@code fp16} or {@code non_ema}; where it is not there, or
   *     this is empty, the usual one
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static UNet2DConditionModel load(Path folder, String variant) {
    return load(folder, variant, false);
  }

  /**
   * Reads a model from one of several files of weights, perhaps as they are.
   *
   * @param folder as for {@link #load(Path)}
   * @param variant which file, such as {@code fp16} or {@code non_ema}; where it is not there, or
   *     this is empty, the usual one
   * @param halfInMemory whether weights in half precision stay so in memory, which only some
   *     engines read
   * @return the model, computing in FLOAT, to be closed
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static UNet2DConditionModel load(Path folder, String variant, boolean halfInMemory) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.DIFFUSERS, variant);
    UNetConfig config = UNetConfig.read(files.config());
    return new UNet2DConditionModel(
        config, files.read(declare(config), name -> name, halfInMemory), DataType.FLOAT);
  }

  /**
   * Checks that the configuration is supported and that the weights fit it, by the header of their
   * file alone: what {@link #load(Path)} would find out, but for damaged numbers.
   *
   * @param folder as for {@link #load(Path)}
   * @return the configuration
   * @throws IllegalArgumentException if the configuration is not supported
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static UNetConfig check(Path folder) {
    return check(folder, "");
  }

  /**
   * Checks one of several files of weights.
   *
   * @param folder as for {@link #check(Path)}
   * @param variant which file, as for {@link #load(Path, String)}
   * @return the configuration
   * @throws IllegalArgumentException if the configuration is not supported
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static UNetConfig check(Path folder, String variant) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.DIFFUSERS, variant);
    UNetConfig config = UNetConfig.read(files.config());
    files.check(declare(config), name -> name);
    return config;
  }

  /**
   * Reads a model of a given configuration from tensors under its own names.
   *
   * @param config of the model
   * @param tensors read, and not closed
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the tensors do not fit the configuration
   */
  public static UNet2DConditionModel read(UNetConfig config, TensorFile tensors) {
    return new UNet2DConditionModel(
        config,
        Parameters.read(tensors, declare(config), name -> name, DataType.FLOAT),
        DataType.FLOAT);
  }

  /**
   * The names of the parameters of a model.
   *
   * @param config of the model
   * @return in the network's order
   */
  public static List<String> names(UNetConfig config) {
    return declare(config).stream().map(ParameterSpec::name).toList();
  }

  /**
   * Checks that tensors fit a configuration, by their names and shapes alone.
   *
   * @param config of the model
   * @param tensors looked at, and not closed
   * @throws WeightsMismatchException if they do not fit
   */
  public static void check(UNetConfig config, TensorFile tensors) {
    Map<String, String> unused = Parameters.check(tensors, declare(config), name -> name);
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
   * Sets the last convolution to zero, so that a model trained from scratch starts with the
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
   * The names of the inputs of a model's functions.
   *
   * @param config of the model
   * @return {@link #SAMPLE}, {@link #TIMESTEP}, {@link #TEXT} and, if the configuration has it,
   *     {@link #ADDED}
   */
  public static ImmutableSet<String> inputs(UNetConfig config) {
    return config.added().isPresent()
        ? ImmutableSet.of(SAMPLE, TIMESTEP, TEXT, ADDED)
        : ImmutableSet.of(SAMPLE, TIMESTEP, TEXT);
  }

  /**
   * The model as a function of fixed shapes: inputs {@link #inputs}, output {@link #OUT}.
   *
   * @param batch B, at least 1
   * @param height H of the latents
   * @param width W of the latents
   * @param textLength N, at least 1
   * @param options what it can do
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction function(
      int batch, int height, int width, int textLength, FunctionOptions options) {
    requireSizes(config, batch, height, width, textLength);
    options.requireInputs(inputs(config));
    return functions.get(
        List.of(batch, height, width, textLength, options),
        siblings ->
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
                        textLength),
                    siblings));
  }

  /**
   * The blocks whose activations are available, in the network's order: {@code "down_blocks.0"} and
   * so on, {@code "mid_block"}, {@code "up_blocks.0"} and so on.
   *
   * @return by name, how many channels each gives
   */
  public ImmutableMap<String, Integer> blocks() {
    ImmutableList<Integer> channels = config.blockOutChannels();
    ImmutableMap.Builder<String, Integer> blocks = ImmutableMap.builder();
    for (int i = 0; i < channels.size(); i++) {
      blocks.put("down_blocks." + i, channels.get(i));
    }
    blocks.put(UNetPath.MIDDLE, channels.get(channels.size() - 1));
    for (int i = 0; i < channels.size(); i++) {
      blocks.put("up_blocks." + i, channels.get(channels.size() - 1 - i));
    }
    return blocks.buildOrThrow();
  }

  /**
   * The activations of one block, as a forward-only function of fixed shapes: the inputs are those
   * of {@link #function}, the output is {@link #ACTIVATIONS}. What comes after the block is not
   * computed.
   *
   * @param block one of {@link #blocks}
   * @param batch B, at least 1
   * @param height H of the latents
   * @param width W of the latents
   * @param textLength N, at least 1
   * @param engine runs the graph
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction activations(
      String block, int batch, int height, int width, int textLength, Engine engine) {
    requireSizes(config, batch, height, width, textLength);
    if (!blocks().containsKey(block)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "there is no block \"%s\"; the model has %s", block, blocks().keySet()));
    }
    return functions.get(
        List.of(block, batch, height, width, textLength, engine),
        siblings -> {
          Layers net = FunctionOptions.inference().layers(parameters, type);
          Map<String, Tensor> made = new HashMap<>();
          Tensor unused = build(config, net, Set.of(), batch, height, width, textLength, made);
          return Engines.checked(engine)
              .create(
                  GraphDefinition.of(
                      net.ops(),
                      ImmutableMap.of(ACTIVATIONS, Objects.requireNonNull(made.get(block)))),
                  siblings);
        });
  }

  private static void requireSizes(
      UNetConfig config, int batch, int height, int width, int textLength) {
    int multiple = 1 << (config.blockOutChannels().size() - 1);
    if (batch < 1 || textLength < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "batch, height, width and text length must be at least 1, but are %d, %d, %d, %d",
              batch,
              height,
              width,
              textLength));
    }
    if (height % multiple != 0 || width % multiple != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "height and width of the latents must be multiples of %d, but are %d and %d",
              multiple,
              height,
              width));
    }
  }

  /**
   * Writes the model in float32.
   *
   * @param folder receives config.json and diffusion_pytorch_model.safetensors; created if missing
   */
  public void save(Path folder) {
    save(folder, DType.F32);
  }

  /**
   * Writes the model.
   *
   * @param folder receives config.json and diffusion_pytorch_model.safetensors; created if missing
   * @param dtype F32, F16 or BF16
   */
  public void save(Path folder, DType dtype) {
    new ModelFolder(folder, ModelFolder.DIFFUSERS).write(parameters, dtype);
    config.write(folder.resolve("config.json"));
  }

  /**
   * A copy with parameters of its own, which does not change when this one is trained.
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

  /**
   * The graph of a model that there is not, to be looked at and not run: every parameter is an
   * input of the parameter's shape, so that a model of any size takes no memory.
   *
   * @param config of the model
   * @param batch B, at least 1
   * @param height H of the latents
   * @param width W of the latents
   * @param textLength N, at least 1
   * @return the graph; its inputs are {@link #inputs} and the parameters
   */
  public static GraphDefinition outline(
      UNetConfig config, int batch, int height, int width, int textLength) {
    requireSizes(config, batch, height, width, textLength);
    return define(config, Layers.declaring(), Set.of(), batch, height, width, textLength);
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

  /** The whole network; the output of each block is put into {@code blocks} by name. */
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
    Tensor added =
        config
            .added()
            .map(it -> ops.input(ADDED, gradients.contains(ADDED), batch, it.width()))
            .orElse(null);
    return new UNetPath(config, net, blocks).out(sample, timestep, text, added);
  }
}
