package org.tastemaker.diffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;
import org.tastemaker.testing.Expense;

/** Whatever the bytes are, a file is read or refused by the library's own error. */
class TorchFileFuzzTest {
  /** The instructions of pickles; the soup of them reaches far more states than any bytes do. */
  private static final byte[] INSTRUCTIONS = {
    'N',
    'J',
    'K',
    'M',
    'G',
    'X',
    'U',
    'B',
    'C',
    ']',
    ')',
    '}',
    'l',
    't',
    'a',
    'e',
    'd',
    's',
    'u',
    'c',
    'R',
    'b',
    'Q',
    '(',
    '0',
    '1',
    '2',
    'q',
    'r',
    'h',
    'j',
    'i',
    'o',
    'I',
    'L',
    'F',
    'S',
    'V',
    'p',
    'g',
    'P',
    '.',
    (byte) 0x80,
    (byte) 0x81,
    (byte) 0x82,
    (byte) 0x85,
    (byte) 0x86,
    (byte) 0x87,
    (byte) 0x88,
    (byte) 0x89,
    (byte) 0x8A,
    (byte) 0x8B,
    (byte) 0x8C,
    (byte) 0x8D,
    (byte) 0x8E,
    (byte) 0x8F,
    (byte) 0x90,
    (byte) 0x91,
    (byte) 0x92,
    (byte) 0x93,
    (byte) 0x94,
    (byte) 0x95,
    (byte) 0x96
  };

  private static final List<String> NAMES =
      List.of(
          "collections\nOrderedDict\n",
          "torch._utils\n_rebuild_tensor_v2\n",
          "torch._utils\n_rebuild_parameter\n",
          "torch._tensor\n_rebuild_from_type_v2\n",
          "torch.nn.modules.container\nParameterDict\n",
          "torch\nFloatStorage\n",
          "builtins\nset\n");

  private static final int TIMES = Effort.times(1_000, 100_000);

  private static Path file = Path.of("");

  @BeforeContainer
  @BeforeAll
  static void makeFile() throws IOException {
    file = Files.createTempFile("fuzz", ".ckpt");
  }

  @AfterContainer
  @AfterAll
  static void removeFile() throws IOException {
    Files.deleteIfExists(file);
  }

  private static void readOrRefuse(byte[] pickle) {
    try {
      Object root = Pickle.read("f", new PickleInput("f", pickle), new TorchObjects("f"));
      assertThat(TorchTensors.of("f", root).tensors()).isNotNull();
    } catch (TorchFileException e) {
      assertThat(e).hasMessageStartingWith("f: the ");
    }
  }

  @Property(tries = 1000)
  void anyBytesAreReadOrRefused(@ForAll @Size(max = 200) byte[] bytes) {
    readOrRefuse(bytes);
  }

