package org.tastemaker.optim.dpok;

import com.google.common.primitives.ImmutableLongArray;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.OpenMpThreads;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TensorInfo;

/**
 * The baseline {@code V(x_t, z, t)}: the reward to be expected of an image at a step of its
 * denoising. Fan et al., 2023, section 4.3, with the architecture of the public code's {@code
 * ValueMulti}:
 *
 * <pre>
 *   h = [x_t, tau(z)]
 *   three times:  h = relu(gamma_t * (W h + b)),  gamma_t a vector for each denoising step t
 *   V = w h + b
 * </pre>
 *
 * <p>trained by the squared error to the final reward. Unlike there, the text's feature is the mean
 * of the vectors that the U-Net attends to. Not thread-safe.
 */
final class ValueNetwork implements AutoCloseable {
  private static final int LAYERS = 3;
  private static final String FEATURES = "features";
  private static final String STEP = "step";
  private static final String FORMAT = "tastemaker-value-network-2"; // 1 was a zip
  private static final String PARAMETERS = "parameters";
  private static final String MOMENTS = "moments";

  private final ValueOptions options;
  private final int features;
  private final int steps;
  private final ComputationGraph network;

  /** A state of the denoising: x_t, [C, h, w], a feature of z, [D], and the index of t. */
  record State(FloatBuffer latents, float[] text, int step) {}

  ValueNetwork(ValueOptions options, int latentSize, int textSize, int steps, Seed seed) {
    this.options = options;
    this.features = latentSize + textSize;
    this.steps = steps;
    this.network = build(options, features, steps, seed);
  }

  private static ComputationGraph build(ValueOptions options, int features, int steps, Seed seed) {
    GraphBuilder graph =
        new NeuralNetConfiguration.Builder()
            .dataType(DataType.FLOAT)
            .seed(seed.key())
            .updater(new Adam(options.learningRate()))
            .weightDecay(options.weightDecay())
            .trainingWorkspaceMode(WorkspaceMode.ENABLED)
            .inferenceWorkspaceMode(WorkspaceMode.ENABLED)
            .graphBuilder()
            .addInputs(FEATURES, STEP);
    String input = FEATURES;
    int width = features;
    for (int i = 0; i < LAYERS; i++) {
      graph
          .addLayer("linear" + i, dense(width, options.width(), true), input)
          // A row of weights for each step: the step comes as a one-hot vector.
          .addLayer("gamma" + i, dense(steps, options.width(), false), STEP)
          .addVertex(
              "scaled" + i,
              new ElementWiseVertex(ElementWiseVertex.Op.Product),
              "linear" + i,
              "gamma" + i)
          .addLayer(
              "relu" + i,
              new ActivationLayer.Builder().activation(Activation.RELU).build(),
              "scaled" + i);
      input = "relu" + i;
      width = options.width();
    }
    graph
        .addLayer(
            "value",
            new OutputLayer.Builder(LossFunction.MSE)
                .nIn(width)
                .nOut(1)
                .activation(Activation.IDENTITY)
                .build(),
            input)
        .setOutputs("value");
    ComputationGraph network = new ComputationGraph(graph.build());
    network.init();
    draw(network, seed);
    return network;
  }

  private static DenseLayer dense(int in, int out, boolean bias) {
    return new DenseLayer.Builder()
        .nIn(in)
        .nOut(out)
        .hasBias(bias)
        .activation(Activation.IDENTITY)
        .build();
  }

  /** As PyTorch draws them: linear layers uniform in +-1 / sqrt(fan in), gamma in [0, 1). */
  private static void draw(ComputationGraph network, Seed seed) {
    network
        .paramTable()
        .forEach(
            (name, array) -> {
              RandomGenerator random = seed.split(name).generator();
              boolean gamma = name.startsWith("gamma");
              String layer = name.substring(0, name.lastIndexOf('_'));
              double fanIn = network.getLayer(layer).getParam("W").size(0);
              double bound = 1 / Math.sqrt(fanIn);
              for (long i = 0; i < array.length(); i++) {
                array.putScalar(i, gamma ? random.nextDouble() : random.nextDouble(-bound, bound));
              }
            });
  }

  /** The expected reward of each state. */
  double[] values(List<State> states) {
    return OpenMpThreads.one(() -> output(states));
  }

