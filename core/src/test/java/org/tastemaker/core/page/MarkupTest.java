package org.tastemaker.core.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MarkupTest {
  private static String written(String text) {
    return new Markup().element("p", text, "title", text).toString();
  }

  @Test
  void marksThatTurnTheWritingDirectionAreShownAsSuch() {
    for (String mark :
        "\u202A \u202B \u202C \u202D \u202E \u2066 \u2067 \u2068 \u2069 \u200E \u200F \u061C"
            .split(" ", -1)) {
      String shown = String.format("a[U+%04X]b", mark.codePointAt(0));
      assertThat(written("a" + mark + "b"))
          .doesNotContain(mark)
          .contains(">" + shown + "<")
          .contains("\"" + shown + "\"");
    }
  }

  @Test
  void charactersOfNoWidthAndSeparatorsOfLinesAreShownAsSuch() {
    assertThat(written("a\u200Bb\u2060c\uFEFFd\u00ADe\u2028f\u2029g\u3164h"))
        .contains("a[U+200B]b[U+2060]c[U+FEFF]d[U+00AD]e[U+2028]f[U+2029]g[U+3164]h");
  }

  @Test
  void joinersOfEmojiAndOfScriptsStay() {
    String family = "\uD83D\uDC69\u200D\uD83D\uDCBB";
    assertThat(written(family + " \u0646\u0645\u06CC\u200C\u062E"))
        .contains(family, "\u06CC\u200C\u062E");
  }
}
