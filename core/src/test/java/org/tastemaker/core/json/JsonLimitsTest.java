package org.tastemaker.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Expense;

class JsonLimitsTest {
  private static final JsonLimits SMALL = new JsonLimits(100, 3, 10);

  @Test
  void aTextWithinTheLimitsIsRead() {
    assertThat(Json.parseObject("{\"a\":[[1,2],[3]]}", "test", SMALL).names()).containsExactly("a");
  }

  @Test
  void nestingBeyondTheLimitNamesTheTextThePathAndTheBound() {
    assertThatThrownBy(() -> Json.parseObject("{\"a\":1,\"b\":[0,[[1]]]}", "config.json", SMALL))
        .isInstanceOf(JsonException.class)
        .hasMessage(
            "config.json is nested deeper than 3 levels at character 15, at path $.b[1][0]");
  }

  @Test
  void moreValuesThanTheLimitNameThePathAndTheBound() {
    assertThatThrownBy(
            () -> Json.parseObject("{\"list\":[1,2,3,4,5,6,7,8,9,10,11]}", "config.json", SMALL))
        .isInstanceOf(JsonException.class)
        .hasMessage("config.json holds more than 10 values at character 26, at path $.list[8]");
  }

  @Test
  void aTextThatIsTooLongIsNotLookedAt() {
    assertThatThrownBy(() -> Json.parse("x".repeat(101), "config.json", SMALL))
        .isInstanceOf(JsonException.class)
        .hasMessage("config.json has 101 bytes, but may have at most 100");
  }

  @Test
  void aFileThatIsTooLargeIsNotRead(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), " ".repeat(101));
    assertThatThrownBy(() -> Json.readObject(file, SMALL))
        .isInstanceOf(UnsafeFileException.class)
        .hasMessageStartingWith(file + " has 101 bytes")
        .hasMessageContaining("at most 100");
  }

  @Test
  void aTextWithInfinitiesHasTheSameLimits() {
    assertThatThrownBy(() -> Json.parsePythonObject("{\"a\":[[[1]]]}", "config.json", SMALL))
        .hasMessageContaining("nested deeper than 3 levels")
        .hasMessageContaining("$.a[0][0]");
  }

  @Test
  void theLimitsThemselvesAreChecked() {
    assertThatThrownBy(() -> new JsonLimits(1, 101, 1)).hasMessageContaining("1 to 100 levels");
  }

  @Test
  void nestedBracketsOfMegabytesAreRefusedAtOnce() {
    for (String open : new String[] {"[", "{\"a\":", "[{\"a\":"}) {
      String text = "{\"a\":" + open.repeat(2_000_000 / open.length());
      assertCheap(text);
    }
  }

  @Test
  void theLargestTextsThatAreReadTakeLittleMemory() {
    assertCheap("[" + "{\"a\":{}},".repeat(49_000) + "0]");
    assertCheap("[" + "[],".repeat(74_900) + "0]");
    assertCheap("{\"a\":\"" + "x".repeat((4 << 20) - 8) + "\"}");
    assertCheap("[" + "\"\u20ac\",".repeat(149_000) + "0]");
  }

  private static void assertCheap(String text) {
    Expense expense = Expense.of(() -> Json.parse(text, "test"));
    assertThat(expense.bytes()).isLessThan(Attack.MOST_BYTES);
    if (expense.failure() != null) {
      assertThat(expense.failure()).isInstanceOf(JsonException.class);
    }
  }
}
