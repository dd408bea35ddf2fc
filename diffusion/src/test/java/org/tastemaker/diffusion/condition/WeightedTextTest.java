package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightedTextTest {
  /** The examples of the web UI's documentation, and cases beside them: text=weight, ... */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          normal text | normal text=1
          an (important) word | an =1;important=1.1; word=1
          (unbalanced | unbalanced=1.1
          \\(literal\\] | (literal]=1
          (unnecessary)(parens) | unnecessaryparens=1.1
          a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))). | a =1;house=1.573; =1.1;on=1; a =1.1;hill=0.55;, sun, =1.1;sky=1.4641;.=1.1
          (cat:1.3) | cat=1.3
          (cat: 1.3 ) | cat=1.3
          (cat:.5) | cat=0.5
          (cat:-1) | cat=-1
          [cat] | cat=0.90909
          [[cat]] dog | cat=0.82645; dog=1
          ((a) b) | a=1.21; b=1.1
          (a cat:dog) | a cat:dog=1.1
          a: 1.3) | a: 1.3)=1
          a ) b ] c | a ) b ] c=1
          photo (16:9) | photo =1;16=9
          (1.2.3:1.2.3) | 1.2.3:1.2.3=1.1
          a \\(b\\) c | a (b) c=1
          c:\\\\dir | c:\\dir=1
          lone \\ stroke | lone  stroke=1
          """)
  void partsHaveTheWeightsOfTheWebUi(String text, String expected) {
    List<String> texts = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    for (String part : expected.split(";", -1)) {
      int equals = part.lastIndexOf('=');
      texts.add(part.substring(0, equals));
      weights.add(Double.parseDouble(part.substring(equals + 1)));
    }
    List<WeightedText> parts = WeightedText.parse(text, false);
    assertThat(parts).extracting(WeightedText::text).isEqualTo(texts);
    for (int i = 0; i < weights.size(); i++) {
      assertThat(parts.get(i).weight()).isCloseTo(weights.get(i), within(1e-5));
    }
  }

  @Test
  void theWordBreakBeginsAChunk() {
    assertThat(WeightedText.parse("a cat BREAK (a dog BREAK a bird:1.2)", true))
        .containsExactly(
            new WeightedText("a cat", 1, false),
            new WeightedText("", 1, true),
            new WeightedText("a dog", 1.2, false),
            new WeightedText("a bird", 1.2, true));
    assertThat(WeightedText.plain("(a) BREAK b", true))
        .containsExactly(new WeightedText("(a)", 1, false), new WeightedText("b", 1, true));
    assertThat(WeightedText.plain("BREAKFAST, break BREAK", false)).hasSize(1);
    assertThat(WeightedText.plain("BREAKFAST, break", true)).hasSize(1);
  }

  @Test
  void anEmptyTextHasNoParts() {
    assertThat(WeightedText.parse("", true)).isEmpty();
    assertThat(WeightedText.parse("()", true)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a (cat:1.3)",
        "a (big cat: 0.5 )",
        "((cat))",
        "[[cat]]",
        "<lora:style:0.8> a cat",
        "a BREAK b"
      })
  void marksAreRecognised(String text) {
    assertThat(WeightedText.isMarked(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a cat",
        "a cat (black and white)",
        "a list [1]",
        "16:9 photo",
        "time 10:30 (noon)",
        "breakfast"
      })
  void plainTextIsNotTakenForMarks(String text) {
    assertThat(WeightedText.isMarked(text)).isFalse();
  }
}
