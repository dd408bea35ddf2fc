package org.tastemaker.diffusion.torch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.AdamStep;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.ResidentTraining.Kind;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.torch.Fixture.Limit;
import org.tastemaker.diffusion.train.AdamW;
import org.tastemaker.diffusion.train.Ema;
import org.tastemaker.testing.NativeMemory;

/** A training's numbers on a device, against the classes that do the same on the host. */
class ResidentTrainingTest {
  /** Less than some parameters have, and no divisor of any: pieces end in the middle. */
  private static final long PIECE = 100;

  private final Weights store = new Weights();
  private final Fixture fixture = new Fixture();
  private final ImmutableList<INDArray> arrays =
      ImmutableList.of(array(1), array(63), array(8, 8), array(3, 3, 4, 7));

  private static INDArray array(long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] values = new float[(int) array.length()];
    Seed.of(array.length()).gaussian(0, values);
    FloatBuffers.of(array).put(values);
    return array;
  }

  private TorchTraining training(List<INDArray> parameters, boolean averages) {
    return new TorchTraining(
        ImmutableList.copyOf(parameters),
        averages,
        new Device(DeviceType.CPU),
        store,
        new MemoryGuard(() -> {}, rows -> {}),
        PIECE);
  }

  private static float[] read(TorchTraining training, Kind kind, int parameter, int length) {
    float[] values = new float[length];
    training.download(kind, parameter, FloatBuffer.wrap(values));
    return values;
  }

  private static float[] copy(FloatBuffer buffer) {
    float[] values = new float[buffer.remaining()];
    buffer.duplicate().get(values);
    return values;
  }

  // ---- Updates

  @ParameterizedTest
  @CsvSource({"1e-8, 1", "0, 1", "1e-8, 0.3"})
  void updatesAreThoseOfTheHostToTheBit(double epsilon, double clip) {
    AdamW.Options options = new AdamW.Options(0.9, 0.999, epsilon, 0.01);
    List<FloatBuffer> weights = arrays.stream().map(FloatBuffers::of).toList();
    AdamW adamW = new AdamW(options, weights.stream().mapToInt(FloatBuffer::remaining).toArray());
    Ema ema = new Ema(new Ema.Options(0.9, false), weights);
    try (TorchTraining training = training(arrays, true)) {
      for (int i = 0; i < weights.size(); i++) {
        training.upload(Kind.WEIGHTS, i, weights.get(i));
        training.upload(Kind.AVERAGES, i, weights.get(i));
      }
      for (int update = 1; update <= 5; update++) {
        // 1. Both.
        training.begin();
        List<FloatBuffer> gradients = new ArrayList<>();
        for (int i = 0; i < weights.size(); i++) {
          float[] gradient = new float[weights.get(i).remaining()];
          Seed.of(update).split(i).gaussian(0, gradient);
          gradient[0] = 0; // always
          training.upload(Kind.GRADIENTS, i, FloatBuffer.wrap(gradient));
          gradients.add(FloatBuffer.wrap(clipped(gradient, clip)));
        }
        adamW.update(1e-2, weights, gradients);
        ema.update(weights);
        training.update(
            new AdamStep(
                clip,
                1e-2,
                0.9,
                0.999,
                epsilon,
                0.01,
                1 - Math.pow(0.9, update),
                1 - Math.pow(0.999, update)));
        training.average(1 - 0.9);
        // 2. Compared.
        for (int i = 0; i < weights.size(); i++) {
          int length = weights.get(i).remaining();
          assertThat(read(training, Kind.WEIGHTS, i, length)).isEqualTo(copy(weights.get(i)));
          assertThat(read(training, Kind.FIRST_MOMENTS, i, length))
              .isEqualTo(copy(adamW.firstMoments().get(i)));
          assertThat(read(training, Kind.SECOND_MOMENTS, i, length))
              .isEqualTo(copy(adamW.secondMoments().get(i)));
          assertThat(read(training, Kind.AVERAGES, i, length))
              .isEqualTo(copy(ema.averages().get(i)));
        }
      }
    }
  }

  private static float[] clipped(float[] gradient, double clip) {
    float[] scaled = gradient.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = (float) (clip * scaled[i]);
    }
    return scaled;
  }

  @Test
  void theNormIsThatOfAllGradientsSinceTheBeginning() {
    try (TorchTraining training = training(arrays, false)) {
      double all = 0;
      for (int i = 0; i < arrays.size(); i++) {
        training.upload(Kind.GRADIENTS, i, FloatBuffers.of(arrays.get(i)));
        double own = 0;
        for (float g : copy(FloatBuffers.of(arrays.get(i)))) {
          own += (double) g * g;
        }
        assertThat(training.squares(i)).isCloseTo(own, within(1e-14 * own)); // another order
        all += own;
        assertThat(training.squares()).isCloseTo(all, within(1e-14 * all));
      }
      training.begin();
      assertThat(training.squares()).isZero();
    }
  }

  @Test
  void withoutAGradientThereIsNoUpdate() {
    try (TorchTraining training = training(arrays, false)) {
      training.upload(Kind.GRADIENTS, 0, FloatBuffers.of(arrays.get(0)));
      assertThatIllegalStateException()
          .isThrownBy(() -> training.update(new AdamStep(1, 1, 0, 0, 1, 0, 1, 1)))
          .withMessage("parameter 1 has no gradient");
    }
  }

  @Test
  void asZerosAllWeightsAreZeroForAWhile() {
    try (TorchTraining training = training(arrays, false)) {
      training.upload(Kind.WEIGHTS, 1, FloatBuffers.of(arrays.get(1)));
      training.asZeros(() -> assertThat(read(training, Kind.WEIGHTS, 1, 63)).containsOnly(0));
      assertThat(read(training, Kind.WEIGHTS, 1, 63))
          .isEqualTo(copy(FloatBuffers.of(arrays.get(1))));
    }
  }

  // ---- Functions

  private static final ImmutableList<String> TRAINED =
      ImmutableList.of("time.weight", "blocks.0.scale", "blocks.1.kernel", "blocks.1.scale");

  private List<INDArray> trained() {
    GraphDefinition unused = fixture.graph(true); // makes the weights
    return TRAINED.stream().map(name -> requireNonNull(fixture.weights.get(name))).toList();
  }

  private Map<String, INDArray> inputs() {
    return Map.of("x", fixture.x, "t", fixture.t);
  }

  private float[] out(GraphFunction function) {
    return floats(requireNonNull(function.forward(inputs()).get("out")));
  }

  private static float[] floats(INDArray array) {
    return copy(FloatBuffers.of(array));
  }

  /** What the arrays would give. */
  private float[] expectedOut() {
    try (GraphFunction function = Engines.named("replay").create(fixture.graph(false))) {
      return out(function);
    }
  }

  private static void assertClose(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(1e-5f)); // numbers of up to 5
    }
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true"})
  void functionsReadTheTrainingAndAfterItTheArrays(boolean trainable, boolean shared) {
    List<INDArray> parameters = trained();
    try (TorchFunction function =
        fixture.function(store, fixture.graph(trainable), false, 1, shared, new Limit())) {
      float[] own = out(function);
      assertClose(own, expectedOut());
      float[] inTraining;
      try (TorchTraining training = training(parameters, false)) {
        List<INDArray> others = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
          INDArray other = parameters.get(i).add(0.1 * (i + 1));
          others.add(other);
          training.upload(Kind.WEIGHTS, i, FloatBuffers.of(other));
        }
        function.parametersChanged();
        inTraining = out(function);
        assertThat(inTraining).isNotEqualTo(own);
        try (TorchFunction made =
            fixture.function(store, fixture.graph(trainable), false, 1, shared, new Limit())) {
          assertThat(out(made)).isEqualTo(inTraining);
        }
        for (int i = 0; i < parameters.size(); i++) {
          training.download(Kind.WEIGHTS, i, FloatBuffers.of(others.get(i)));
          parameters.get(i).assign(others.get(i)); // nobody reads it yet
        }
        function.parametersChanged();
        assertThat(out(function)).isEqualTo(inTraining);
        assertClose(inTraining, expectedOut());
      }
      function.parametersChanged();
      assertThat(out(function)).isEqualTo(inTraining);
      parameters.get(0).muli(2);
      function.parametersChanged();
      assertClose(out(function), expectedOut());
    }
  }

  /** With one row at a time from the second backward run on, which begins anew in its middle. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradientsAreAddedWhereTheyAre(boolean shortOfMemory) {
    List<INDArray> parameters = trained();
    Map<String, INDArray> cotangents = Map.of("out", fixture.cotangent);
    Map<String, double[]> expected = new LinkedHashMap<>();
    float[] ofInput;
    try (GraphFunction function = Engines.named("replay").create(fixture.graph(true))) {
      float[] unused = out(function);
      Map<String, INDArray> once = function.backward(cotangents);
      for (String name : TRAINED) {
        float[] values = floats(requireNonNull(once.get(name)));
        double[] twice = new double[values.length];
        for (int i = 0; i < twice.length; i++) {
          twice[i] = 2 * values[i];
        }
        expected.put(name, twice);
      }
      ofInput = floats(requireNonNull(once.get("x")));
    }
    Limit limit = new Limit();
    try (TorchFunction function =
            fixture.function(store, fixture.graph(true), true, 1, true, limit);
        TorchTraining training = training(parameters, false)) {
      for (int i = 0; i < parameters.size(); i++) {
        training.upload(Kind.WEIGHTS, i, FloatBuffers.of(parameters.get(i)));
      }
      training.begin();
      for (int run = 0; run < 2; run++) {
        limit.rows = shortOfMemory && run == 1 ? 3 : Integer.MAX_VALUE;
        float[] unused = out(function);
        if (shortOfMemory && run == 1) {
          limit.lessAfter(1, 1);
        }
        Map<String, INDArray> rest = function.backward(cotangents, training);
        assertThat(rest).containsOnlyKeys("x");
        assertClose(floats(requireNonNull(rest.get("x"))), ofInput);
      }
      for (int p = 0; p < TRAINED.size(); p++) {
        double[] sum = requireNonNull(expected.get(TRAINED.get(p)));
        assertThat(training.hasGradient(p)).isTrue();
        float[] actual = read(training, Kind.GRADIENTS, p, sum.length);
        for (int i = 0; i < sum.length; i++) {
          assertThat(actual[i]).isCloseTo((float) sum[i], within(1e-4f)); // numbers of up to 20
        }
      }
    }
    if (shortOfMemory) {
      // Whole; whole again and in parts of 3, forward; then backward, where the second part fails.
      assertThat(limit.asked).containsExactly(5, 5, 3, 2, 3, 2, 2, 1, 1);
    }
  }

  @Test
  void anotherEnginesFunctionIsRefused() {
    List<INDArray> parameters = trained();
    try (GraphFunction function = Engines.named("replay").create(fixture.graph(true));
        TorchTraining training = training(parameters, false)) {
      float[] unused = out(function);
      assertThatIllegalStateException()
          .isThrownBy(() -> function.backward(Map.of("out", fixture.cotangent), training))
          .withMessageContaining("run all that is trained on one engine");
    }
  }

  @Test
  void aParameterIsInOneTrainingAtATime() {
    TorchTraining training = training(arrays, false);
    assertThatIllegalStateException()
        .isThrownBy(() -> training(arrays.subList(1, 2), false))
        .withMessageContaining("end one training before the next");
    training.close();
    training.close(); // does no harm
    training(arrays.subList(1, 2), false).close();
  }

  @Test
  void updatesLeaveMemoryFlat() throws IOException, InterruptedException {
    // One tensor of 800 bytes lost in each piece of each was seen as 45 MB; without one it is 0.
    NativeMemory.assertFlat(ManyUpdates.class, 8L << 20);
  }
}
