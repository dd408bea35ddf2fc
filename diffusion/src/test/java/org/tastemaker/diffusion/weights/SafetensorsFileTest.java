package org.tastemaker.diffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.testing.Goldens;

class SafetensorsFileTest {
  private final Path folder;

  SafetensorsFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static Path goldens() {
    try {
      return Path.of(
          Objects.requireNonNull(SafetensorsFileTest.class.getResource("/goldens")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static List<Path> goldenFiles() throws IOException {
    try (Stream<Path> files = Files.walk(goldens())) {
      return files.filter(p -> p.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  private Path write(String header, int... data) {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      bytes[i] = (byte) data[i];
    }
    return SafetensorsBytes.write(
        folder.resolve("w.safetensors"), SafetensorsBytes.file(header, bytes));
  }

  private Path one(String dtype, String shape, int... data) {
    return write(
        "{\"w\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[0,%d]}}"
            .formatted(dtype, shape, data.length),
        data);
  }

  @ParameterizedTest
  @MethodSource("goldenFiles")
  void everyTensorOfAPublicToolsFileIsRead(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.names()).isNotEmpty();
      for (String name : file.names()) {
        TensorInfo info = file.info(name);
        try (INDArray array = file.array(name)) {
          assertThat(array.shape()).isEqualTo(info.shape().toArray());
          assertThat(array.ordering()).isEqualTo('c');
          assertThat(array.dataType()).isEqualTo(info.dtype().arrayType());
          if (info.dtype() == DType.F32) {
            assertThat(array.data().asFloat()).isEqualTo(file.floats(name));
          }
        }
      }
    }
  }

  @Test
  void valuesAreThoseThatAnotherReaderSees() throws IOException {
    // Read with Python's struct module.
    try (SafetensorsFile file =
        SafetensorsFile.open(goldens().resolve("unet_tiny/diffusion_pytorch_model.safetensors"))) {
      assertThat(file.info("conv_in.weight").shape().toArray()).containsExactly(4, 4, 3, 3);
      assertThat(file.floats("conv_in.weight"))
          .startsWith(0.055365287f, -0.088567674f)
          .endsWith(0.025090143f);
      assertThat(file.sha256())
          .isEqualTo("e4541cba57a34b8abe1dd85ce5bdb7956bba1d23ddc816d7dab9919a0d422972");
      assertThat(file.names()).hasSize(208).startsWith("conv_in.weight", "conv_in.bias");
    }
    Path withMetadata = folder.resolve("ddpo.safetensors");
    try (InputStream in = Goldens.class.getResourceAsStream("/goldens/ddpo.safetensors")) {
      Files.copy(Objects.requireNonNull(in), withMetadata);
    }
    try (SafetensorsFile file = SafetensorsFile.open(withMetadata)) {
      assertThat(file.metadata()).hasSize(7).containsEntry("clip_range", "1e-4");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F64  | DOUBLE | 0,0,0,0,0,0,0x04,0xC0 | -2.5",
        "F32  | FLOAT  | 0,0,0x20,0xC0         | -2.5",
        "F16  | FLOAT  | 0x00,0xC1             | -2.5",
        "BF16 | FLOAT  | 0x20,0xC0             | -2.5",
        "I64  | LONG   | 0xFE,255,255,255,255,255,255,255 | -2",
        "I32  | INT    | 0xFE,255,255,255      | -2",
        "I16  | SHORT  | 0xFE,255              | -2",
        "I8   | BYTE   | 0xFE                  | -2",
        "U64  | UINT64 | 2,1,0,0,0,0,0,0       | 258",
        "U32  | UINT32 | 2,1,0,0               | 258",
        "U16  | UINT16 | 2,1                   | 258",
        "U8   | UBYTE  | 0xFE                  | 254",
        "BOOL | BOOL   | 1                     | 1",
      })
  void everyTypeIsReadIntoTheArrayTypeThatHoldsIt(
      String dtype, DataType type, String data, double expected) {
    int[] bytes = Stream.of(data.split(",")).mapToInt(Integer::decode).toArray();
    for (String shape : List.of("[]", "[1]", "[1,1,1]")) {
      try (SafetensorsFile file = SafetensorsFile.open(one(dtype, shape, bytes));
          INDArray array = file.array("w")) {
        assertThat(array.dataType()).isEqualTo(type);
        assertThat(array.shape()).isEqualTo(file.info("w").shape().toArray());
        assertThat(array.getDouble(0)).isEqualTo(expected);
        if (file.info("w").dtype().isFloat()) {
          assertThat(file.floats("w")).containsExactly((float) expected);
        }
      }
    }
  }

  @Test
  void aDoubleTensorIsReadAsFloatOnlyWhenAskedTo() {
    int[] third = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xD5, 0x3F};
    try (SafetensorsFile file = SafetensorsFile.open(one("F64", "[1]", third));
        INDArray exact = file.array("w");
        INDArray rounded = file.array("w", DataType.FLOAT)) {
      assertThat(exact.getDouble(0)).isEqualTo(1.0 / 3);
      assertThat(rounded.dataType()).isEqualTo(DataType.FLOAT);
      assertThat(rounded.getFloat(0)).isEqualTo(1f / 3);
    }
  }

  @Test
  void halfPrecisionIsReadAsDoubleWhenAskedTo() {
    try (SafetensorsFile file = SafetensorsFile.open(one("F16", "[2]", 1, 0, 0, 0x3C));
        INDArray array = file.array("w", DataType.DOUBLE)) {
      assertThat(array.toDoubleVector()).containsExactly(0x1p-24, 1);
    }
  }

  @Test
  void aTensorWithoutElementsHasItsShape() {
    try (SafetensorsFile file = SafetensorsFile.open(one("F32", "[2,0,3]"));
        INDArray array = file.array("w")) {
      assertThat(array.isEmpty()).isTrue();
      assertThat(array.shape()).containsExactly(2, 0, 3);
      assertThat(file.floats("w")).isEmpty();
    }
  }

  @Test
  void elementsAreInRowMajorOrder() {
    try (SafetensorsFile file = SafetensorsFile.open(one("U8", "[2,3]", 0, 1, 2, 3, 4, 5));
        INDArray array = file.array("w")) {
      assertThat(array.getInt(1, 0)).isEqualTo(3);
      assertThat(array.getInt(0, 2)).isEqualTo(2);
    }
  }

  @Test
  void aBufferIsFilledFromItsPosition() {
    FloatBuffer out = FloatBuffer.allocate(4).position(1);
    try (SafetensorsFile file = SafetensorsFile.open(one("BF16", "[2]", 0x80, 0x3F, 0x00, 0x40))) {
      file.readFloats("w", out);
      assertThat(out.position()).isEqualTo(3);
      assertThat(out.array()).containsExactly(0, 1, 2, 0);
      assertThatThrownBy(() -> file.readFloats("w", out))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining(
              "'w': expected a buffer with room for 2 elements, but it has room for 1");
    }
  }

  @Test
  void aTensorBehindTwoGigabytesIsRead() throws IOException {
    long large = 2_200_000_000L; // sparse: the disk keeps one block
    String header =
        """
        {"large":{"dtype":"U8","shape":[%1$d],"data_offsets":[0,%1$d]},\
        "last":{"dtype":"F32","shape":[1],"data_offsets":[%1$d,%2$d]}}"""
            .formatted(large, large + 4);
    Path path = write(header);
    long dataStart = Files.size(path);
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
      channel.write(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3F}), dataStart + large);
    }
    try (SafetensorsFile file = SafetensorsFile.open(path);
        INDArray last = file.array("last")) {
      assertThat(file.info("large").length()).isEqualTo(large);
      assertThat(last.getFloat(0)).isEqualTo(1);
    }
  }