  @Property(tries = 2000)
  void anySoupOfInstructionsIsReadOrRefused(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 300) int length) {
    RandomGenerator random = Seed.of(seed).generator();
    PickleWriter soup = new PickleWriter();
    for (int i = 0; i < length; i++) {
      switch (random.nextInt(8)) {
        case 0 -> {
          String[] name = NAMES.get(random.nextInt(NAMES.size())).split("\n", -1);
          soup.global(name[0], name[1]);
        }
        case 1 -> soup.value("storage");
        case 2 -> soup.value(random.nextLong());
        case 3 -> soup.code('(').code(']').code('}');
        case 4 -> soup.code(random.nextInt(4));
        default -> soup.code(INSTRUCTIONS[random.nextInt(INSTRUCTIONS.length)]);
      }
    }
    readOrRefuse(soup.code('.').bytes());
  }

  private static void readAll(byte[] bytes) throws IOException {
    Files.write(file, bytes);
    try (TorchFile open = TorchFile.open(file)) {
      for (String name : open.names()) {
        if (open.dtype(name).isFloat()) {
          try (INDArray array = open.array(name, DataType.FLOAT)) {
            assertThat(array.length()).isLessThanOrEqualTo(bytes.length);
          }
        }
      }
    }
  }

  @Test
  void aFileWithSomeBytesChangedIsReadOrRefused() throws IOException {
    TorchBytes torch = new TorchBytes();
    Map<String, Object> root = new LinkedHashMap<>(); // in one order, so that a seed is one file
    root.put("x", torch.tensor(new float[] {1, 2, 3, 4}, 2, 2));
    root.put("epoch", 3L);
    List<byte[]> whole = List.of(torch.zip(root), torch.legacy(root));
    for (byte[] bytes : whole) { // what is loaded once is not this file's expense
      readAll(bytes);
    }
    Attack.Outcome outcome =
        new Attack("a file of PyTorch", whole, List.of(TorchFileException.class))
            .run(1, TIMES, TorchFileFuzzTest::readAll);
    assertThat(outcome.read() + outcome.refused()).isEqualTo(TIMES);
    assertThat(outcome.refused()).as("the damage was seen").isPositive();
    assertThat(outcome.read()).as("some damage does no harm").isPositive();
  }

  @Test
  void aListThatHoldsItselfIsRefused() {
    // l = []; l.append(l); {"x": l}
    byte[] pickle = {'}', 'X', 1, 0, 0, 0, 'x', ']', 'q', 0, 'h', 0, 'a', 's', '.'};
    assertThatThrownBy(
            () ->
                TorchTensors.of(
                    "f", Pickle.read("f", new PickleInput("f", pickle), new TorchObjects("f"))))
        .isInstanceOf(TorchFileException.class)
        .hasMessageContaining("in each other more than 10 deep");
  }

  @Test
  void aKeyThatHoldsItselfIsLeftAlone() {
    // l = []; l.append(l); t = (l,); {t: 1}
    readOrRefuse(new byte[] {'}', ']', 'q', 0, 'h', 0, 'a', (byte) 0x85, 'K', 1, 's', '.'});
  }

  /** Each list holds the one before a hundred times: 10^16 places in 2,000 bytes. */
  @Test
  void listsThatMultiplyAreRefused() {
    PickleWriter bomb = new PickleWriter().code('}').value("x").code(']').code('q').code(1);
    for (int level = 2; level < 10; level++) {
      bomb.code('0').code('(');
      for (int i = 0; i < 100; i++) {
        bomb.code('h').code(level - 1);
      }
      bomb.code('l').code('q').code(level);
    }
    byte[] pickle = bomb.code('s').code('.').bytes();
    assertTimeoutPreemptively(
        Duration.ofSeconds(30),
        () ->
            assertThatThrownBy(
                    () ->
                        TorchTensors.of(
                            "f",
                            Pickle.read("f", new PickleInput("f", pickle), new TorchObjects("f"))))
                .hasMessageContaining("in each other more than"));
  }

  @ParameterizedTest
  @CsvSource({
    "X, FF FF FF FF",
    "T, FF FF FF 7F",
    "B, 00 00 00 80",
    "8D, FF FF FF FF FF FF FF FF",
    "8E, 00 00 00 00 00 00 00 10",
    "8B, FF FF FF 7F",
    "95, FF FF FF FF FF FF FF 7F"
  })
  void aLengthBeyondTheFileIsRefusedBeforeAnythingIsAllocated(String code, String length) {
    PickleWriter writer = new PickleWriter();
    writer.code(code.length() == 1 ? code.charAt(0) : Integer.parseInt(code, 16));
    for (String digits : length.split(" ", -1)) {
      writer.code(Integer.parseInt(digits, 16));
    }
    byte[] pickle = writer.code('.').bytes();
    assertThatThrownBy(() -> Pickle.read("f", new PickleInput("f", pickle), new TorchObjects("f")))
        .isInstanceOf(TorchFileException.class)
        .hasMessageContaining("the pickle ends too early");
  }

  /** Each is repeated until the bound, and takes what it can until then. */
  @ParameterizedTest
  @ValueSource(
      strings = {"5D", "7D", "28", "4E", "4E85", "7D94", "2994", "5D4E87", "5500", "5D4E61"})
  void moreInstructionsThanAnyCheckpointHasAreRefusedInLittleMemory(String codes) {
    byte[] code = HexFormat.of().parseHex(codes);
    byte[] pickle = new byte[2 * Pickle.MOST_INSTRUCTIONS + 2 + code.length];
    byte[] start = {']', ']', ']'};
    System.arraycopy(start, 0, pickle, 0, start.length);
    for (int i = start.length; i < pickle.length; i++) {
      pickle[i] = code[(i - start.length) % code.length];
    }
    Expense expense =
        Expense.of(() -> Pickle.read("f", new PickleInput("f", pickle), new TorchObjects("f")));
    assertThat(expense.failure())
        .isInstanceOf(TorchFileException.class)
        .hasMessageContaining("has more than 400000 instructions");
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
  }

  @Test
  void aListOfPairsThatIsUsedAgainAndAgainIsRefused() {
    // pairs = [None] * 1000; OrderedDict(pairs), as often as may be
    PickleWriter bomb = new PickleWriter().code('(');
    for (int i = 0; i < 1000; i++) {
      bomb.code('N');
    }
    bomb.code('l').code(0x85).code('q').code(0);
    bomb.global("collections", "OrderedDict").code('q').code(1);
    List<Integer> call = new ArrayList<>(List.of((int) 'h', 1, (int) 'h', 0, (int) 'R', (int) '0'));
    for (int i = 0; i < 500; i++) {
      call.forEach(bomb::code);
    }
    byte[] pickle = bomb.code('}').code('.').bytes();
    assertThatThrownBy(() -> Pickle.read("f", new PickleInput("f", pickle), new TorchObjects("f")))
        .hasMessageContaining("the file holds too many entries");
  }

  @Test
  void aDirectoryLargerThanAnyIsRefusedBeforeItIsRead() {
    byte[] zip = new TorchBytes().zip(Map.of());
    int end = zip.length - 22;
    Arrays.fill(zip, end + 12, end + 16, (byte) 0x7F); // the directory's size
    try {
      Files.write(file, zip);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThatThrownBy(() -> TorchFile.open(file))
        .isInstanceOf(TorchFileException.class)
        .hasMessageContaining("its directory has");
  }
}
