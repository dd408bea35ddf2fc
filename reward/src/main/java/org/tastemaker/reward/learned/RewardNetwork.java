package org.tastemaker.reward.learned;

import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.OpenMpThreads;

/**
 * A multi-layer perceptron with one output: {@code score = w . h(... h(W_1 x + b_1)) + b}.
 *
 * <p>A Deeplearning4j network in double precision, without a loss of its own: the derivative of the
 * loss with respect to the scores comes from outside, so that a loss can use all scores of a prompt
 * at once. The initial weights are drawn from a {@link Seed}. Whenever a network is configured,
 * Deeplearning4j reseeds ND4J's global generator, here with that seed. Nothing in this project
 * draws from that generator.
 */
final class RewardNetwork implements AutoCloseable {
  /** Rows that are scored together. */
  private static final int CHUNK = 256;

  private final MultiLayerNetwork network;

  RewardNetwork(MultiLayerNetwork network) {
    this.network = network;
  }

  /**
   * A network with random weights: N(0, 2 / inputs) before a ReLU, N(0, 1 / inputs) elsewhere.
   *
   * @param hidden the widths of the hidden layers
   * @param l2 weight of the squared weights
   */
  static RewardNetwork random(
      int inputs,
      List<Integer> hidden,
      Activation activation,
      IUpdater updater,
      double l2,
      Seed seed) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            configuration(inputs, hidden, activation, updater.clone(), l2, seed.key()));
    network.init(draw(inputs, hidden, activation, seed), false);
    return new RewardNetwork(network);
  }

  /**
   * A network with given weights, to be evaluated.
   *
   * @param parameters as {@link #draw} orders them, [1, P]
   */
  static RewardNetwork of(
      int inputs, List<Integer> hidden, Activation activation, INDArray parameters) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(configuration(inputs, hidden, activation, new NoOp(), 0, 0));
    network.init(parameters, false);
    return new RewardNetwork(network);
  }

  private static MultiLayerConfiguration configuration(
      int inputs,
      List<Integer> hidden,
      Activation activation,
      IUpdater updater,
      double l2,
      long seed) {
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .dataType(DataType.DOUBLE)
            .seed(seed)
            .updater(updater)
            .l2(l2)
            .miniBatch(false) // the loss does its own averaging
            .list();
    int in = inputs;
    for (int width : hidden) {
      layers.layer(new DenseLayer.Builder().nIn(in).nOut(width).activation(activation).build());
      in = width;
    }
    layers.layer(new DenseLayer.Builder().nIn(in).nOut(1).activation(Activation.IDENTITY).build());
    return layers.build();
  }

  /** How many parameters such a network has. */
  static long parameters(int inputs, List<Integer> hidden) {
    long count = 0;
    long in = inputs;
    for (int width : hidden) {
      count += (in + 1) * width;
      in = width;
    }
    return count + in + 1;
  }

  /** All parameters as one row: for each layer the weights, then the biases, which are 0. */
  private static INDArray draw(int inputs, List<Integer> hidden, Activation activation, Seed seed) {
    INDArray all = Nd4j.zeros(DataType.DOUBLE, 1, parameters(inputs, hidden)); // [1, P]
    long offset = 0;
    int in = inputs;
    for (int layer = 0; layer <= hidden.size(); layer++) {
      boolean last = layer == hidden.size();
      int out = last ? 1 : hidden.get(layer);
      double variance = !last && activation == Activation.RELU ? 2.0 / in : 1.0 / in;
      float[] deviates = new float[in * out];
      seed.gaussian(layer, deviates);
      for (int i = 0; i < deviates.length; i++) {
        all.putScalar(offset + i, deviates[i] * Math.sqrt(variance));
      }
      offset += (in + 1L) * out;
      in = out;
    }
    return all;
  }

  MultiLayerNetwork network() {
    return network;
  }

  /** The number of inputs. */
  int inputs() {
    return network.layerInputSize(0);
  }

  /** The scores of rows, [N][F]. */
  double[] scores(double[][] rows) {
    return OpenMpThreads.one(() -> output(rows));
  }

  private double[] output(double[][] rows) {
    double[] scores = new double[rows.length];
    for (int from = 0; from < rows.length; from += CHUNK) {
      int count = Math.min(CHUNK, rows.length - from);
      double[][] chunk = new double[count][];
      System.arraycopy(rows, from, chunk, 0, count);
      try (INDArray in = Nd4j.createFromArray(chunk); // [n, F]
          INDArray out = network.output(in)) { // [n, 1]
        System.arraycopy(out.data().asDouble(), 0, scores, from, count);
      }
    }
    network.clearLayersStates(); // would keep a reference to the closed input
    return scores;
  }

  /**
   * One step of the updater.
   *
   * @param rows [N][F]
   * @param loss of their N scores
   * @return the loss before the step
   */
  double step(double[][] rows, RewardLoss.Value loss) {
    return OpenMpThreads.one(() -> update(rows, loss));
  }

  private double update(double[][] rows, RewardLoss.Value loss) {
    try (Backward backward = new Backward(rows, loss)) {
      network
          .getUpdater()
          .update(
              network,
              backward.gradient,
              network.getIterationCount(),
              network.getEpochCount(),
              rows.length,
              LayerWorkspaceMgr.noWorkspaces());
      network.params().subi(backward.gradient.gradient());
      network.setIterationCount(network.getIterationCount() + 1);
      return backward.value;
    }
  }

  /**
   * The derivative of the loss with respect to each parameter, without weight decay; for gradient
   * checks.
   */
  double[] gradient(double[][] rows, RewardLoss.Value loss) {
    try (Backward backward = new Backward(rows, loss)) {
      return backward.gradient.gradient().dup().data().asDouble();
    }
  }

  /**
   * The scores of rows, with the derivative of each by its own row.
   *
   * @param rows [N][F]
   * @param byRows receives the derivatives, [N][F]
   */
  double[] scores(double[][] rows, double[][] byRows) {
    double[] scores = new double[rows.length];
    RewardLoss.Value sum =
        (found, derivative) -> {
          System.arraycopy(found, 0, scores, 0, found.length);
          Arrays.fill(derivative, 1); // rows do not depend on each other
          return 0;
        };
    double[] all = OpenMpThreads.one(() -> byInputs(rows, sum));
    for (int n = 0; n < rows.length; n++) {
      System.arraycopy(all, n * rows[n].length, byRows[n], 0, rows[n].length);
    }
    return scores;
  }

  private double[] byInputs(double[][] rows, RewardLoss.Value loss) {
    try (Backward backward = new Backward(rows, loss);
        INDArray inOrder = backward.byInputs.dup('c')) { // [N, F]
      return inOrder.data().asDouble();
    }
  }

  /** The loss and its gradient with respect to the parameters, with the intermediate arrays. */
  private final class Backward implements AutoCloseable {
    final double value;
    final Gradient gradient;
    private final INDArray in;
    private final List<INDArray> activations;
    private final INDArray byScores;
    private final INDArray byInputs;

    Backward(double[][] rows, RewardLoss.Value loss) {
      in = Nd4j.createFromArray(rows); // [N, F]
      network.setInput(in);
      activations = network.feedForward(true, false);
      double[] scores = activations.get(activations.size() - 1).data().asDouble();
      double[] derivative = new double[scores.length];
      value = loss.evaluate(scores, derivative);
      requireFinite(value, derivative);
      byScores = Nd4j.create(derivative, new long[] {scores.length, 1}, 'c'); // [N, 1]
      Pair<Gradient, INDArray> back = network.backpropGradient(byScores, null);
      gradient = back.getFirst();
      byInputs = back.getSecond();
    }

    private void requireFinite(double value, double[] derivative) {
      boolean finite = Double.isFinite(value);
      for (double d : derivative) {
        finite &= Double.isFinite(d);
      }
      if (!finite) {
        throw new DivergedException(
            "training step " + (network.getIterationCount() + 1),
            "the loss is " + value + ", or its gradient is not finite; lower the learning rate");
      }
    }

    @Override
    public void close() {
      network.clear();
      activations.forEach(Backward::release);
      release(in);
      release(byScores);
      release(byInputs);
    }

    private static void release(INDArray array) {
      if (!array.wasClosed() && array.closeable()) {
        array.close();
      }
    }
  }

  @Override
  public void close() {
    network.close();
  }
}
