package org.tastemaker.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonObjectTest {
  private static final JsonObject JSON =
      Json.parseObject(
          """
          {
            "text": "a", "int": 3, "long": 3000000000, "double": 0.5, "flag": true, "null": null,
            "object": {"x": {"y": "z"}}, "texts": ["a", "b"], "ints": [1, 2], "mixed": [1, "2"],
            "numbers": [1, 2.5], "tiers": [[0, 1], [2]], "objects": [{"n": 1}, {"n": "two"}],
            "named": {"a": 1, "b": 2.5}, "longs": {"seed": -9223372036854775808}
          }
          """,
          "test.json");

  @Test
  void everyKindHasItsAccess() {
    assertThat(JSON.text("text")).isEqualTo("a");
    assertThat(JSON.integer("int")).isEqualTo(3);
    assertThat(JSON.longInteger("int")).isEqualTo(3);
    assertThat(JSON.longInteger("long")).isEqualTo(3_000_000_000L);
    assertThat(JSON.number("int")).isEqualTo(3);
    assertThat(JSON.number("double")).isEqualTo(0.5);
    assertThat(JSON.flag("flag")).isTrue();
    assertThat(JSON.object("object").object("x").text("y")).isEqualTo("z");
    assertThat(JSON.texts("texts")).containsExactly("a", "b");
    assertThat(JSON.integers("ints")).containsExactly(1, 2);
    assertThat(JSON.numbers("numbers")).containsExactly(1.0, 2.5);
    assertThat(JSON.integerLists("tiers")).isEqualTo(List.of(List.of(0, 1), List.of(2)));
    assertThat(JSON.numberLists("tiers")).isEqualTo(List.of(List.of(0.0, 1.0), List.of(2.0)));
    assertThat(JSON.toValues()).containsEntry("int", 3).doesNotContainKey("null");
    assertThat(JSON.objects("objects").get(0).integer("n")).isEqualTo(1);
    assertThat(JSON.list("mixed")).isEqualTo(List.of(1, "2"));
    assertThat(JSON.object("named").toNumbers()).isEqualTo(Map.of("a", 1.0, "b", 2.5));
    assertThat(JSON.object("longs").toLongs()).isEqualTo(Map.of("seed", Long.MIN_VALUE));
    assertThat(JSON.object("object").object("x").toTexts()).isEqualTo(Map.of("y", "z"));
    assertThat(JSON.value("long")).isEqualTo(3_000_000_000L);
    assertThat(JSON.names()).startsWith("text", "int").contains("null");
    assertThat(JSON.object("named")).hasToString("{\"a\":1,\"b\":2.5}");
    assertThat(JSON.object("named")).isEqualTo(Json.parseObject("{\"b\":2.5,\"a\":1}", "other"));
  }

  @Test
  void whatIsMissingOrNullHasTheOtherValue() {
    for (String name : List.of("null", "none")) {
      assertThat(JSON.has(name)).isFalse();
      assertThat(JSON.text(name, "b")).isEqualTo("b");
      assertThat(JSON.integer(name, 4)).isEqualTo(4);
      assertThat(JSON.longInteger(name, 4L)).isEqualTo(4);
      assertThat(JSON.number(name, 0.25)).isEqualTo(0.25);
      assertThat(JSON.flag(name, true)).isTrue();
      assertThat(JSON.optionalObject(name)).isEmpty();
      assertThatThrownBy(() -> JSON.text(name))
          .hasMessage("test.json: expected a text at $." + name + ", but it is missing or null");
    }
    assertThat(JSON.text("text", "b")).isEqualTo("a");
    assertThat(JSON.optionalObject("object")).isPresent();
  }

  @Test
  void anotherKindIsNamedWithItsPath() {
    assertThatThrownBy(() -> JSON.text("int"))
        .isInstanceOf(JsonException.class)
        .hasMessage("test.json: expected a text at $.int, but it is 3");
    assertThatThrownBy(() -> JSON.integer("long"))
        .hasMessageContaining("a whole number of at most 32 bits at $.long");
    assertThatThrownBy(() -> JSON.longInteger("double"))
        .hasMessageContaining("a whole number of at most 64 bits at $.double");
    assertThatThrownBy(() -> JSON.integer("text", 1)).hasMessageContaining("it is \"a\"");
    assertThatThrownBy(() -> JSON.number("text")).hasMessageContaining("a number at $.text");
    assertThatThrownBy(() -> JSON.flag("text")).hasMessageContaining("true or false at $.text");
    assertThatThrownBy(() -> JSON.object("object").object("x").object("y"))
        .hasMessageContaining("an object at $.object.x.y");
    assertThatThrownBy(() -> JSON.integers("mixed")).hasMessageContaining("$.mixed[1]");
    assertThatThrownBy(() -> JSON.texts("object")).hasMessageContaining("a list at $.object");
    assertThatThrownBy(() -> JSON.objects("objects").get(1).integer("n"))
        .hasMessageContaining("$.objects[1].n");
    assertThatThrownBy(() -> Json.parseObject("[1]", "x")).hasMessageContaining("an object at $");
    assertThat(JSON.unexpected("int", "a number from 0 to 1"))
        .hasMessage("test.json: expected a number from 0 to 1 at $.int, but it is 3");
  }
}
