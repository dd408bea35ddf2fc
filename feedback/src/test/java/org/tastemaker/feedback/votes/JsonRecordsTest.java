package org.tastemaker.feedback.votes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.tastemaker.core.json.Json;

class JsonRecordsTest {
  private static Path file = Path.of("");

  @BeforeContainer
  static void create() throws IOException {
    file = Files.createTempFile("records", ".json");
  }

  @AfterContainer
  static void delete() throws IOException {
    Files.delete(file);
  }

  /** Texts full of what could be taken for the end of a record. */
  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.of(
            "a", "\"", "\\", "{", "}", "[", "]", ",", ":", "\n", "\u00e4", "\u20ac", "\uD83E\uDE81")
        .list()
        .ofMaxSize(8)
        .map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<Map<String, Object>> records() {
    Arbitrary<Object> leaf =
        Arbitraries.oneOf(
            texts().map(text -> (Object) text),
            Arbitraries.integers().map(number -> (Object) number),
            Arbitraries.of(true, false).map(flag -> (Object) flag));
    Arbitrary<Object> list = leaf.list().ofMaxSize(3).map(elements -> (Object) elements);
    Arbitrary<Object> map = Arbitraries.maps(texts(), leaf).ofMaxSize(2).map(m -> (Object) m);
    return Arbitraries.maps(texts(), Arbitraries.oneOf(leaf, list, map)).ofMaxSize(4);
  }

  @Provide
  Arbitrary<List<Map<String, Object>>> lists() {
    return records().list().ofMaxSize(5);
  }

  @Property(tries = 300)
  void aListAndLinesAndANamedListGiveTheSameRecords(
      @ForAll("lists") List<Map<String, Object>> records, @ForAll boolean pretty) {
    List<String> texts =
        records.stream().map(r -> pretty ? Json.writePretty(r) : Json.write(r)).toList();

    assertThat(read("[" + String.join(" ,\r\n", texts) + " ]\n", "")).isEqualTo(records);
    assertThat(read("\uFEFF[" + String.join(",", texts) + "]", "pairs")).isEqualTo(records);
    assertThat(
            read(
                "{\"a\":[{}, \"]\"],\"pairs\" : ["
                    + String.join(",", texts)
                    + "], \"b\": {\"c\":1}}",
                "pairs"))
        .isEqualTo(records);
    if (!records.isEmpty()) {
      assertThat(read(String.join("\n", texts), "")).isEqualTo(records);
    }
  }

  @Property(tries = 300)
  void aListThatIsCutShortIsNeverTakenForAWholeOne(
      @ForAll("lists") List<Map<String, Object>> records, @ForAll @IntRange(max = 9999) int at) {
    String whole = "{\"pairs\":" + Json.write(records) + "}";
    byte[] bytes = whole.getBytes(StandardCharsets.UTF_8);
    byte[] cut = Arrays.copyOf(bytes, at % bytes.length);

    assertThatThrownBy(() -> read(cut, "pairs")).isInstanceOf(IllegalArgumentException.class);
  }

  @Property(tries = 500)
  void whateverAFileHoldsIsReadOrRefusedWithItsName(
      @ForAll @Size(max = 40) List<@IntRange(max = 7) Integer> marks) {
    StringBuilder text = new StringBuilder();
    marks.forEach(mark -> text.append("{}[],:\"1".charAt(mark)));
    try {
      read(text.toString(), "pairs");
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining(file.toString());
    }
  }

  private static List<Map<String, Object>> read(String text, String list) {
    return read(text.getBytes(StandardCharsets.UTF_8), list);
  }

  private static List<Map<String, Object>> read(byte[] bytes, String list) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Map<String, Object>> records = new ArrayList<>();
    try (Records open = JsonRecords.of(file, list).open(Set.of())) {
      while (open.hasNext()) {
        Fields fields = open.next();
        Map<String, Object> values = new LinkedHashMap<>();
        fields.names().forEach(name -> values.put(name, fields.value(name)));
        records.add(values);
      }
    }
    return records;
  }
}