  private double[] output(List<State> states) {
    try (INDArray x = features(states);
        INDArray t = oneHot(states)) {
      INDArray[] out = network.output(x, t);
      try (INDArray values = out[0]) { // [B, 1]
        return values.data().asDouble();
      }
    }
  }

  /** One update toward the rewards; returns the loss before it. */
  double fit(List<State> states, double[] rewards) {
    return OpenMpThreads.one(() -> update(states, rewards));
  }

  private double update(List<State> states, double[] rewards) {
    try (INDArray x = features(states);
        INDArray t = oneHot(states);
        INDArray y = Nd4j.create(DataType.FLOAT, rewards.length, 1)) {
      FloatBuffer targets = FloatBuffers.of(y);
      for (int i = 0; i < rewards.length; i++) {
        targets.put(i, (float) rewards[i]);
      }
      network.fit(new MultiDataSet(new INDArray[] {x, t}, new INDArray[] {y}));
      return network.score();
    }
  }

  ValueOptions options() {
    return options;
  }

  private INDArray features(List<State> states) {
    INDArray array = Nd4j.create(DataType.FLOAT, states.size(), features);
    FloatBuffer values = FloatBuffers.of(array);
    for (State state : states) {
      values.put(state.latents().duplicate()).put(state.text());
    }
    return array;
  }

  private INDArray oneHot(List<State> states) {
    INDArray array = Nd4j.create(DataType.FLOAT, states.size(), steps);
    FloatBuffer values = FloatBuffers.of(array);
    for (int i = 0; i < states.size(); i++) {
      values.put(i * steps + states.get(i).step(), 1);
    }
    return array;
  }

  /** Writes weights and the optimizer's moments. */
  void save(Path file) {
    new SafetensorsWriter()
        .metadata("format", FORMAT)
        .metadata("iteration", Integer.toString(iteration()))
        .add(PARAMETERS, network.params(), DType.F32)
        .add(MOMENTS, network.getUpdater().getStateViewArray(), DType.F32)
        .write(file);
  }

  /**
   * Reads what {@link #save} wrote, for {@link #resume}; the caller closes it.
   *
   * @throws IllegalArgumentException if it is damaged, missing, or of another network
   */
  Memory read(Path file) {
    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      String format = read.metadata().getOrDefault("format", "none");
      if (!format.equals(FORMAT)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: expected the format %s, but found %s: begin a new run with this version, or go on with the version that wrote it",
                file,
                FORMAT,
                format));
      }
      requireShape(read, PARAMETERS, network.params());
      requireShape(read, MOMENTS, network.getUpdater().getStateViewArray());
      int iteration = Integer.parseInt(read.metadata().getOrDefault("iteration", ""));
      return new Memory(read.array(PARAMETERS), read.array(MOMENTS), iteration);
    } catch (SafetensorsException | UncheckedIOException | NumberFormatException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is damaged or missing and cannot be read as a value network: %s",
              file,
              e.getMessage()),
          e);
    }
  }

  private static void requireShape(SafetensorsFile file, String name, INDArray own) {
    ImmutableLongArray expected = ImmutableLongArray.copyOf(own.shape());
    TensorInfo found = file.names().contains(name) ? file.info(name) : null;
    if (found == null || found.dtype() != DType.F32 || !found.shape().equals(expected)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is of another value network: its %s are %s, and this one's F32 %s",
              file.path(),
              name,
              found == null ? "not there" : found.dtype() + " " + found.shape(),
              expected));
    }
  }

  /** Everything that training changes, to go back to. */
  Memory memory() {
    return new Memory(
        network.params().dup(), network.getUpdater().getStateViewArray().dup(), iteration());
  }

  private int iteration() {
    return network.getConfiguration().getIterationCount();
  }

  void resume(Memory memory) {
    network.params().assign(memory.parameters());
    network.getUpdater().getStateViewArray().assign(memory.moments());
    network.getConfiguration().setIterationCount(memory.iteration());
  }

  /** What {@link #memory} copied; closed by whoever asked for it. */
  record Memory(INDArray parameters, INDArray moments, int iteration) implements AutoCloseable {
    @Override
    public void close() {
      parameters.close();
      moments.close();
    }
  }

  @Override
  public void close() {
    network.close();
  }
}
