package org.tastemaker.diffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Seed;

class SafetensorsHeaderTest {
  private static SafetensorsHeader parse(byte[] file) {
    return SafetensorsHeader.parse("f", ByteBuffer.wrap(file));
  }

  @Test
  void aHeaderGivesItsTensorsInOrderAndItsMetadata() {
    SafetensorsHeader header =
        parse(
            SafetensorsBytes.file(
                """
                {"__metadata__":{"format":"pt","é":"ü"},
                 "b":{"shape":[2,1],"data_offsets":[4,8],"dtype":"F16"},
                 "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
                 "none":{"dtype":"I64","shape":[3,0],"data_offsets":[8,8]}}     \
                """,
                new byte[8]));
    assertThat(header.metadata()).containsEntry("format", "pt").containsEntry("é", "ü");
    assertThat(header.tensors().keySet()).containsExactly("b", "a", "none");
    TensorInfo b = Objects.requireNonNull(header.tensors().get("b"));
    assertThat(b.dtype()).isEqualTo(DType.F16);
    assertThat(b.shape().toArray()).containsExactly(2, 1);
    assertThat(b.length()).isEqualTo(2);
    assertThat(Objects.requireNonNull(header.tensors().get("a")).length()).isEqualTo(1);
    assertThat(Objects.requireNonNull(header.tensors().get("none")).length()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{]                                  | the header is not JSON",
        "{\"a\":                             | the header is not JSON",
        "{} x                                | f: the header has something after its end",
        "{} {}                               | f: the header has something after its end",
        "{\"a\":1}                           | 'a': expected an object, but found a number",
        "{\"a\":[]}                          | 'a': expected an object, but found an array",
        "{\"a\":{}}                          | expected dtype, shape and data_offsets, but found no dtype",
        "{\"a\":{\"dtype\":\"F32\"}}         | but found no shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[]}} | but found no data_offsets",
        "{\"a\":{\"x\":1}}                   | but found a field 'x'",
        "{\"a\":{\"dtype\":3}}               | 'a.dtype': expected a string",
        "{\"a\":{\"dtype\":\"F8\"}}          | expected a dtype of [F64, F32,",
        "{\"a\":{\"shape\":3}}               | 'a.shape': expected an array of integers",
        "{\"a\":{\"shape\":[\"3\"]}}         | expected integers, but found a string",
        "{\"a\":{\"shape\":[1.5]}}           | expected integers from 0 to 9223372036854775807, but found 1.5",
        "{\"a\":{\"shape\":[-1]}}            | expected integers from 0 to 9223372036854775807, but found -1",
        "{\"a\":{\"shape\":[9223372036854775808]}} | but found 9223372036854775808",
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}} | 'a': expected each field once, but found a second 'dtype'",
        "{\"a\\ud800\":{}}                   | unpaired surrogate",
        "{\"__metadata__\":[]}               | '__metadata__': expected an object of strings",
        "{\"__metadata__\":{\"k\":1}}        | '__metadata__.k': expected a string",
        "{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}} | '__metadata__': expected each key once, but found a second 'k'",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"a\":1} | 'a': expected one entry of this name, but found a second one",
      })
  void aMalformedHeaderIsRefused(String header, String message) {
    assertThatThrownBy(() -> parse(SafetensorsBytes.file(header, new byte[4])))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageStartingWith("f: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F32 | [1]   | [0]      | expected data_offsets of 2 numbers, but found 1",
        "F32 | [1]   | [0,4,8]  | expected data_offsets of 2 numbers, but found 3",
        "F32 | [1]   | [4,0]    | begin <= end <= 8 (the file's data), but found [4, 0]",
        "F32 | [1]   | [5,9]    | begin <= end <= 8 (the file's data), but found [5, 9]",
        "F32 | [3]   | [0,8]    | expected 12 bytes for F32 of shape [3], but found data_offsets [0, 8] of 8 bytes",
        "I8  | [3]   | [0,2]    | expected 3 bytes for I8",
        "F64 | [4611686018427387904,2,0] | [0,0] | expected a shape whose size in bytes fits 63 bits",
        "F32 | [1]   | [0,4]    | expected 4 bytes of tensors after the header, but the file has 8",
        "F32 | [1]   | [4,8]    | expected its data to begin at 0, where the one before it ends, but it begins at 4 (a hole)",
      })
  void offsetsThatDoNotFitAreRefused(String dtype, String shape, String offsets, String message) {
    String header =
        "{\"w\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
            .formatted(dtype, shape, offsets);
    assertThatThrownBy(() -> parse(SafetensorsBytes.file(header, new byte[8])))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageStartingWith("f: ")
        .hasMessageContaining(message);
  }

  @Test
  void tensorsThatOverlapAreRefused() {
    String header =
        """
        {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
         "b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""";
    assertThatThrownBy(() -> parse(SafetensorsBytes.file(header, new byte[8])))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("tensor 'b': expected its data to begin at 8")
        .hasMessageContaining("begins at 4 (an overlap)");
  }

  @Test
  void aFileWithoutRoomForTheLengthIsRefused() {
    assertThatThrownBy(() -> parse(new byte[7]))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(
            "expected at least 8 bytes for the length of the header, but the file has 7");
  }

  @Test
  void aLengthThatTheFileHasNotIsRefusedBeforeAnythingIsAllocated() {
    byte[] file = SafetensorsBytes.file("{}");
    file[3] = 4; // 67,108,866 bytes
    assertThatThrownBy(() -> parse(file))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(
            "give a header of 67108866 bytes, but expected 2 to 2 in a file of 10");
    file[7] = (byte) 0x80; // negative as a signed number
    assertThatThrownBy(() -> parse(file))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("give a header of 9223372036921884674 bytes");
  }

  @Test
  void aLengthOverTheFormatsLimitIsRefused() {
    ByteBuffer first = ByteBuffer.wrap(new byte[] {1, (byte) 0xE1, (byte) 0xF5, 5, 0, 0, 0, 0});
    assertThatThrownBy(() -> SafetensorsHeader.length("f", first, 1L << 40))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("give a header of 100000001 bytes, but expected 2 to 8388608");
  }

  @Test
  void aHeaderThatIsNotAnObjectIsRefused() {
    assertThatThrownBy(() -> parse(SafetensorsBytes.file("[]")))
        .isInstanceOf(SafetensorsException.class)
        .hasMessage("f: expected the header to begin with '{', but its first byte is 0x5b");
  }

  @Test
  void malformedUtf8IsRefused() {
    byte[] file = SafetensorsBytes.file("{\"__metadata__\":{\"k\":\"??\"}}");
    int at = new String(file, StandardCharsets.ISO_8859_1).indexOf('?');
    file[at] = (byte) 0xC0; // an overlong '\0'
    file[at + 1] = (byte) 0x80;
    assertThatThrownBy(() -> parse(file))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("the header is not UTF-8");
  }

  @Test
  void deepNestingAndLongNumbersAreRefusedAtOnce() {
    String deep = "{\"a\":" + "[".repeat(1_000_000);
    assertThatThrownBy(() -> parse(SafetensorsBytes.file(deep)))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("f: the header is nested deeper than 8 levels");
    String number = "{\"a\":{\"shape\":[" + "9".repeat(5_000_000) + "]}}";
    assertThatThrownBy(() -> parse(SafetensorsBytes.file(number)))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("f: the header holds a number or a word of more than 1000 characters")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
  }

  /** 300,000 broken files: whatever the bytes, no other exception comes out. */
  @Test
  void onlyTheOneExceptionComesOutOfBrokenFiles() throws Exception {
    // In a thread of its own, because its short stack makes as many exceptions cheap.
    FutureTask<@Nullable Void> task =
        new FutureTask<>(
            () -> {
              parseBrokenFiles();
              return null;
            });
    new Thread(task, "broken-files").start();
    task.get();
  }

  private static void parseBrokenFiles() throws IOException {
    List<byte[]> originals = new ArrayList<>();
    originals.add(golden("vae_tiny/io.safetensors", 360 + 8));
    originals.add(golden("unet_tiny/io.safetensors", 700));
    originals.add(
        SafetensorsBytes.file(
            """
            {"__metadata__":{"k":"v\\u00e9"},"h":{"dtype":"BF16","shape":[2,2],"data_offsets":[4,12]},\
            "s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  \
            """,
            new byte[12]));
    originals.add(
        SafetensorsBytes.file(
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", new byte[3]));
    RandomGenerator random = Seed.of(7).split("mutations").generator();
    int refused = 0;
    int accepted = 0;
    for (int i = 0; i < 300_000; i++) {
      byte[] file = mutate(originals.get(random.nextInt(originals.size())), random);
      try {
        parse(file);
        accepted++;
      } catch (SafetensorsException e) {
        refused++;
      }
    }
    // Most are broken; some are not, such as those with another letter in a name.
    assertThat(refused).isGreaterThan(200_000);
    assertThat(accepted).isGreaterThan(1_000);
  }

  private static byte[] golden(String name, int bytes) throws IOException {
    try (InputStream in = SafetensorsHeaderTest.class.getResourceAsStream("/goldens/" + name)) {
      return Objects.requireNonNull(in, name).readNBytes(bytes);
    }
  }

  private static byte[] mutate(byte[] original, RandomGenerator random) {
    String json = "{}[]\",:0123456789-+.eE\\u untflsabAF_ \n\t\0";
    byte[] file = original.clone();
    int mutations = 1 + random.nextInt(4);
    for (int m = 0; m < mutations && file.length > 0; m++) {
      int at = random.nextInt(file.length);
      switch (random.nextInt(7)) {
        case 0 -> file[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> file[at] = (byte) random.nextInt(256);
        case 2 -> file[at] = (byte) json.charAt(random.nextInt(json.length()));
        case 3 -> file = Arrays.copyOf(file, at);
        case 4 -> { // a piece twice
          int length = random.nextInt(Math.min(64, file.length - at) + 1);
          byte[] longer = Arrays.copyOf(file, file.length + length);
          System.arraycopy(file, at, longer, at + length, file.length - at);
          file = longer;
        }
        case 5 -> { // a piece out
          int length = random.nextInt(Math.min(64, file.length - at) + 1);
          byte[] shorter = Arrays.copyOf(file, file.length - length);
          System.arraycopy(file, at + length, shorter, at, file.length - at - length);
          file = shorter;
        }
        default -> { // a piece over another
          int from = random.nextInt(file.length);
          int length = random.nextInt(Math.min(32, file.length - Math.max(at, from)) + 1);
          System.arraycopy(file, from, file, at, length);
        }
      }
      if (file.length > 16 && random.nextInt(2) == 0) { // let the parser see the whole header
        int length = random.nextInt(2) == 0 ? lastBrace(file) - 7 : file[0] & 0xFF;
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Math.max(2, length));
      }
    }
    return file;
  }

  private static int lastBrace(byte[] file) {
    int last = file.length - 1;
    while (last > 9 && file[last] != '}') {
      last--;
    }
    return last;
  }
}
