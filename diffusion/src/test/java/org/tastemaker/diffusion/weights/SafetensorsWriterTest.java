package org.tastemaker.diffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class SafetensorsWriterTest {
  private final Path folder;

  SafetensorsWriterTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path path() {
    return folder.resolve("w.safetensors");
  }

  @Test
  void theBytesAreThoseOfTheFormat() throws IOException {
    new SafetensorsWriter()
        .metadata("z", "123")
        .metadata("a", "é\n")
        .add("h", new float[] {1, -2}, DType.F16, 2, 1)
        .add("s", new float[] {1}, DType.F32)
        .write(path());
    String header =
        "{\"__metadata__\":{\"a\":\"é\\n\",\"z\":\"123\"},"
            + "\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
            + "\"h\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[4,8]}}";
    // 146 bytes with the two of the accented letter, so 6 spaces make a multiple of 8.
    byte[] expected =
        SafetensorsBytes.file(
            header + " ".repeat(6), new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0x3C, 0, (byte) 0xC0});
    assertThat(Files.readAllBytes(path())).isEqualTo(expected);
  }

  @Test
  void aFileWithoutTensorsIsValid() {
    new SafetensorsWriter().write(path());
    try (SafetensorsFile file = SafetensorsFile.open(path())) {
      assertThat(file.names()).isEmpty();
    }
  }

  @Test
  void tensorsOfOneTypeKeepTheirOrder() {
    new SafetensorsWriter()
        .add("z", new float[1], DType.F16)
        .add("y", new float[1], DType.BF16)
        .add("a", new float[1], DType.F16)
        .write(path());
    try (SafetensorsFile file = SafetensorsFile.open(path())) {
      assertThat(file.names()).containsExactly("z", "y", "a");
    }
  }

  @Test
  void widerElementsComeFirstSoThatAllAreAligned() {
    new SafetensorsWriter()
        .add("half", new float[3], DType.F16, 3)
        .add("double", new float[1], DType.F64, 1)
        .add("single", new float[1], DType.F32, 1)
        .write(path());
    try (SafetensorsFile file = SafetensorsFile.open(path())) {
      assertThat(file.names()).containsExactly("double", "single", "half");
      for (String name : file.names()) {
        TensorInfo info = file.info(name);
        assertThat(info.begin() % info.dtype().bytes()).isZero();
      }
    }
  }

  @Test
  void viewsAndOtherOrdersAreWrittenRowMajor() {
    try (INDArray base = Nd4j.arange(24).castTo(DataType.FLOAT).reshape(4, 6)) {
      INDArray view = base.get(NDArrayIndex.interval(1, 3), NDArrayIndex.interval(2, 5));
      new SafetensorsWriter()
          .add("view", view, DType.F32)
          .add("transposed", base.transpose(), DType.F32)
          .add("fortran", base.dup('f'), DType.F32)
          .add("row", base.getRow(2), DType.F32)
          .write(path());
    }
    try (SafetensorsFile file = SafetensorsFile.open(path())) {
      assertThat(file.floats("view")).containsExactly(8, 9, 10, 14, 15, 16);
      assertThat(file.floats("transposed")).startsWith(0, 6, 12, 18, 1, 7);
      assertThat(file.floats("fortran")).startsWith(0, 1, 2, 3, 4, 5, 6);
      assertThat(file.floats("row")).containsExactly(12, 13, 14, 15, 16, 17);
    }
  }

  @Test
  void arraysOfEveryTypeAreConverted() {
    try (INDArray doubles = Nd4j.createFromArray(0.5, -3.0);
        INDArray halves = Nd4j.createFromArray(0.5f, -3f).castTo(DataType.FLOAT16);
        INDArray bfloats = Nd4j.createFromArray(0.5f, -3f).castTo(DataType.BFLOAT16);
        INDArray longs = Nd4j.createFromArray(5L, -3L);
        INDArray ints = Nd4j.createFromArray(5, -3);
        INDArray bytes = Nd4j.createFromArray((byte) 5, (byte) -3);
        INDArray scalar = Nd4j.scalar(2f);
        INDArray none = Nd4j.create(DataType.FLOAT, 0, 3)) {
      new SafetensorsWriter()
          .add("doubles", doubles, DType.F64)
          .add("doubles16", doubles, DType.F16)
          .add("doubles32", doubles, DType.F32)
          .add("halves", halves, DType.F16)
          .add("bfloats", bfloats, DType.BF16)
          .add("longs", longs, DType.I64)
          .add("longs32", longs, DType.I32)
          .add("ints64", ints, DType.I64)
          .add("bytes", bytes, DType.I32)
          .add("scalar", scalar, DType.BF16)
          .add("none", none, DType.F32)
          .write(path());
    }
    try (SafetensorsFile file = SafetensorsFile.open(path())) {
      for (String name : new String[] {"doubles", "doubles16", "doubles32", "halves", "bfloats"}) {
        assertThat(file.floats(name)).as(name).containsExactly(0.5f, -3f);
      }
      for (String name : new String[] {"longs", "longs32", "ints64", "bytes"}) {
        try (INDArray array = file.array(name)) {
          assertThat(array.toLongVector()).as(name).containsExactly(5, -3);
        }
      }
      assertThat(file.info("scalar").shape().isEmpty()).isTrue();
      assertThat(file.floats("scalar")).containsExactly(2);
      assertThat(file.info("none").shape().toArray()).containsExactly(0, 3);
    }
  }

  @Test
  void theSameContentGivesTheSameBytes() throws IOException {
    for (String name : new String[] {"a", "b"}) {
      SafetensorsWriter writer = new SafetensorsWriter();
      Map.of("k1", "v1", "k2", "v2", "k3", "v3").forEach(writer::metadata);
      writer.add("w", new float[] {1, 2, 3}, DType.BF16, 3).write(folder.resolve(name));
    }
    assertThat(folder.resolve("a")).hasSameBinaryContentAs(folder.resolve("b"));
  }

  @Test
  void aFiniteValueThatDoesNotFitIsAnErrorAndLeavesTheOldFile() throws IOException {
    Files.writeString(path(), "old");
    SafetensorsWriter writer =
        new SafetensorsWriter().add("w", new float[] {0, 65519, 65520}, DType.F16, 3);
    assertThatThrownBy(() -> writer.write(path()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage(
            "tensor 'w': expected values that fit F16, but element 2 (row-major) is 65520.0;"
                + " write it in a wider type");
    assertThat(path()).hasContent("old");
    assertThat(folder).isDirectoryNotContaining(p -> p.toString().endsWith(".tmp"));
  }

  @Test
  void narrowingThatLosesTheValueIsAnErrorForEveryType() {
    try (INDArray large = Nd4j.createFromArray(1e300);
        INDArray wide = Nd4j.createFromArray(1L << 31)) {
      assertThatThrownBy(() -> new SafetensorsWriter().add("w", large, DType.F32).write(path()))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("fit F32, but element 0 (row-major) is 1.0E300");
      assertThatThrownBy(() -> new SafetensorsWriter().add("w", wide, DType.I32).write(path()))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("fit I32, but element 0 (row-major) is 2147483648");
    }
    float[] max = {Float.MAX_VALUE};
    assertThatThrownBy(() -> new SafetensorsWriter().add("w", max, DType.BF16).write(path()))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("fit BF16");
  }

  @Test
  void infinitiesAndNansAreWrittenAsTheyAre() {
    float[] values = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};
    new SafetensorsWriter()
        .add("f16", values, DType.F16, 3)
        .add("bf16", values, DType.BF16, 3)
        .add("f32", values, DType.F32, 3)
        .write(path());
    try (SafetensorsFile file = SafetensorsFile.open(path())) {
      for (String name : file.names()) {
        assertThat(file.floats(name)).isEqualTo(values);
      }
    }
  }

  @Test
  void conversionsThatDoNotExistAreRefusedBeforeWriting() {
    try (INDArray ints = Nd4j.createFromArray(1, 2)) {
      assertThatThrownBy(() -> new SafetensorsWriter().add("w", ints, DType.F32))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageEndingWith("but was asked to write INT as F32");
    }
    assertThatThrownBy(() -> new SafetensorsWriter().add("w", new float[1], DType.I64, 1))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageEndingWith("but was asked to write FLOAT as I64");
  }

  @Test
  void namesThatCannotBeAreRefused() {
    SafetensorsWriter writer = new SafetensorsWriter().add("w", new float[1], DType.F32, 1);
    assertThatThrownBy(() -> writer.add("w", new float[1], DType.F32, 1))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage("tensor 'w': was added before; names must be unique");
    assertThatThrownBy(() -> writer.add("__metadata__", new float[1], DType.F32, 1))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("the name is reserved");
    assertThatThrownBy(() -> writer.add("\ud800", new float[1], DType.F32, 1))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("unpaired surrogate");
  }

  @Test
  void aShapeThatDoesNotFitTheElementsIsRefused() {
    long[][] shapes = {{2, 2}, {-1, -3}, {1L << 32, 1L << 32}, {}};
    for (long[] shape : shapes) {
      assertThatThrownBy(() -> new SafetensorsWriter().add("w", new float[3], DType.F32, shape))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("'w': expected as many elements as its shape")
          .hasMessageEndingWith("but was given 3");
    }
  }

  @Test
  void anEmptyArrayWithoutAShapeIsRefused() {
    try (INDArray empty = Nd4j.empty(DataType.FLOAT)) {
      assertThatThrownBy(() -> new SafetensorsWriter().add("w", empty, DType.F32))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("tensor 'w': expected an array with a shape");
    }
  }

  @Test
  void anArrayThatWasClosedTooEarlyIsAnError() {
    INDArray array = Nd4j.createFromArray(1f, 2f);
    SafetensorsWriter writer = new SafetensorsWriter().add("w", array, DType.F32);
    array.close();
    assertThatThrownBy(() -> writer.write(path()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("tensor 'w': its array was closed before write");
  }

  @Test
  void aMissingFolderIsAnOutputError() {
    assertThatThrownBy(() -> new SafetensorsWriter().write(folder.resolve("no/file")))
        .isInstanceOf(UncheckedIOException.class);
  }
}
