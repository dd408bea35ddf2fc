package org.tastemaker.feedback.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The validator itself: each keyword with a value that fits and one that does not. */
class JsonSchemaTest {
  @ParameterizedTest(name = "{0}: {1} fits, {2} does not")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"type\":\"object\"} | {} | []",
        "{\"type\":\"array\"} | [] | {}",
        "{\"type\":\"string\"} | \"a\" | 1",
        "{\"type\":\"boolean\"} | true | \"true\"",
        "{\"type\":\"number\"} | 1.5 | \"1.5\"",
        "{\"type\":\"integer\"} | 2 | 2.5",
        "{\"enum\":[\"a\",\"b\"]} | \"b\" | \"c\"",
        "{\"const\":true} | true | false",
        "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"number\"}]} | \"a\" | true",
        "{\"oneOf\":[{\"minimum\":1},{\"minimum\":3}]} | 2 | 5",
        "{\"required\":[\"a\"]} | {\"a\":1} | {\"b\":1}",
        "{\"properties\":{\"a\":{\"type\":\"string\"}}} | {\"a\":\"\"} | {\"a\":1}",
        "{\"properties\":{\"a\":{}},\"additionalProperties\":false} | {\"a\":1} | {\"b\":1}",
        "{\"additionalProperties\":{\"type\":\"string\"}} | {\"a\":\"\"} | {\"a\":1}",
        "{\"items\":{\"type\":\"string\"}} | [\"a\"] | [\"a\",1]",
        "{\"minItems\":1} | [1] | []",
        "{\"maxItems\":1} | [1] | [1,2]",
        "{\"minimum\":16} | 16 | 15",
        "{\"maximum\":2} | 2 | 2.1",
        "{\"minLength\":1} | \"a\" | \"\"",
        "{\"maxLength\":1} | \"a\" | \"ab\"",
        "{\"pattern\":\"^a+$\"} | \"aa\" | \"ab\"",
        "{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"type\":\"string\"}}} | \"a\" | 1",
        "{\"items\":{\"$ref\":\"#\"},\"type\":\"array\"} | [[],[]] | [[],1]",
      })
  void eachKeywordIsChecked(String schema, String fits, String other) {
    JsonSchema read = JsonSchema.ofText(schema);
    assertThat(read.complaints(JsonSchema.parse(fits))).isEmpty();
    assertThat(read.complaints(JsonSchema.parse(other))).isNotEmpty();
  }

  @Test
  void aKeywordThatNothingChecksIsAnErrorWhereverItStands() {
    assertThatThrownBy(
            () -> JsonSchema.ofText("{\"properties\":{\"a\":{\"items\":{\"format\":\"uri\"}}}}"))
        .hasMessageContaining("format");
  }

  @Test
  void aComplaintSaysWhereAndWhat() {
    assertThat(
            JsonSchema.of("chat-completions.json")
                .complaints(
                    JsonSchema.parse(
                        "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"x\"}],"
                            + "\"temperatur\":1,\"top_logprobs\":21}")))
        .containsExactlyInAnyOrder(
            "$.temperatur is not described", "$.top_logprobs must be at most 20.0, but was 21.0");
  }
}
