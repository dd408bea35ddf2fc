package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * The autoencoder of Stable Diffusion: from images to latents and back (Rombach et al.,
 * "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022, sec. 3.1 and appendix
 * G, with the KL penalty).
 *
 * <p>The encoder gives a Gaussian for each latent, q(z | x) = N(mean, exp(logvar)); the decoder
 * gives the image's mean. Both are stacks of residual blocks with a single-headed self-attention in
 * the middle, at the lowest resolution.
 *
 * <table class="striped">
 * <caption>From the paper to the code</caption>
 * <thead><tr><th>paper</th><th>here</th></tr></thead>
 * <tbody>
 * <tr><td>x</td><td>{@link #IMAGE}, [B, in, f h, f w], in [-1, 1]</td></tr>
 * <tr><td>E(x)</td><td>{@link #MEAN} and {@link #LOGVAR}, [B, latent, h, w]</td></tr>
 * <tr><td>z</td><td>{@link #LATENT}, [B, latent, h, w], not multiplied by the scaling factor</td></tr>
 * <tr><td>D(z)</td><td>{@link #DECODED}, [B, out, f h, f w]</td></tr>
 * <tr><td>f</td><td>{@link AutoencoderKlConfig#factor}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Numbers, names and order are those of diffusers' AutoencoderKL. Checkpoints with the
 * attention's old names (query, key, value, proj_attn), also as 1 x 1 convolutions, are read too.
 */
public final class AutoencoderKl implements AutoCloseable {
  /** The encoder's input, [B, in, f h, f w]. */
  public static final String IMAGE = "image";

  /** The encoder's output, the means, [B, latent, h, w]. */
  public static final String MEAN = "mean";

  /** The encoder's output, the logarithms of the variances, [B, latent, h, w], in [-30, 20]. */
  public static final String LOGVAR = "logvar";

  /** The decoder's input, [B, latent, h, w]. */
  public static final String LATENT = "latent";

  /** The decoder's output, [B, out, f h, f w]. */
  public static final String DECODED = "decoded";

  /** The epsilon of every norm; diffusers has no setting for it. */
  private static final double EPS = 1e-6;

  private static final Pattern OLD_ATTENTION =
      Pattern.compile("(.*\\.attentions\\.\\d+\\.)(query|key|value|proj_attn)(\\..*)");

  private final AutoencoderKlConfig config;
  private final Parameters parameters;
  private final DataType type;
  private final FunctionCache functions = new FunctionCache();

  private AutoencoderKl(AutoencoderKlConfig config, Parameters parameters, DataType type) {
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
  public static AutoencoderKl load(Path folder) {
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
  public static AutoencoderKl load(Path folder, String variant) {
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
  public static AutoencoderKl load(Path folder, String variant, boolean halfInMemory) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.DIFFUSERS, variant);
    AutoencoderKlConfig config = AutoencoderKlConfig.read(files.config());
    return new AutoencoderKl(
        config,
        files.read(declare(config), AutoencoderKl::currentName, halfInMemory),
        DataType.FLOAT);
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
  public static AutoencoderKlConfig check(Path folder) {
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
  public static AutoencoderKlConfig check(Path folder, String variant) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.DIFFUSERS, variant);
    AutoencoderKlConfig config = AutoencoderKlConfig.read(files.config());
    files.check(declare(config), AutoencoderKl::currentName);
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
  public static AutoencoderKl read(AutoencoderKlConfig config, TensorFile tensors) {
    return new AutoencoderKl(
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
  public static List<String> names(AutoencoderKlConfig config) {
    return declare(config).stream().map(ParameterSpec::name).toList();
  }

  /**
   * Checks that tensors fit a configuration, by their names and shapes alone.
   *
   * @param config of the model
   * @param tensors looked at, and not closed
   * @throws WeightsMismatchException if they do not fit
   */
  public static void check(AutoencoderKlConfig config, TensorFile tensors) {
    Map<String, String> unused = Parameters.check(tensors, declare(config), name -> name);
  }

  /**
   * A model with random parameters, ready to be trained from scratch.
   *
   * @param config of the model
   * @param seed of the parameters
   * @return the model, in FLOAT, to be closed
   */
  public static AutoencoderKl random(AutoencoderKlConfig config, Seed seed) {
    return random(config, seed, DataType.FLOAT);
  }

  static AutoencoderKl random(AutoencoderKlConfig config, Seed seed, DataType type) {
    return new AutoencoderKl(config, Parameters.random(declare(config), seed, type), type);
  }

  /**
   * The model's configuration.
   *
   * @return the configuration
   */
  public AutoencoderKlConfig config() {
    return config;
  }

  /**
   * The model's parameters, of both halves.
   *
   * @return those that every function of the model reads
   */
  public Parameters parameters() {
    return parameters;
  }

  /**
   * The encoder as a function of fixed shapes: input {@link #IMAGE}, outputs {@link #MEAN} and
   * {@link #LOGVAR}.
   *
   * @param batch B, at least 1
   * @param height of the images, a multiple of the factor
   * @param width of the images, a multiple of the factor
   * @param options what it can do
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction encoder(int batch, int height, int width, FunctionOptions options) {
    requireSizes(batch, height, width);
    int factor = config.factor();
    if (height % factor != 0 || width % factor != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "height and width of the images must be multiples of %d, but are %d and %d",
              factor,
              height,
              width));
    }
    options.requireInputs(Set.of(IMAGE));
    return functions.get(
        List.of(IMAGE, batch, height, width, options),
        siblings -> {
          Layers net = options.layers(parameters, type);
          boolean gradient = options.inputGradients().contains(IMAGE);
          return options
              .engine()
              .create(
                  encode(
                      net,
                      config,
                      net.ops().input(IMAGE, gradient, batch, config.inChannels(), height, width)),
                  siblings);
        });
  }

  /**
   * The decoder as a function of fixed shapes: input {@link #LATENT}, output {@link #DECODED}.
   *
   * @param batch B, at least 1
   * @param height h of the latents
   * @param width w of the latents
   * @param options what it can do
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction decoder(int batch, int height, int width, FunctionOptions options) {
    requireSizes(batch, height, width);
    options.requireInputs(Set.of(LATENT));
    return functions.get(
        List.of(LATENT, batch, height, width, options),
        siblings -> {
          Layers net = options.layers(parameters, type);
          boolean gradient = options.inputGradients().contains(LATENT);
          return options
              .engine()
              .create(
                  decode(
                      net,
                      config,
                      net.ops()
                          .input(LATENT, gradient, batch, config.latentChannels(), height, width)),
                  siblings);
        });
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

  /** Closes the functions and frees the parameters. */
  @Override
  public void close() {
    functions.close();
    parameters.close();
  }

  /**
   * The graph of a decoder that there is not, to be looked at and not run: every parameter is an
   * input of the parameter's shape, so that a model of any size takes no memory.
   *
   * @param config of the model
   * @param batch B, at least 1
   * @param height h of the latents
   * @param width w of the latents
   * @return the graph; its inputs are {@link #LATENT} and the parameters
   */
  public static GraphDefinition decoderOutline(
      AutoencoderKlConfig config, int batch, int height, int width) {
    requireSizes(batch, height, width);
    Layers net = Layers.declaring();
    return decode(
        net, config, net.ops().input(LATENT, false, batch, config.latentChannels(), height, width));
  }

  private static void requireSizes(int batch, int height, int width) {
    if (batch < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "batch, height and width must be at least 1, but are %d, %d, %d",
              batch,
              height,
              width));
    }
  }

  private static String currentName(String name) {
    var old = OLD_ATTENTION.matcher(name);
    if (!old.matches()) {
      return name;
    }
    String current =
        switch (old.group(2)) {
          case "query" -> "to_q";
          case "key" -> "to_k";
          case "value" -> "to_v";
          default -> "to_out.0";
        };
    return old.group(1) + current + old.group(3);
  }

  static ImmutableList<ParameterSpec> declare(AutoencoderKlConfig config) {
    Layers encoder = Layers.declaring();
    int side = config.factor();
    encode(encoder, config, encoder.ops().input(IMAGE, false, 1, config.inChannels(), side, side));
    Layers decoder = Layers.declaring();
    decode(decoder, config, decoder.ops().input(LATENT, false, 1, config.latentChannels(), 1, 1));
    return ImmutableList.<ParameterSpec>builder()
        .addAll(encoder.declared())
        .addAll(decoder.declared())
        .build();
  }

  // ---- The network

  private static GraphDefinition encode(Layers net, AutoencoderKlConfig config, Tensor image) {
    List<Integer> channels = config.blockOutChannels();
    int last = channels.size() - 1;
    Tensor h = net.conv2d("encoder.conv_in", image, channels.get(0), 3); // [B, C0, H, W]
    for (int i = 0; i <= last; i++) {
      String level = "encoder.down_blocks." + i;
      for (int j = 0; j < config.layersPerBlock(); j++) {
        h = resnet(net, config, level + ".resnets." + j, h, channels.get(i)); // [B, Ci, Hi, Wi]
      }
      if (i < last) {
        // Zeros at the end only, as in the original TensorFlow-like padding.
        Padding padding = new Padding(0, 1, 0, 1);
        h = net.conv2d(level + ".downsamplers.0.conv", h, channels.get(i), 3, 2, padding);
      }
    }
    h = middle(net, config, "encoder.mid_block", h); // [B, C, h, w]
    int moments = 2 * config.latentChannels();
    h = out(net, config, "encoder", h, moments); // [B, 2 latent, h, w]
    if (config.useQuantConv()) {
      h = net.conv2d("quant_conv", h, moments, 1);
    }
    int half = config.latentChannels();
    Tensor mean = net.ops().slice("mean", h, 1, 0, half);
    Tensor logvar = net.ops().slice("logvar", h, 1, half, half);
    logvar = net.ops().clamp("logvar_clamp", logvar, -30, 20);
    return GraphDefinition.of(net.ops(), ImmutableMap.of(MEAN, mean, LOGVAR, logvar));
  }

  private static GraphDefinition decode(Layers net, AutoencoderKlConfig config, Tensor latent) {
    List<Integer> channels = config.blockOutChannels().reverse();
    int last = channels.size() - 1;
    Tensor h = latent; // [B, latent, h, w]
    if (config.usePostQuantConv()) {
      h = net.conv2d("post_quant_conv", h, config.latentChannels(), 1);
    }
    h = net.conv2d("decoder.conv_in", h, channels.get(0), 3); // [B, C, h, w]
    h = middle(net, config, "decoder.mid_block", h);
    for (int i = 0; i <= last; i++) {
      String level = "decoder.up_blocks." + i;
      for (int j = 0; j <= config.layersPerBlock(); j++) {
        h = resnet(net, config, level + ".resnets." + j, h, channels.get(i)); // [B, Ci, Hi, Wi]
      }
      if (i < last) {
        h = net.ops().upsampleNearest2x(level + ".upsamplers.0", h);
        h = net.conv2d(level + ".upsamplers.0.conv", h, channels.get(i), 3);
      }
    }
    h = out(net, config, "decoder", h, config.outChannels()); // [B, out, H, W]
    return GraphDefinition.of(net.ops(), ImmutableMap.of(DECODED, h));
  }

  private static Tensor middle(Layers net, AutoencoderKlConfig config, String path, Tensor x) {
    Tensor h = resnet(net, config, path + ".resnets.0", x, x.dim(1));
    if (config.midBlockAddAttention()) {
      h = attention(net, config, path + ".attentions.0", h);
    }
    return resnet(net, config, path + ".resnets.1", h, x.dim(1));
  }

  private static Tensor resnet(
      Layers net, AutoencoderKlConfig config, String path, Tensor x, long out) {
    Tensor h = net.groupNorm(path + ".norm1", x, config.normNumGroups(), EPS);
    h = net.conv2d(path + ".conv1", net.ops().silu(path + ".act1", h), out, 3); // [B, out, H, W]
    h = net.groupNorm(path + ".norm2", h, config.normNumGroups(), EPS);
    h = net.conv2d(path + ".conv2", net.ops().silu(path + ".act2", h), out, 3);
    Tensor shortcut = x.dim(1) == out ? x : net.conv2d(path + ".conv_shortcut", x, out, 1);
    return net.ops().add(path + ".add", shortcut, h);
  }

  private static Tensor attention(Layers net, AutoencoderKlConfig config, String path, Tensor x) {
    long channels = x.dim(1);
    Tensor h = net.groupNorm(path + ".group_norm", x, config.normNumGroups(), EPS);
    h = net.ops().toTokens(path + ".tokens", h); // [B, H W, C]
    Tensor query = net.linear(path + ".to_q", h, channels, true);
    Tensor key = net.linear(path + ".to_k", h, channels, true);
    Tensor value = net.linear(path + ".to_v", h, channels, true);
    h = net.ops().attention(path, query, key, value, 1, null);
    h = net.linear(path + ".to_out.0", h, channels, true);
    h = net.ops().toImage(path + ".image", h, x.dim(2), x.dim(3)); // [B, C, H, W]
    return net.ops().add(path + ".add", h, x);
  }

  private static Tensor out(
      Layers net, AutoencoderKlConfig config, String path, Tensor x, int channels) {
    Tensor h = net.groupNorm(path + ".conv_norm_out", x, config.normNumGroups(), EPS);
    return net.conv2d(path + ".conv_out", net.ops().silu(path + ".conv_act", h), channels, 3);
  }
}
