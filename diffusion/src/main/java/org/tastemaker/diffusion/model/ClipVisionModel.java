package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * CLIP's image tower: a vision transformer (Dosovitskiy et al., "An Image is Worth 16x16 Words",
 * ICLR 2021) as Radford et al. use it ("Learning Transferable Visual Models From Natural Language
 * Supervision", ICML 2021, sec. 2.4).
 *
 * <p>An image is cut into squares; each becomes a token by one linear map. A learned class token
 * stands before them, every token has a learned position, and a norm follows. Then come the layers
 * of the {@link ClipTextModel text tower}, without a mask. The class token of the last layer,
 * normed, is the image; a projection takes it to where texts are.
 *
 * <p>Numbers, names and order are those of transformers' CLIPVisionModelWithProjection.
 *
 * <table class="striped">
 * <caption>The towers that rewards are built on, for images of 224 pixels</caption>
 * <thead><tr><th>tower</th><th>weights</th><th>in float32</th><th>in half precision</th></tr></thead>
 * <tbody>
 * <tr><td>ViT-B/32</td><td>88 million</td><td>0.35 GB</td><td>0.18 GB</td></tr>
 * <tr><td>ViT-L/14</td><td>304 million</td><td>1.22 GB</td><td>0.61 GB</td></tr>
 * <tr><td>ViT-H/14</td><td>632 million</td><td>2.53 GB</td><td>1.26 GB</td></tr>
 * </tbody>
 * </table>
 */
public final class ClipVisionModel implements AutoCloseable {
  /** The input of images, [B, 3, S, S], resized and normalised. */
  public static final String PIXEL_VALUES = "pixel_values";

  /** The output that stands for the images, [B, 1, projection_dim], not of length 1. */
  public static final String IMAGE_EMBEDS = "image_embeds";

  /** The output before the projection, [B, 1, hidden_size]. */
  public static final String POOLER_OUTPUT = "pooler_output";

  static final String PREFIX = "vision_model.";
  static final String PROJECTION = "visual_projection";

  /** A buffer that older versions of transformers wrote among the weights. */
  private static final String POSITION_IDS = PREFIX + "embeddings.position_ids";

  private final ClipVisionConfig config;
  private final Parameters parameters;
  private final DataType type;
  private final FunctionCache functions = new FunctionCache();

  ClipVisionModel(ClipVisionConfig config, Parameters parameters, DataType type) {
    this.config = config;
    this.parameters = parameters;
    this.type = type;
  }

  /**
   * Reads a model.
   *
   * @param folder with config.json and model.safetensors, of a CLIPVisionModelWithProjection
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static ClipVisionModel load(Path folder) {
    return load(folder, "", false);
  }

  /**
   * Reads a model from one of several files of weights, perhaps as they are.
   *
   * @param folder as for {@link #load(Path)}
   * @param variant which file, such as {@code fp16}; where it is not there, or this is empty, the
   *     usual one
   * @param halfInMemory whether weights in half precision stay so in memory, which only some
   *     engines read
   * @return the model, computing in FLOAT, to be closed
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static ClipVisionModel load(Path folder, String variant, boolean halfInMemory) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.TRANSFORMERS, variant);
    ClipVisionConfig config = ClipVisionConfig.read(files.config());
    return new ClipVisionModel(
        config, files.read(declare(config), ClipVisionModel::named, halfInMemory), DataType.FLOAT);
  }

  /**
   * Reads a model of a given configuration from tensors under its own names.
   *
   * @param config of the model
   * @param tensors read, and not closed
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the tensors do not fit the configuration
   */
  public static ClipVisionModel read(ClipVisionConfig config, TensorFile tensors) {
    return new ClipVisionModel(
        config,
        Parameters.read(tensors, declare(config), ClipVisionModel::named, DataType.FLOAT),
        DataType.FLOAT);
  }

  /**
   * A model with random parameters, ready to be trained from scratch.
   *
   * @param config of the model
   * @param seed of the parameters
   * @return the model, in FLOAT, to be closed
   */
  public static ClipVisionModel random(ClipVisionConfig config, Seed seed) {
    return random(config, seed, DataType.FLOAT);
  }

  static ClipVisionModel random(ClipVisionConfig config, Seed seed, DataType type) {
    return new ClipVisionModel(config, Parameters.random(declare(config), seed, type), type);
  }

  /**
   * The model's configuration.
   *
   * @return the configuration
   */
  public ClipVisionConfig config() {
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
   * The model as a function of fixed shapes: input {@link #PIXEL_VALUES}, outputs {@link
   * #IMAGE_EMBEDS} and {@link #POOLER_OUTPUT}.
   *
   * @param batch B, at least 1
   * @param options what it can do; {@link #PIXEL_VALUES} can have a gradient
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction function(int batch, FunctionOptions options) {
    if (batch < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "batch must be at least 1, but was %d", batch));
    }
    options.requireInputs(Set.of(PIXEL_VALUES));
    return functions.get(
        List.of(batch, options),
        siblings ->
            options
                .engine()
                .create(
                    new ClipVisionNetwork(config, options.layers(parameters, type))
                        .embeds(batch, options.inputGradients().contains(PIXEL_VALUES)),
                    siblings));
  }

  /**
   * Writes the model.
   *
   * @param folder receives config.json and model.safetensors; created if missing
   * @param dtype F32, F16 or BF16
   */
  public void save(Path folder, DType dtype) {
    new ModelFolder(folder, ModelFolder.TRANSFORMERS).write(parameters, dtype);
    config.write(folder.resolve("config.json"));
  }

  /** Closes the functions and frees the parameters. */
  @Override
  public void close() {
    functions.close();
    parameters.close();
  }

  /** Null for a tensor to leave out. */
  static @Nullable String named(String name) {
    return name.equals(POSITION_IDS) ? null : name;
  }

  static ImmutableList<ParameterSpec> declare(ClipVisionConfig config) {
    Layers layers = Layers.declaring();
    new ClipVisionNetwork(config, layers).embeds(1, false);
    return layers.declared();
  }
}
