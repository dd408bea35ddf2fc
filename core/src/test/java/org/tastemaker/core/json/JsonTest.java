package org.tastemaker.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @TempDir Path temp;

  @Provide
  Arbitrary<Object> values() {
    Arbitrary<Object> leaves =
        Arbitraries.oneOf(
            Arbitraries.integers().map(i -> (Object) i),
            Arbitraries.longs().map(l -> (long) l.intValue() == l ? (Object) l.intValue() : l),
            Arbitraries.doubles().map(d -> (Object) d),
            Arbitraries.strings().ofMaxLength(20).map(JsonTest::withoutSurrogates),
            Arbitraries.of(true, false));
    Arbitrary<String> names = Arbitraries.strings().ofMaxLength(8).map(JsonTest::withoutSurrogates);
    Arbitrary<Object> values = leaves;
    for (int depth = 0; depth < 3; depth++) {
      Arbitrary<Object> inner = values;
      values =
          Arbitraries.oneOf(
              leaves,
              inner.list().ofMaxSize(3).map(list -> (Object) list),
              Arbitraries.maps(names, inner).ofMaxSize(3).map(map -> (Object) map));
    }
    return values;
  }

  private static String withoutSurrogates(Object text) {
    return text.toString().replaceAll("\\p{Cs}", "x");
  }

  @Property(tries = 200)
  void whatIsWrittenIsReadBack(@ForAll("values") Object value) {
    assertThat(Json.parse(Json.write(value), "test")).isEqualTo(value);
    assertThat(Json.parse(Json.writePretty(value), "test")).isEqualTo(value);
  }

  @Property
  void everyLongKeepsItsBits(@ForAll long value) {
    assertThat(Json.parseObject(Json.write(Map.of("seed", value)), "test").longInteger("seed"))
        .isEqualTo(value);
  }

  @Property
  void everyDoubleKeepsItsBits(@ForAll long bits) {
    double value = Double.longBitsToDouble(bits);
    if (Double.isFinite(value)) {
      double read = Json.parseObject(Json.write(Map.of("x", value)), "test").number("x");
      assertThat(Double.doubleToRawLongBits(read)).isEqualTo(bits);
    }
  }

  @Test
  void aWholeNumberHasTheSmallestTypeThatHoldsIt() {
    assertThat(
            Json.parse(
                "[0,-0,2147483647,2147483648,-9223372036854775808,9223372036854775807,"
                    + "9223372036854775808,1000000000000000019884624838656,1.0,1E2]",
                "test"))
        .isEqualTo(
            List.of(
                0,
                0,
                2147483647,
                2147483648L,
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                new BigInteger("9223372036854775808"),
                new BigInteger("1000000000000000019884624838656"),
                1.0,
                100.0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1,",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\":1}{}",
        "[1] 2",
        "{\"a\":1,\"a\":2}",
        "{\"b\":{\"a\":1,\"a\":1}}",
        "{a:1}",
        "{'a':1}",
        "{\"a\"=1}",
        "{\"a\":1;\"b\":2}",
        "[1 2]",
        "[01]",
        "[+1]",
        "[.5]",
        "[1.]",
        "[0x1]",
        "[1e]",
        "[1e999]",
        "[-1e999]",
        "[NaN]",
        "[Infinity]",
        "[-Infinity]",
        "[TRUE]",
        "[True]",
        "[falsE]",
        "E",
        "[nul]",
        "[\"a]",
        "[\"a\nb\"]",
        "[\"\t\"]",
        "[\"\\x\"]",
        "[\"\\'\"]",
        "[\"\\u12\"]",
        "[\"\\",
        "// comment\n1",
        "/* comment */ 1",
        "# comment\n1",
        "[1] // comment",
        ")]}'\n[1]",
        "\ufeff[1]"
      })
  void whatIsNotJsonIsRejectedWithItsPlace(String text) {
    assertThatThrownBy(() -> Json.parse(text, "the file"))
        .isInstanceOf(JsonException.class)
        .hasMessageStartingWith("the file ")
        .hasMessageNotContaining("setLenient");
  }

  @Test
  void nestingAndNumbersAreBounded() {
    String deep = "[".repeat(100) + "]".repeat(100);
    assertThat(Json.parse(deep, "test")).isNotNull();
    assertThatThrownBy(() -> Json.parse("[" + deep + "]", "test"))
        .hasMessageContaining("nested deeper than 100 levels at character 100");
    assertThat(Json.parse("1".repeat(1000), "test")).isInstanceOf(BigInteger.class);
    assertThatThrownBy(() -> Json.parse("[" + "1".repeat(1_000_000) + "]", "test"))
        .hasMessageContaining("more than 1000 characters");
    String brackets = "[".repeat(500) + "1".repeat(5000);
    assertThat(Json.parse("\"" + brackets + "\"", "test")).isEqualTo(brackets);
  }

  @Test
  void theMessageNamesThePath() {
    assertThatThrownBy(() -> Json.parse("{\"a\":{\"b\":[1,x]}}", "config.json"))
        .hasMessageContaining("config.json is not JSON")
        .hasMessageContaining("$.a.b[1]");
  }

  @Test
  void bytesMustBeUtf8() throws Exception {
    byte[] latin = "\"\u00e9\"".getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> Json.parse(latin, "bytes")).hasMessageContaining("bytes is not UTF-8");
    Path file = Files.write(temp.resolve("x.json"), latin);
    assertThatThrownBy(() -> Json.read(file)).hasMessageContaining(file + " is not UTF-8");
    Files.writeString(file, "{\"a\":\"\u00e9\ud83d\ude00\"}");
    assertThat(Json.readObject(file).text("a")).isEqualTo("\u00e9\ud83d\ude00");
  }

  @Test
  void aFileMayHoldAListOfObjects() throws Exception {
    Path file = Files.writeString(temp.resolve("list.json"), "[{\"a\":1},{\"a\":\"x\"}]");
    assertThat(Json.readObjects(file).get(0).integer("a")).isEqualTo(1);
    assertThatThrownBy(() -> Json.readObjects(file).get(1).integer("a"))
        .hasMessageContaining(file + ": expected a whole number")
        .hasMessageContaining("$[1].a");
    Files.writeString(file, "{}");
    assertThatThrownBy(() -> Json.readObjects(file)).hasMessageContaining("expected a list at $");
  }

  @Test
  void pythonsInfinitiesAreReadWhereAskedFor() {
    JsonObject json =
        Json.parsePythonObject(
            "{\"a\": -Infinity, \"b\":Infinity,\"Infinity\":\"-Infinity\\\"Infinity\"}", "test");
    assertThat(json.number("a")).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(json.number("b")).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(json.text("Infinity")).isEqualTo("-Infinity\"Infinity");
    assertThatThrownBy(() -> Json.parsePythonObject("{\"a\":NaN}", "test"))
        .isInstanceOf(JsonException.class);
    assertThatThrownBy(() -> Json.parsePythonObject("{\"a\":Infinity1}", "test"))
        .isInstanceOf(JsonException.class);
  }

  @Test
  void whatJsonDoesNotKnowIsNotWritten() {
    for (Object value :
        List.of(
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Float.NaN,
            new Object(),
            List.of(Map.of("a", temp)),
            Map.of(1, 2))) {
      assertThatThrownBy(() -> Json.write(List.of(value)))
          .isInstanceOf(JsonException.class)
          .hasMessageContaining("cannot be written as JSON")
          .hasMessageContaining("$");
    }
  }

  @Test
  void nullsAndOrderAreKeptAndPrettyTextHasALineForEachEntry() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("b", null);
    map.put("a", Arrays.asList(1, null));
    assertThat(Json.write(map)).isEqualTo("{\"b\":null,\"a\":[1,null]}");
    assertThat(Json.writePretty(map))
        .isEqualTo("{\n  \"b\": null,\n  \"a\": [\n    1,\n    null\n  ]\n}");
    assertThat(Json.parse(Json.write(map), "test")).isEqualTo(map);
  }

  @Test
  void tokensAreReadOneByOne() {
    String text = "{\"a\":1,\"b\":12345678901234567890}";
    assertThat(
            Json.<List<String>>stream(
                text,
                "test",
                reader -> {
                  reader.beginObject();
                  List<String> read = new ArrayList<>();
                  while (reader.hasNext()) {
                    read.add(reader.nextName());
                    read.add(reader.nextString());
                  }
                  reader.endObject();
                  return read;
                }))
        .containsExactly("a", "1", "b", "12345678901234567890");
    assertThatThrownBy(() -> Json.stream("[1]", "test", reader -> reader.nextString()))
        .isInstanceOf(JsonException.class)
        .hasMessageStartingWith("test is not JSON");
    assertThatThrownBy(() -> Json.stream("1 1", "test", reader -> reader.nextInt()))
        .isInstanceOf(JsonException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "version https://git-lfs.github.com/spec/v1 | it is a pointer of Git LFS",
        "<!DOCTYPE html><html></html> | it is a page of HTML",
        "'' | it is empty",
        "{\"a\": [1, | is it cut short?"
      })
  void whatADownloadLeftInItsPlaceIsNamed(String text, String expected) {
    assertThatThrownBy(() -> Json.parse(text, "f.json"))
        .isInstanceOf(JsonException.class)
        .hasMessageStartingWith("f.json is not JSON: ")
        .hasMessageContaining(expected);
  }
}
