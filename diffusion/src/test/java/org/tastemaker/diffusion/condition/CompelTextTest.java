package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompelTextTest {
  private static String parsed(String text) {
    List<String> parts = new ArrayList<>();
    for (WeightedText part : CompelText.parse(text)) {
      parts.add(part.text().strip() + "@" + String.format(Locale.ROOT, "%.4g", part.weight()));
    }
    return String.join(" | ", parts);
  }

  /** The examples of compel's own page of its syntax, and what stands beside them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '\0',
      value = {
        "a tall thin man picking apricots ~ a tall thin man picking apricots@1.000",
        "a tall thin man picking apricots+ ~ a tall thin man picking@1.000 | apricots@1.100",
        "a tall thin man picking apricots-- ~ a tall thin man picking@1.000 | apricots@0.8100",
        "a tall thin man (picking apricots)++ ~ a tall thin man@1.000 | picking apricots@1.210",
        "a tall thin man (picking apricots+)++ ~ a tall thin man@1.000 | picking@1.210 | apricots@1.331",
        "a tall thin man (picking (apricots)1.3)1.1 ~ a tall thin man@1.000 | picking@1.100 | apricots@1.430",
        "a man \"picking apricots\"0.5 now ~ a man@1.000 | picking apricots@0.5000 | now@1.000",
        "(apricots).attend(1.5), red ~ apricots@1.500 | , red@1.000",
        "(apricots).attend(--) ~ apricots@0.8100",
        "(apricots)2 ~ apricots@2.000",
        "(apricots).5 ~ apricots@0.5000",
        "a photo-realistic cat ~ a photo-realistic cat@1.000",
        "cat+, dog- and bird ~ cat@1.100 | ,@1.000 | dog@0.9000 | and bird@1.000",
        "a cat - a dog ~ a cat - a dog@1.000",
        "a \\(small\\) cat ~ a (small) cat@1.000",
        "C\\+\\+ ~ C++@1.000",
        "an open (bracket ~ an open (bracket@1.000",
        "a cat (plain) here ~ a cat plain here@1.000",
        "((nested)+)+ ~ nested@1.210",
      })
  void aTextIsReadAsCompelReadsIt(String text, String parts) {
    assertThat(parsed(text)).isEqualTo(parts);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"(\"a\", \"b\").blend(1, 2)", "(a cat).swap(dog)", "withLora(x, 1)", "(a).and()"})
  void whatElseCompelHasIsNoticed(String text) {
    assertThat(CompelText.hasMore(text)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "(a cat)++, true",
    "(a cat)1.3, true",
    "(a cat)-, true",
    "a book on C++, false",
    "(a cat) and more, false",
    "f(x)-g(x), false",
    "(2 cats) 1.5 m tall, false"
  })
  void weightsInAPlainTextAreNoticedWhereTheyAreMeant(String text, boolean marked) {
    assertThat(CompelText.isMarked(text)).isEqualTo(marked);
  }

  @Property
  void anyTextIsReadAndKeepsItsLetters(
      @ForAll
          @Chars({'(', ')', '"', '+', '-', '\\', '.', ',', ' ', '1'})
          @CharRange(from = 'a', to = 'c')
          String text) {
    StringBuilder letters = new StringBuilder();
    for (WeightedText part : CompelText.parse(text)) {
      assertThat(part.weight()).isNotNaN();
      letters.append(part.text().replaceAll("[^a-c]", ""));
    }
    assertThat(letters.toString()).isEqualTo(text.replace(".attend", "").replaceAll("[^a-c]", ""));
  }
}
