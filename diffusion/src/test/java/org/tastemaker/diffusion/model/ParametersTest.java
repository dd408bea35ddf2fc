package org.tastemaker.diffusion.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TensorFile;

class ParametersTest {
  private static final ParameterSpec LINEAR = spec("to_q.weight", Kind.LINEAR, 16, 64, 16);
  private static final ParameterSpec CONV = spec("conv.weight", Kind.CONV, 18, 3, 2, 3, 3);
  private static final ParameterSpec BIAS = spec("conv.bias", Kind.BIAS, 18, 3);
  private static final List<ParameterSpec> ALL = List.of(LINEAR, CONV, BIAS);

  private final Path file;

  ParametersTest(@TempDir Path folder) {
    this.file = folder.resolve("weights.safetensors");
  }

  private static ParameterSpec spec(String name, Kind kind, long fanIn, long... shape) {
    return new ParameterSpec(name, ImmutableLongArray.copyOf(shape), kind, fanIn);
  }

  private Parameters read(List<ParameterSpec> specs) {
    try (SafetensorsFile open = SafetensorsFile.open(file)) {
      return Parameters.read(open, specs, name -> name, DataType.FLOAT);
    }
  }

  private static float[] ramp(int length) {
    float[] ramp = new float[length];
    for (int i = 0; i < length; i++) {
      ramp[i] = i;
    }
    return ramp;
  }

  @Test
  void weightsAreUniformWithinTheFanInBound() {
    try (Parameters parameters = Parameters.random(ALL, Seed.of(1), DataType.FLOAT)) {
      INDArray weight = parameters.get("to_q.weight");
      // 1 / sqrt(16) = 0.25. Of 1024 draws the largest is within 1 % of the bound but for a chance
      // of 0.99^1024 = 3e-5, and the seed is fixed.
      assertThat(weight.amaxNumber().doubleValue()).isBetween(0.2475, 0.25);
      // The mean of 1024 uniform draws has the standard deviation 0.25 / sqrt(3 * 1024) = 0.0045.
      assertThat(weight.meanNumber().doubleValue()).isCloseTo(0, within(0.018));
    }
  }

  @Test
  void normsBeginAsOneAndZeroAndTablesNarrow() {
    List<ParameterSpec> specs =
        List.of(
            spec("norm.weight", Kind.SCALE, 1, 4),
            spec("norm.bias", Kind.SHIFT, 1, 4),
            spec("table.weight", Kind.EMBEDDING, 1, 100, 50));
    try (Parameters parameters = Parameters.random(specs, Seed.of(1), DataType.FLOAT)) {
      assertThat(parameters.get("norm.weight").data().asFloat()).containsOnly(1);
      assertThat(parameters.get("norm.bias").data().asFloat()).containsOnly(0);
      // The deviation of 5000 draws is off by 0.02 / sqrt(2 * 5000) = 0.0002; five times that.
      assertThat(parameters.get("table.weight").stdNumber().doubleValue())
          .isCloseTo(0.02, within(0.001));
    }
  }

  @Test
  void eachParameterDependsOnItsNameAlone() {
    try (Parameters all = Parameters.random(ALL, Seed.of(1), DataType.FLOAT);
        Parameters one = Parameters.random(List.of(BIAS), Seed.of(1), DataType.FLOAT)) {
      assertThat(one.get("conv.bias").data().asFloat())
          .isEqualTo(all.get("conv.bias").data().asFloat());
    }
  }

  @Test
  void convolutionIsTransposedOnTheWayIn() {
    new SafetensorsWriter().add("conv.weight", ramp(54), DType.F32, 3, 2, 3, 3).write(file);
    try (Parameters parameters = read(List.of(CONV))) {
      INDArray weight = parameters.get("conv.weight");
      assertThat(weight.shape()).containsExactly(3, 3, 2, 3); // [kH, kW, in, out]
      // Output 2, input 1, row 1, column 0 of the file.
      assertThat(weight.getDouble(1, 0, 1, 2)).isEqualTo(2 * 18 + 1 * 9 + 1 * 3 + 0);
    }
  }

  @Test
  void whatIsWrittenIsWhatWasRead() {
    new SafetensorsWriter()
        .add("to_q.weight", ramp(1024), DType.F32, 64, 16)
        .add("conv.weight", ramp(54), DType.F32, 3, 2, 3, 3)
        .add("conv.bias", ramp(3), DType.F32, 3)
        .write(file);
    Path copy = file.resolveSibling("copy.safetensors");
    try (Parameters parameters = read(ALL)) {
      SafetensorsWriter writer = new SafetensorsWriter();
      parameters.addTo(writer, DType.F32);
      writer.write(copy);
    }
    assertThat(copy).hasSameBinaryContentAs(file);
  }

