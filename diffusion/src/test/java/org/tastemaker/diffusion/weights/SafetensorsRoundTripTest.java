package org.tastemaker.diffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SafetensorsRoundTripTest {
  /** Texts that UTF-8 can express. */
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings()
        .ofMaxLength(12)
        .filter(s -> !SafetensorsHeader.hasUnpairedSurrogate(s) && !s.equals("__metadata__"));
  }

  @Provide
  Arbitrary<Map<String, String>> metadata() {
    return Arbitraries.maps(texts(), texts()).ofMaxSize(4);
  }

  /** Every bit pattern, so NaNs, infinities and subnormals too. */
  @Provide
  Arbitrary<float[]> floats() {
    return Arbitraries.integers().map(Float::intBitsToFloat).array(float[].class).ofMaxSize(40);
  }

  @Provide
  Arbitrary<Map<String, float[]>> tensors() {
    return Arbitraries.maps(texts(), floats()).ofMaxSize(5);
  }

  @Property(tries = 200)
  void singlePrecisionComesBackBitForBit(
      @ForAll("tensors") Map<String, float[]> tensors,
      @ForAll("metadata") Map<String, String> metadata)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    metadata.forEach(writer::metadata);
    tensors.forEach((name, data) -> writer.add(name, data, DType.F32, data.length));
    Path path = Files.createTempFile("round-trip", ".safetensors");
    try {
      writer.write(path);
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertThat(file.metadata()).isEqualTo(metadata);
        assertThat(file.names()).containsExactlyElementsOf(tensors.keySet());
        tensors.forEach((name, data) -> assertThat(bits(file.floats(name))).isEqualTo(bits(data)));
      }
    } finally {
      Files.delete(path);
    }
  }

  @Property(tries = 200)
  void integersComeBack(
      @ForAll @Size(min = 1, max = 50) long[] longs, @ForAll @Size(min = 1, max = 50) int[] ints)
      throws IOException {
    Path path = Files.createTempFile("round-trip", ".safetensors");
    try (INDArray wide = Nd4j.createFromArray(longs);
        INDArray narrow = Nd4j.createFromArray(ints)) {
      new SafetensorsWriter()
          .add("longs", wide, DType.I64)
          .add("ints", narrow, DType.I32)
          .write(path);
      try (SafetensorsFile file = SafetensorsFile.open(path);
          INDArray wideBack = file.array("longs");
          INDArray narrowBack = file.array("ints")) {
        assertThat(wideBack).isEqualTo(wide);
        assertThat(narrowBack).isEqualTo(narrow);
      }
    } finally {
      Files.delete(path);
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
