package org.tastemaker.diffusion.weights;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.PickleWriter.Entries;
import org.tastemaker.diffusion.weights.PickleWriter.Instance;
import org.tastemaker.diffusion.weights.PickleWriter.Name;
import org.tastemaker.diffusion.weights.PickleWriter.Tuple;

class TorchFileTest {
  private static final float[] SIX = {1, 2, 3, 4, 5, 6};

  @TempDir Path folder;

  private final TorchBytes torch = new TorchBytes();

  private TorchFile open(byte[] bytes) {
    return TorchFile.open(SafetensorsBytes.write(folder.resolve("model.ckpt"), bytes));
  }

  private static float[] floats(TensorFile file, String name) {
    try (INDArray array = file.array(name, DataType.FLOAT)) {
      assertThat(array.shape()).isEqualTo(file.shape(name).toArray());
      return array.ravel().toFloatVector();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theTensorsOfADictAreReadFromBothFormats(boolean legacy) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("b", torch.tensor(SIX, 2, 3));
    root.put("a", torch.tensor(new float[] {7, 8}, 2));
    root.put("one", torch.tensor(new float[] {9}));
    root.put("none", torch.tensor(new float[0], 0, 3));
    try (TorchFile file = open(legacy ? torch.legacy(root) : torch.zip(root))) {
      assertThat(file.names()).containsExactly("b", "a", "one", "none");
      assertThat(file.shape("b").toArray()).containsExactly(2, 3);
      assertThat(file.dtype("b")).isEqualTo(DType.F32);
      assertThat(floats(file, "b")).containsExactly(SIX);
      assertThat(floats(file, "a")).containsExactly(7, 8);
      assertThat(floats(file, "one")).containsExactly(9);
      assertThat(file.shape("none").toArray()).containsExactly(0, 3);
      assertThatThrownBy(() -> file.shape("c"))
          .isInstanceOf(TorchFileException.class)
          .hasMessageContaining("no tensor 'c'; the file has 4, the first is 'b'");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F64", "F32", "F16", "BF16"})
  void everyBitOfAFloatIsKept(DType dtype) {
    ByteBuffer bits = ByteBuffer.allocate(4 * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    double[] expected = {1.5, -0.0, 0x1p-14, 3};
    for (double value : expected) {
      switch (dtype) {
        case F64 -> bits.putDouble(value);
        case F32 -> bits.putFloat((float) value);
        case F16 -> bits.putShort(HalfPrecision.floatToF16((float) value));
        default -> bits.putShort(HalfPrecision.floatToBf16((float) value));
      }
    }
    try (TorchFile file = open(torch.zip(Map.of("x", torch.tensor(dtype, bits.array(), 4))));
        INDArray doubles = file.array("x", DataType.DOUBLE)) {
      assertThat(doubles.toDoubleVector()).containsExactly(expected);
      assertThat(floats(file, "x")).containsExactly(1.5f, -0.0f, 0x1p-14f, 3);
    }
  }

  @Test
  void wholeNumbersAreReadAsTheyAreAndNotAsFloats() {
    byte[] longs =
        ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(5).putLong(-6).array();
    Object ids = torch.tensor(DType.I64, longs, 1, 2);
    try (TorchFile file = open(torch.zip(Map.of("position_ids", ids)));
        INDArray array = file.array("position_ids", DataType.INT64)) {
      assertThat(array.toLongVector()).containsExactly(5, -6);
      assertThatThrownBy(() -> file.array("position_ids", DataType.FLOAT))
          .hasMessageContaining("'position_ids' is of I64 and cannot be read as FLOAT");
    }
  }

  @Test
  void viewsAreGatheredFromTheirStorage() {
    byte[] elements = new byte[24 * 4];
    ByteBuffer numbers = ByteBuffer.wrap(elements).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 24; i++) {
      numbers.putFloat(i);
    }
    String key = torch.storage(DType.F32, elements);
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("transposed", torch.view(DType.F32, key, 0, List.of(3L, 2L), List.of(1L, 3L)));
    root.put("part", torch.view(DType.F32, key, 7, List.of(2L, 2L), List.of(6L, 1L)));
    root.put("tail", torch.view(DType.F32, key, 20, List.of(4L), List.of(1L)));
    // As torch keeps a convolution's weight in the memory format channels_last: [O, C, H, W].
    root.put(
        "channels_last",
        torch.view(DType.F32, key, 0, List.of(2L, 3L, 2L, 2L), List.of(12L, 1L, 6L, 3L)));
    root.put("same", torch.view(DType.F32, key, 2, List.of(3L), List.of(0L)));
    root.put("empty", torch.view(DType.F32, key, 3, List.of(2L, 0L), List.of(5L, 7L)));
    root.put("any", torch.view(DType.F32, key, 3, List.of(1L, 3L), List.of(99L, 1L)));
    try (TorchFile file = open(torch.zip(root))) {
      assertThat(floats(file, "transposed")).containsExactly(0, 3, 1, 4, 2, 5);
      assertThat(floats(file, "part")).containsExactly(7, 8, 13, 14);
      assertThat(floats(file, "tail")).containsExactly(20, 21, 22, 23);
      assertThat(floats(file, "channels_last"))
          .containsExactly(
              0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, 12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23);
      assertThat(floats(file, "same")).containsExactly(2, 2, 2);
      assertThat(file.shape("empty").toArray()).containsExactly(2, 0);
      assertThat(file.array("empty", DataType.FLOAT).length()).isZero();
      assertThat(floats(file, "any")).containsExactly(3, 4, 5);
    }
  }

  @Test
  void ofATrainingRunTheStateDictIsReadAndTheRestIsLeftAlone() {
    Instance weight = torch.tensor(SIX, 6);
    Instance parameter =
        new Instance(
            "torch._utils",
            "_rebuild_parameter",
            List.of(
                weight,
                true,
                new Instance("collections", "OrderedDict", List.of(), PickleWriter.NONE)),
            PickleWriter.NONE);
    Object metadata =
        new Instance("collections", "OrderedDict", List.of(), Map.of("", Map.of("version", 1L)));
    Object scalar =
        new Instance(
            "numpy.core.multiarray",
            "scalar",
            List.of(
                new Instance(
                    "numpy", "dtype", List.of("f8", 0L, 1L), Tuple.of(3L, "<", PickleWriter.NONE)),
                new Instance(
                    "_codecs", "encode", List.of("\u00e9abcdefg", "latin1"), PickleWriter.NONE)),
            PickleWriter.NONE);
    Object callbacks =
        new Entries(
            List.of(
                new Name("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"),
                Map.of("best_model_score", scalar, "best_model_path", "a.ckpt")));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("epoch", 4L);
    root.put("callbacks", callbacks);
    root.put("optimizer_states", List.of(Map.of("state", torch.tensor(SIX, 6))));
    root.put("_metadata", metadata);
    root.put("state_dict", Map.of("weight", parameter));
    root.put("note", "trained");
    try (TorchFile file = open(torch.zip(root))) {
      assertThat(file.names()).containsExactly("weight");
      assertThat(floats(file, "weight")).containsExactly(SIX);
      assertThat(file.metadata()).containsEntry("epoch", "4").containsEntry("note", "trained");
    }
  }

  @Test
  void tensorsInDictsAndListsHaveTheNamesOfTheirPlace() {
    Object parameters =
        new Instance(
            "torch.nn.modules.container",
            "ParameterDict",
            List.of(),
            Map.of("training", true, "_parameters", Map.of("*", torch.tensor(SIX, 2, 3))));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("string_to_param", parameters);
    root.put("list", List.of("text", torch.tensor(new float[] {1}, 1)));
    root.put("deep", Map.of("er", Map.of("x", torch.tensor(new float[] {2}, 1))));
    try (TorchFile file = open(torch.zip(root))) {
      assertThat(file.names()).containsExactly("string_to_param.*", "list.1", "deep.er.x");
      assertThat(floats(file, "string_to_param.*")).containsExactly(SIX);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "posix, system",
    "os, system",
    "builtins, eval",
    "builtins, getattr",
    "subprocess, Popen",
    "torch._dynamo, anything",
    "omegaconf.dictconfig, DictConfig",
    "collections.OrderedDict.__reduce__, x"
  })
  void anyOtherNameIsRefusedByThatName(String module, String name) {
    Object call = new Instance(module, name, List.of("echo run > /tmp/x"), PickleWriter.NONE);
    byte[] file = torch.zip(Map.of("x", torch.tensor(SIX, 6), "y", call));
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(TorchFileException.class)
        .hasMessageContaining(folder.resolve("model.ckpt").toString())
        .hasMessageContaining("the name " + module + "." + name + ", which may be a program")
        .hasMessageContaining("safetensors.torch.save_file");
  }

  @Test
  void aTensorThatLeavesItsStorageOrIsLargerIsRefused() {
    String key = torch.storage(DType.F32, new byte[4]);
    for (Object tensor :
        List.of(
            torch.view(DType.F32, key, 0, List.of(2L), List.of(1L)),
            torch.view(DType.F32, key, 1, List.of(1L), List.of(1L)),
            torch.view(DType.F32, key, -1, List.of(1L), List.of(1L)),
            torch.view(DType.F32, key, 0, List.of(1_000_000_000L), List.of(0L)),
            torch.view(DType.F32, key, 0, List.of(1L << 40, 1L << 40), List.of(0L, 0L)),
            torch.view(DType.F32, key, 0, List.of(1L), List.of()),
            torch.view(DType.F32, key, 0, List.of(-1L), List.of(1L)))) {
      assertThatThrownBy(() -> open(torch.zip(Map.of("x", tensor))))
          .isInstanceOf(TorchFileException.class)
          .hasMessageContaining("the file holds a tensor that");
    }
  }

  @Test
  void aStorageThatIsNotThereInFullIsRefused() {
    Object missing = torch.view(DType.F32, "17", 0, List.of(0L), List.of(1L));
    assertThatThrownBy(() -> open(torch.zip(Map.of("x", missing))))
        .hasMessageContaining("the storage '17' must have 0 bytes, but is not there");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFileThatIsCutShortIsNamedAsThat(boolean legacy) {
    Map<String, Object> root = Map.of("x", torch.tensor(new float[1000], 1000));
    byte[] whole = legacy ? torch.legacy(root) : torch.zip(root);
    for (int length = 20; length < whole.length; length += 97) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> open(cut))
          .isInstanceOf(TorchFileException.class)
          .hasMessageContaining("cut short");
    }
  }

  @Test
  void otherFilesAreNamedForWhatTheyAre() throws IOException {
    Path path = folder.resolve("model.bin");
    Files.writeString(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n");
    assertThatThrownBy(() -> TorchFile.open(path)).hasMessageContaining("a pointer of Git LFS");
    Files.write(path, new byte[0]);
    assertThatThrownBy(() -> TorchFile.open(path)).hasMessageContaining("it is empty");
    byte[] tar = new byte[1024];
    tar[0] = 'a';
    System.arraycopy("ustar".getBytes(StandardCharsets.UTF_8), 0, tar, 257, 5);
    Files.write(path, tar);
    assertThatThrownBy(() -> TorchFile.open(path)).hasMessageContaining("it is a tar file");
    Files.write(path, PickleWriter.write("text"));
    assertThatThrownBy(() -> TorchFile.open(path))
        .hasMessageContaining("it is a pickle, but not one of PyTorch's files");
    Files.write(path, torch.zip(torch.tensor(SIX, 6)));
    assertThatThrownBy(() -> TorchFile.open(path)).hasMessageContaining("a single tensor");
    Files.write(
        path, TorchBytes.zipOf(Map.of("data.pkl", new byte[1], "constants.pkl", new byte[1])));
    assertThatThrownBy(() -> TorchFile.open(path)).hasMessageContaining("a program of TorchScript");
    Files.write(path, TorchBytes.zipOf(Map.of("word/document.xml", new byte[1])));
    assertThatThrownBy(() -> TorchFile.open(path))
        .hasMessageContaining("its entries are [archive/word/document.xml]");
  }

  @Test
  void theFirstBytesSayWhichFileItIsWhateverItsName() throws IOException {
    Path path = folder.resolve("model.safetensors");
    Files.write(path, torch.zip(Map.of("x", torch.tensor(SIX, 6))));
    try (TensorFile file = TensorFiles.open(path)) {
      assertThat(file.names()).containsExactly("x");
    }
    new SafetensorsWriter().add("y", SIX, DType.F32, 6).write(path);
    try (TensorFile file = TensorFiles.open(path)) {
      assertThat(file.names()).containsExactly("y");
    }
    assertThatThrownBy(() -> TensorFiles.open(folder.resolve("gone.bin")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there is no file or folder " + folder.resolve("gone.bin"));
  }

  /** Files that torch 1.13 wrote, with scripts/torch_files.py. */
  @ParameterizedTest
  @ValueSource(strings = {"torch_zip.ckpt", "torch_legacy.ckpt"})
  void filesThatTorchWroteAreReadBitForBit(String name) throws URISyntaxException {
    Path files = Path.of(requireNonNull(TorchFileTest.class.getResource("/torch")).toURI());
    try (TorchFile file = TorchFile.open(files.resolve(name));
        SafetensorsFile same = SafetensorsFile.open(files.resolve("torch.safetensors"))) {
      assertThat(file.names()).containsExactlyInAnyOrderElementsOf(same.names());
      for (String tensor : same.names()) {
        assertThat(file.dtype(tensor)).isEqualTo(same.dtype(tensor));
        assertThat(file.shape(tensor)).isEqualTo(same.shape(tensor));
        try (INDArray one = file.array(tensor, same.info(tensor).dtype().arrayType());
            INDArray other = same.array(tensor)) {
          assertThat(one).as(tensor).isEqualTo(other);
        }
      }
    }
  }
}
