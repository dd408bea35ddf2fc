package org.tastemaker.feedback.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SoftPreferenceTest {
  private static final List<String> AB = List.of("A", "B");

  @Test
  void probabilitiesAreRenormalisedOverTheTwoLabels() {
    OptionalDouble p =
        of(
            "{\"overall\":\"A\"}",
            token("{\"overall\":\""),
            token("A", top("A", 0.6), top("B", 0.2), top("C", 0.2)),
            token("\"}"));
    assertThat(p.getAsDouble()).isCloseTo(0.75, within(1e-12)); // rounding of exp and log
  }

  @Test
  void labelsMergedWithPunctuationCountTogether() {
    OptionalDouble p =
        of(
            "{\"overall\": \"B\"}",
            token("{\"overall\":"),
            token(" \"B", top(" \"B", 0.4), top("\"B", 0.1), top(" \"A", 0.3), top("A\"}", 0.2)),
            token("\"}"));
    assertThat(p.getAsDouble()).isCloseTo(0.5, within(1e-12)); // rounding of exp and log
  }

  @Test
  void theFieldThatIsAskedForIsTheOneThatIsRead() {
    String content = "{\"quality\":\"A\",\"overall\":\"B\"}";
    ChatWire.Token[] tokens = {
      token("{\"quality\":\""),
      token("A", top("A", 0.9), top("B", 0.1)),
      token("\",\"overall\":\""),
      token("B", top("A", 0.2), top("B", 0.8)),
      token("\"}")
    };
    assertThat(of(content, tokens).getAsDouble()).isCloseTo(0.2, within(1e-12));
    assertThat(SoftPreference.of(content, 0, "quality", AB, List.of(tokens)).getAsDouble())
        .isCloseTo(0.9, within(1e-12));
  }

  @Test
  void aFieldsNameWithinAReasonIsNotTheField() {
    OptionalDouble p =
        of(
            "{\"rationale\":\"\\\"overall\\\": \\\"B\",\"overall\":\"A\"}",
            token("{\"rationale\":\"\\\"overall\\\": \\\"B\",\"overall\":\""),
            token("A", top("A", 0.7), top("B", 0.3)),
            token("\"}"));
    assertThat(p.getAsDouble()).isCloseTo(0.7, within(1e-12));
  }

  @Test
  void charactersOfSeveralBytesAreCountedAsBytes() {
    String words = "{\"rationale\":\"größer ✓\",\"overall\":\"";
    OptionalDouble p =
        of(words + "A\"}", split(words), token("A", top("A", 0.7), top("B", 0.3)), token("\"}"));
    assertThat(p.getAsDouble()).isCloseTo(0.7, within(1e-12));
  }

  @Test
  void aLabelThatIsNotAmongTheTopCountsAtMostAsTheLeastOfThem() {
    OptionalDouble p =
        of(
            "{\"overall\":\"A\"}",
            token("{\"overall\":\""),
            token("A", top("A", 0.98), top("x", 0.01), top("y", 0.01)),
            token("\"}"));
    assertThat(p.getAsDouble()).isCloseTo(0.98 / 0.99, within(1e-12));
  }

  @Test
  void aLabelOfUnknownProbabilityIsNotCounted() {
    ChatWire.TopToken unknown = new ChatWire.TopToken("B", -9999);
    OptionalDouble p =
        of(
            "{\"overall\":\"A\"}",
            token("{\"overall\":\""),
            token("A", top("A", 0.9), top("x", 0.1), unknown),
            token("\"}"));
    assertThat(p.getAsDouble()).isCloseTo(0.9, within(1e-12));
  }

  @Test
  void tokensThatAreNotTheAnswersSayNothing() {
    assertThat(
            of(
                "{\"overall\":\"A\"}",
                token("{\"winner1\":\""),
                token("A", top("A", 0.9), top("B", 0.1))))
        .isEmpty();
  }

  @Test
  void withoutTokensOrAlternativesThereIsNoProbability() {
    assertThat(of("{\"overall\":\"A\"}")).isEmpty();
    assertThat(of("{\"overall\":\"A\"}", token("{\"overall\":\""), token("A"))).isEmpty();
    assertThat(of("no JSON", token("no JSON"))).isEmpty();
  }

  private static OptionalDouble of(String content, ChatWire.Token... tokens) {
    return SoftPreference.of(content, 0, "overall", AB, List.of(tokens));
  }

  private static ChatWire.Token token(String text, ChatWire.TopToken... top) {
    return new ChatWire.Token(text, 0, null, List.of(top));
  }

  /** As servers send a token whose text is no whole character: only the bytes are true. */
  private static ChatWire.Token split(String text) {
    List<Integer> bytes = new ArrayList<>();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(b & 0xFF);
    }
    return new ChatWire.Token("\\x", 0, bytes, List.of());
  }

  private static ChatWire.TopToken top(String text, double p) {
    return new ChatWire.TopToken(text, Math.log(p));
  }
}
