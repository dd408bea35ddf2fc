package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * CLIP (Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
 * ICML 2021): a tower for images and one for texts, whose vectors are close where an image shows
 * what a text says.
 *
 * <pre>
 *   logit(image, text) = exp(s) cos(I, T)
 * </pre>
 *
 * <table class="striped">
 * <caption>Notation</caption>
 * <thead><tr><th>symbol</th><th>code</th></tr></thead>
 * <tbody>
 * <tr><td>I, the image's vector</td><td>{@link ClipVisionModel#IMAGE_EMBEDS}</td></tr>
 * <tr><td>T, the text's vector</td><td>{@link ClipTextModel#TEXT_EMBEDS} at the token that ends the
 *     text, {@link ClipTextModel#endOf}</td></tr>
 * <tr><td>s</td><td>{@link #logitScale}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Numbers, names and order are those of transformers' CLIPModel. Files of OpenCLIP and others
 * are read by {@code checkpoint.ClipFile}.
 */
public final class ClipModel implements AutoCloseable {
  private static final String SCALE = "logit_scale";

  private static final ParameterSpec SCALE_SPEC =
      new ParameterSpec(SCALE, ImmutableLongArray.of(), Kind.LOGIT_SCALE, 1);

  private final ClipConfig config;
  private final Parameters parameters;
  private final ClipTextModel text;
  private final ClipVisionModel vision;

  private ClipModel(ClipConfig config, Parameters parameters, DataType type) {
    this.config = config;
    this.parameters = parameters;
    this.text = ClipTextModel.of(config.text(), parameters, type);
    this.vision =
        new ClipVisionModel(
            config.vision(), parameters.only(ClipVisionModel.declare(config.vision())), type);
  }

  /**
   * Reads a model.
   *
   * @param folder with config.json and model.safetensors, as transformers' CLIPModel saves them
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static ClipModel load(Path folder) {
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
  public static ClipModel load(Path folder, String variant, boolean halfInMemory) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.TRANSFORMERS, variant);
    ClipConfig config = ClipConfig.read(files.config());
    return new ClipModel(
        config, files.read(declare(config), ClipModel::named, halfInMemory), DataType.FLOAT);
  }

  /**
   * Reads a model of a given configuration from tensors under its own names.
   *
   * @param config of the model
   * @param tensors read, and not closed
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the tensors do not fit the configuration
   */
  public static ClipModel read(ClipConfig config, TensorFile tensors) {
    return new ClipModel(
        config,
        Parameters.read(tensors, declare(config), ClipModel::named, DataType.FLOAT),
        DataType.FLOAT);
  }

  /**
   * Checks a folder by its configuration and the header of its weights: what {@link #load(Path)}
   * would find out, but for damaged numbers.
   *
   * @param folder as for {@link #load(Path)}
   * @param variant which file, as for {@link #load(Path, String, boolean)}
   * @return the configuration
   * @throws IllegalArgumentException if the configuration is not supported
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static ClipConfig check(Path folder, String variant) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.TRANSFORMERS, variant);
    ClipConfig config = ClipConfig.read(files.config());
    files.check(declare(config), ClipModel::named);
    return config;
  }

  /**
   * Checks that tensors fit a configuration, by their names and shapes alone.
   *
   * @param config of the model
   * @param tensors looked at, and not closed
   * @throws WeightsMismatchException if they do not fit
   */
  public static void check(ClipConfig config, TensorFile tensors) {
    Map<String, String> unused = Parameters.check(tensors, declare(config), ClipModel::named);
  }

  /**
   * The names of the parameters of a model.
   *
   * @param config of the model
   * @return those of the text tower, of the image tower, and the logit scale
   */
  public static List<String> names(ClipConfig config) {
    return declare(config).stream().map(ParameterSpec::name).toList();
  }

  /**
   * A model with random parameters, ready to be trained from scratch.
   *
   * @param config of the model
   * @param seed of the parameters
   * @return the model, in FLOAT, to be closed
   */
  public static ClipModel random(ClipConfig config, Seed seed) {
    return random(config, seed, DataType.FLOAT);
  }

  static ClipModel random(ClipConfig config, Seed seed, DataType type) {
    return new ClipModel(config, Parameters.random(declare(config), seed, type), type);
  }

  /**
   * The model's configuration.
   *
   * @return the configuration
   */
  public ClipConfig config() {
    return config;
  }

  /**
   * The text tower.
   *
   * @return the same one at each call; closed with this
   */
  public ClipTextModel text() {
    return text;
  }

  /**
   * The image tower.
   *
   * @return the same one at each call; closed with this
   */
  public ClipVisionModel vision() {
    return vision;
  }

  /**
   * The model's parameters.
   *
   * @return those of both towers, and the logit scale: the towers' own arrays
   */
  public Parameters parameters() {
    return parameters;
  }

  /**
   * The logit scale as it is kept and trained: its logarithm.
   *
   * @return s, [1]; the array itself, not to be closed
   */
  public INDArray logitScale() {
    return parameters.get(SCALE);
  }

  /**
   * Writes the model in float32.
   *
   * @param folder receives config.json and model.safetensors; created if missing
   */
  public void save(Path folder) {
    save(folder, DType.F32);
  }

  /**
   * Writes the model so that transformers reads it.
   *
   * @param folder receives config.json and model.safetensors; created if missing
   * @param dtype F32, F16 or BF16
   */
  public void save(Path folder, DType dtype) {
    new ModelFolder(folder, ModelFolder.TRANSFORMERS).write(parameters, dtype);
    config.write(folder.resolve("config.json"));
  }

  /** Closes the functions of both towers and frees the parameters. */
  @Override
  public void close() {
    text.close();
    vision.close();
    parameters.close();
  }

  /** Null for a tensor to leave out. */
  private static @Nullable String named(String name) {
    return ClipTextModel.isBuffer(name) ? null : ClipVisionModel.named(name);
  }

  static ImmutableList<ParameterSpec> declare(ClipConfig config) {
    return ImmutableList.<ParameterSpec>builder()
        .addAll(ClipTextModel.declare(config.text()))
        .addAll(ClipVisionModel.declare(config.vision()))
        .add(SCALE_SPEC)
        .build();
  }
}