  @Test
  void aTensorOfMoreThanOneReadIsWhole() {
    int count = 700_000; // 1.4 MB of F16, 2.8 MB of FLOAT
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i % 2048; // exact in half precision
    }
    Path path = folder.resolve("large.safetensors");
    new SafetensorsWriter()
        .add("half", values, DType.F16, count)
        .add("single", values, DType.F32, 7, 100_000)
        .write(path);
    try (SafetensorsFile file = SafetensorsFile.open(path);
        INDArray half = file.array("half");
        INDArray single = file.array("single")) {
      assertThat(half.data().asFloat()).isEqualTo(values);
      assertThat(single.data().asFloat()).isEqualTo(values);
      assertThat(file.floats("half")).isEqualTo(values);
    }
  }

  @Test
  void anUnknownNameIsRefused() {
    try (SafetensorsFile file = SafetensorsFile.open(one("F32", "[0]"))) {
      assertThatThrownBy(() -> file.array("v"))
          .isInstanceOf(SafetensorsException.class)
          .hasMessage(file.path() + ": no tensor 'v'; the file has 1 tensors, the first is 'w'");
    }
  }

  @Test
  void aTypeThatDoesNotFitIsRefused() {
    try (SafetensorsFile file = SafetensorsFile.open(one("I32", "[1]", 1, 0, 0, 0))) {
      assertThatThrownBy(() -> file.floats("w"))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("'w': expected a floating-point type, but it has I32");
      assertThatThrownBy(() -> file.array("w", DataType.FLOAT))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("'w': expected to be read as INT, but was asked for as FLOAT");
    }
  }

  @Test
  void moreDimensionsThanAnArrayHasAreRefused() {
    String shape = "[" + "1,".repeat(32) + "1]";
    try (SafetensorsFile file = SafetensorsFile.open(one("U8", shape, 5))) {
      assertThat(file.info("w").length()).isEqualTo(1);
      assertThatThrownBy(() -> file.array("w"))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("expected at most 32 dimensions for an ND4J array, but it has 33");
    }
  }

  @Test
  void aFileThatIsCutShortAfterOpeningIsAnError() throws IOException {
    Path path = one("F32", "[2]", 0, 0, 0, 0, 0, 0, 0, 0);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(channel.size() - 4);
      }
      assertThatThrownBy(() -> file.array("w"))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("was it cut short?");
    }
  }

  @Test
  void aMissingFileIsAnInputError() {
    assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none")))
        .isInstanceOf(UncheckedIOException.class)
        .hasCauseInstanceOf(NoSuchFileException.class);
  }

  @Test
  void anEmptyFileIsRefused() {
    Path path = SafetensorsBytes.write(folder.resolve("e"), new byte[0]);
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageStartingWith(path + ": not a safetensors file");
  }
}
