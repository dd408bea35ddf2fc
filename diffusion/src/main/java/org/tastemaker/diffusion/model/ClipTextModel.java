package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * The text encoder of Stable Diffusion: CLIP's text transformer (Radford et al., "Learning
 * Transferable Visual Models From Natural Language Supervision", ICML 2021, sec. 2.4).
 *
 * <p>Token and position embeddings, then layers of causal self-attention and a two-layer network,
 * each behind a layer norm and each with a residual connection, then a last layer norm. The
 * denoising network reads all tokens of the output; CLIP itself reads the one token that ends the
 * text, which {@link #endOf} finds. Stable Diffusion XL reads tokens before the last layer, without
 * the last norm, and of its second encoder also the projection of that one token: {@link
 * #hiddenStates}.
 *
 * <p>Numbers, names and order are those of transformers' CLIPTextModel and
 * CLIPTextModelWithProjection. Parameters are read with or without the prefix {@code text_model.},
 * and written with it.
 */
public final class ClipTextModel implements AutoCloseable {
  /** The input of token ids, [B, N], of type INT32. */
  public static final String INPUT_IDS = "input_ids";

  /**
   * The input of what is added to the scores of every attention, [N, N], where a function has it:
   * {@link #masked}.
   */
  public static final String ATTENTION_MASK = "attention_mask";

  /** The output, [B, N, hidden_size]. */
  public static final String LAST_HIDDEN_STATE = "last_hidden_state";

  /** An output of {@link #hiddenStates}, [B, N, hidden_size]. */
  public static final String HIDDEN_STATE = "hidden_state";

  /** An output of {@link #hiddenStates} of a model with a projection, [B, N, projection_dim]. */
  public static final String TEXT_EMBEDS = "text_embeds";

  static final String PREFIX = "text_model.";
  static final String PROJECTION = "text_projection";
  private static final float HIDDEN = -1e30f; // finite: a row of nothing else must not be NaN

  private static final String TABLE = PREFIX + "embeddings.token_embedding.weight";

  /** A buffer that older versions of transformers wrote among the weights. */
  private static final String POSITION_IDS = PREFIX + "embeddings.position_ids";

  private final ClipTextConfig config;
  private final Parameters parameters;
  private final DataType type;
  private final @Nullable ClipTextModel base; // with which this shares parameters
  private final FunctionCache functions = new FunctionCache();

  private ClipTextModel(ClipTextConfig config, Parameters parameters, DataType type) {
    this(config, parameters, type, null);
  }

  private ClipTextModel(
      ClipTextConfig config, Parameters parameters, DataType type, @Nullable ClipTextModel base) {
    this.config = config;
    this.parameters = parameters;
    this.type = type;
    this.base = base;
  }

  /**
   * Reads a model.
   *
   * @param folder with config.json and model.safetensors
   * @return the model, in FLOAT, to be closed
   * @throws WeightsMismatchException if the weights do not fit the configuration
   */
  public static ClipTextModel load(Path folder) {
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
  public static ClipTextModel load(Path folder, String variant) {
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
  public static ClipTextModel load(Path folder, String variant, boolean halfInMemory) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.TRANSFORMERS, variant);
    ClipTextConfig config = ClipTextConfig.read(files.config());
    return new ClipTextModel(
        config, files.read(declare(config), ClipTextModel::prefixed, halfInMemory), DataType.FLOAT);
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
  public static ClipTextConfig check(Path folder) {
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
  public static ClipTextConfig check(Path folder, String variant) {
    ModelFolder files = new ModelFolder(folder, ModelFolder.TRANSFORMERS, variant);
    ClipTextConfig config = ClipTextConfig.read(files.config());
    files.check(declare(config), ClipTextModel::prefixed);
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
  public static ClipTextModel read(ClipTextConfig config, TensorFile tensors) {
    return new ClipTextModel(
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
  public static List<String> names(ClipTextConfig config) {
    return declare(config).stream().map(ParameterSpec::name).toList();
  }

  /**
   * Checks that tensors fit a configuration, by their names and shapes alone.
   *
   * @param config of the model
   * @param tensors looked at, and not closed
   * @throws WeightsMismatchException if they do not fit
   */
  public static void check(ClipTextConfig config, TensorFile tensors) {
    Map<String, String> unused = Parameters.check(tensors, declare(config), name -> name);
  }

  /**
   * A model with random parameters, ready to be trained from scratch.
   *
   * @param config of the model
   * @param seed of the parameters
   * @return the model, in FLOAT, to be closed
   */
  public static ClipTextModel random(ClipTextConfig config, Seed seed) {
    return random(config, seed, DataType.FLOAT);
  }

  static ClipTextModel random(ClipTextConfig config, Seed seed, DataType type) {
    return new ClipTextModel(config, Parameters.random(declare(config), seed, type), type);
  }

  /**
   * The same model with further tokens, such as those of textual inversion. All parameters but the
   * table of tokens are shared with this model.
   *
   * @param first the id of the first of them: the tokenizer's size, at most the vocabulary's
   * @param vectors [tokens, hidden_size], the rows of the table; copied
   * @return the model; closing it closes this one too
   */
  public ClipTextModel withTokens(int first, INDArray vectors) {
    if (first < 0
        || first > config.vocabSize()
        || vectors.rank() != 2
        || vectors.size(1) != config.hiddenSize()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "tokens from %d on with vectors of shape %s do not fit a table of %d tokens of %d numbers",
              first,
              Arrays.toString(vectors.shape()),
              config.vocabSize(),
              config.hiddenSize()));
    }
    long end = first + vectors.size(0);
    int rows = (int) Math.max(config.vocabSize(), end);
    // An end token of 2 stands for the largest id of a text, which would be a new one's.
    int eos = config.eosTokenId() == 2 ? config.vocabSize() - 1 : config.eosTokenId();
    ClipTextConfig wider = config.withTokens(rows, eos);
    INDArray table = Nd4j.createUninitialized(type, rows, config.hiddenSize());
    table.get(NDArrayIndex.interval(0, config.vocabSize())).assign(parameters.get(TABLE));
    table.get(NDArrayIndex.interval(first, end)).assign(vectors);
    return new ClipTextModel(wider, parameters.replacing(declare(wider), TABLE, table), type, this);
  }

  /**
   * The model's configuration.
   *
   * @return the configuration
   */
  public ClipTextConfig config() {
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
   * The model as a function of fixed shapes: input {@link #INPUT_IDS}, output {@link
   * #LAST_HIDDEN_STATE}.
   *
   * @param batch B, at least 1
   * @param length N, at least 1 and at most the configuration's longest text
   * @param clipSkip how many of the last layers to leave out, as image models in certain styles
   *     were trained; 0 for none; less than the number of layers
   * @param options what it can do
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction function(int batch, int length, int clipSkip, FunctionOptions options) {
    requireSizes(batch, length, "clipSkip", clipSkip);
    options.requireInputs(Set.of());
    return functions.get(
        List.of(batch, length, clipSkip, options),
        siblings ->
            options
                .engine()
                .create(
                    network(options.layers(parameters, type)).last(batch, length, clipSkip, null),
                    siblings));
  }

  /**
   * The tokens before the last layers as a function of fixed shapes, without the last norm: input
   * {@link #INPUT_IDS}, output {@link #HIDDEN_STATE}. With a projection, {@link #TEXT_EMBEDS} too:
   * that of each token after the last layer and the last norm, of which the one at {@link #endOf}
   * stands for the text.
   *
   * @param batch B, at least 1
   * @param length N, at least 1 and at most the configuration's longest text
   * @param layersLeftOut of {@link #HIDDEN_STATE}: 1 for Stable Diffusion XL; less than the number
   *     of layers
   * @param options what it can do
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction hiddenStates(
      int batch, int length, int layersLeftOut, FunctionOptions options) {
    requireSizes(batch, length, "layersLeftOut", layersLeftOut);
    options.requireInputs(Set.of());
    return functions.get(
        List.of(HIDDEN_STATE, batch, length, layersLeftOut, options),
        siblings ->
            options
                .engine()
                .create(
                    network(options.layers(parameters, type))
                        .hidden(batch, length, layersLeftOut, null),
                    siblings));
  }

  /**
   * {@link #function} or {@link #hiddenStates}, with one more input, {@link #ATTENTION_MASK}, in
   * the place of the mask of a text: {@link #maskOf} makes one that hides tokens.
   *
   * @param batch B, at least 1
   * @param length N, at least 1 and at most the configuration's longest text
   * @param layersLeftOut as for either
   * @param normed whether it is {@link #function}, and not {@link #hiddenStates}
   * @param options what it can do
   * @return the function, owned by the model, which closes it when it is closed itself or when it
   *     evicts the function as the least recently used
   */
  public GraphFunction masked(
      int batch, int length, int layersLeftOut, boolean normed, FunctionOptions options) {
    requireSizes(batch, length, "layersLeftOut", layersLeftOut);
    options.requireInputs(Set.of());
    return functions.get(
        List.of(ATTENTION_MASK, normed, batch, length, layersLeftOut, options),
        siblings -> {
          Layers net = options.layers(parameters, type);
          Tensor mask = net.ops().input(ATTENTION_MASK, false, length, length);
          return options
              .engine()
              .create(
                  normed
                      ? network(net).last(batch, length, layersLeftOut, mask)
                      : network(net).hidden(batch, length, layersLeftOut, mask),
                  siblings);
        });
  }

  /**
   * The mask of a text in which some tokens are seen by none: a token sees itself and those before
   * it, but for these.
   *
   * @param hidden whether a token is hidden, [N]
   * @return [N, N], 0 or far below any score; to be closed by the caller
   */
  public static INDArray maskOf(boolean[] hidden) {
    float[][] mask = new float[hidden.length][hidden.length];
    for (int row = 0; row < hidden.length; row++) {
      for (int column = 0; column < hidden.length; column++) {
        mask[row][column] = column > row || hidden[column] ? HIDDEN : 0;
      }
    }
    return Nd4j.createFromArray(mask);
  }

  private ClipTextNetwork network(Layers net) {
    return new ClipTextNetwork(config, net);
  }

  private void requireSizes(int batch, int length, String what, int skipped) {
    if (batch < 1 || length < 1 || length > config.maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "batch must be at least 1 and length in [1, %d], but they are %d and %d",
              config.maxPositionEmbeddings(),
              batch,
              length));
    }
    if (skipped < 0 || skipped >= config.numHiddenLayers()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must be in [0, %d), but was %d",
              what,
              config.numHiddenLayers(),
              skipped));
    }
  }

  /**
   * Encodes texts, forward only, on {@link Engines#auto}.
   *
   * @param ids [B][N], each text of the same length, each id in [0, vocab_size)
   * @param clipSkip how many of the last layers to leave out, as in {@link #function}
   * @return the output, [B, N, hidden_size]; the function's own array, which its next run
   *     overwrites
   */
  public INDArray encode(int[][] ids, int clipSkip) {
    return encode(ids, clipSkip, Engines.auto());
  }

  /**
   * Encodes texts, forward only.
   *
   * @param ids [B][N], each text of the same length, each id in [0, vocab_size)
   * @param clipSkip how many of the last layers to leave out, as in {@link #function}
   * @param engine runs the graph
   * @return the output, [B, N, hidden_size]; the function's own array, which its next run
   *     overwrites
   */
  public INDArray encode(int[][] ids, int clipSkip, Engine engine) {
    int length = ids.length == 0 ? 0 : ids[0].length;
    if (Arrays.stream(ids).anyMatch(text -> text.length != length)) {
      throw new IllegalArgumentException(
          "all texts must have the same length, but they are " + Arrays.deepToString(ids));
    }
    GraphFunction function =
        function(ids.length, length, clipSkip, FunctionOptions.inference().withEngine(engine));
    try (INDArray input = Nd4j.createFromArray(ids)) {
      return Objects.requireNonNull(
          function.forward(Map.of(INPUT_IDS, input)).get(LAST_HIDDEN_STATE));
    }
  }

  /**
   * The token that ends a text: the output there stands for the whole text.
   *
   * @param ids of one text
   * @return its index; empty if the text has no end token
   */
  public OptionalInt endOf(int[] ids) {
    // The published files of CLIP say eos_token_id = 2, which is wrong; the end token, 49407, is
    // the vocabulary's last.
    boolean greatest = config.eosTokenId() == 2;
    int end = greatest ? 0 : -1;
    for (int i = 0; i < ids.length; i++) {
      if (greatest && ids[i] > ids[end]) {
        end = i;
      }
      if (!greatest && end < 0 && ids[i] == config.eosTokenId()) {
        end = i;
      }
    }
    return end < 0 ? OptionalInt.empty() : OptionalInt.of(end);
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
    if (base != null) {
      base.close();
    }
  }

  /** A tower of a whole model: its parameters are among the model's. */
  static ClipTextModel of(ClipTextConfig config, Parameters whole, DataType type) {
    return new ClipTextModel(config, whole.only(declare(config)), type);
  }

  /** Whether it is none of the parameters, though a file has it. */
  static boolean isBuffer(String name) {
    return name.equals(POSITION_IDS);
  }

  private static @Nullable String prefixed(String name) {
    boolean whole = name.startsWith(PREFIX) || name.startsWith(PROJECTION);
    String prefixed = whole ? name : PREFIX + name;
    return prefixed.equals(POSITION_IDS) ? null : prefixed;
  }

  static ImmutableList<ParameterSpec> declare(ClipTextConfig config) {
    Layers layers = Layers.declaring();
    if (config.projected()) {
      new ClipTextNetwork(config, layers).hidden(1, 1, 0, null);
    } else {
      new ClipTextNetwork(config, layers).last(1, 1, 0, null);
    }
    return layers.declared();
  }
}