  @Test
  void linearWeightMayBeStoredAsAConvolution() {
    new SafetensorsWriter().add("to_q.weight", ramp(1024), DType.F32, 64, 16, 1, 1).write(file);
    try (Parameters parameters = read(List.of(LINEAR))) {
      assertThat(parameters.get("to_q.weight").shape()).containsExactly(64, 16);
      assertThat(parameters.get("to_q.weight").data().asFloat()).isEqualTo(ramp(1024));
    }
  }

  /** So the peak of the memory is that of the parameters and one tensor. */
  @Test
  void ofWhatIsReadNothingStaysButTheParameters() {
    new SafetensorsWriter()
        .add("to_q.weight", ramp(1024), DType.F16, 64, 16, 1, 1)
        .add("conv.weight", ramp(54), DType.F32, 3, 2, 3, 3)
        .add("conv.bias", ramp(3), DType.F32, 3)
        .write(file);
    List<INDArray> read = new ArrayList<>();
    try (SafetensorsFile open = SafetensorsFile.open(file);
        Parameters parameters =
            Parameters.read(
                new TensorFile() {
                  @Override
                  public Path path() {
                    return open.path();
                  }

                  @Override
                  public Set<String> names() {
                    return open.names();
                  }

                  @Override
                  public ImmutableLongArray shape(String name) {
                    return open.shape(name);
                  }

                  @Override
                  public DType dtype(String name) {
                    return open.dtype(name);
                  }

                  @Override
                  public INDArray array(String name, DataType type) {
                    read.add(open.array(name, type));
                    return read.get(read.size() - 1);
                  }

                  @Override
                  public void close() {}
                },
                ALL,
                name -> name,
                DataType.FLOAT)) {
      assertThat(read).hasSize(3);
      for (INDArray array : read) {
        boolean kept = parameters.arrays().values().stream().anyMatch(own -> own == array);
        assertThat(array.wasClosed()).isEqualTo(!kept);
      }
    }
  }

  @Test
  void halfPrecisionIsReadAsFloat() {
    new SafetensorsWriter().add("conv.bias", ramp(3), DType.F16, 3).write(file);
    try (Parameters parameters = read(List.of(BIAS))) {
      assertThat(parameters.get("conv.bias").dataType()).isEqualTo(DataType.FLOAT);
      assertThat(parameters.get("conv.bias").data().asFloat()).containsExactly(0, 1, 2);
    }
  }

  @Test
  void missingSurplusAndMisshapenWeightsAreNamedTogether() {
    new SafetensorsWriter()
        .add("conv.weight", ramp(36), DType.F32, 2, 2, 3, 3)
        .add("conv.bias", ramp(3), DType.F32, 3)
        .add("conv2.bias", ramp(3), DType.F32, 3)
        .write(file);
    assertThatExceptionOfType(WeightsMismatchException.class)
        .isThrownBy(() -> read(ALL))
        .withMessageContaining("1 missing: to_q.weight.")
        .withMessageContaining("1 not in the network: conv2.bias.")
        .withMessageContaining("conv.weight (expected [3, 2, 3, 3], found [2, 2, 3, 3])")
        .satisfies(e -> assertThat(e.missing()).containsExactly("to_q.weight"))
        .satisfies(e -> assertThat(e.surplus()).containsExactly("conv2.bias"))
        .satisfies(e -> assertThat(e.misshapen()).hasSize(1));
  }

  @Test
  void longListsAreCutInTheMessageButNotInTheException() {
    List<ParameterSpec> specs = new ArrayList<>(List.of(BIAS));
    IntStream.range(0, 25).forEach(i -> specs.add(spec("layer" + i, Kind.BIAS, 1, 2)));
    new SafetensorsWriter().add("conv.bias", ramp(3), DType.F32, 3).write(file);
    assertThatExceptionOfType(WeightsMismatchException.class)
        .isThrownBy(() -> read(specs))
        .withMessageContaining("25 missing: layer0, layer1")
        .withMessageContaining("layer9 and 15 more.")
        .satisfies(e -> assertThat(e.missing()).hasSize(25));
  }

  @Test
  void weightThatIsNotFiniteIsNamed() {
    new SafetensorsWriter()
        .add("conv.bias", new float[] {1, Float.NaN, 3}, DType.F32, 3)
        .write(file);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(List.of(BIAS)))
        .withMessageContaining("weight \"conv.bias\" holds NaN");
  }

  @Test
  void infiniteWeightIsNamed() {
    new SafetensorsWriter()
        .add("conv.bias", new float[] {1, 2, Float.NEGATIVE_INFINITY}, DType.F32, 3)
        .write(file);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(List.of(BIAS)))
        .withMessageContaining("weight \"conv.bias\" holds -Infinity");
  }

  @Test
  void unknownParameterIsNamed() {
    try (Parameters parameters = Parameters.random(ALL, Seed.of(1), DataType.FLOAT)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> parameters.get("conv.weigth"))
          .withMessage("no parameter \"conv.weigth\" among these 3");
      assertThat(parameters.count()).isEqualTo(1024 + 54 + 3);
    }
  }
}
