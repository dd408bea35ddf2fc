package org.tastemaker.site;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MarkdownTest {
  private static String html(String text) {
    return Markdown.of("docs/guides/a.md", text).html("guides/a.html");
  }

  @ParameterizedTest
  @CsvSource({
    "README.md, index.html",
    "docs/README.md, index.html",
    "docs/gpu.md, gpu.html",
    "docs/guides/a.md, guides/a.html",
    "CHANGELOG.md, changelog.html",
    "examples/text-to-emoji/README.md, examples/text-to-emoji/index.html",
    "docs/before-after.png, before-after.png"
  })
  void aFileHasItsPage(String file, String page) {
    assertThat(Addresses.of(file)).isEqualTo(page);
  }

  @Test
  void aLinkLeadsToThePageOfItsFile() {
    assertThat(html("[g](../gpu.md#memory) [n](b.md) [o](https://a.example)"))
        .contains("href=\"../gpu.html#memory\"", "href=\"../guides/b.html\"", "https://a.example");
  }

  @Test
  void aClassOfTheLibraryIsInItsDocumentationAndAProgramIsShown() {
    assertThat(html("[s](../../core/src/main/java/org/tastemaker/core/Seed.java)"))
        .contains("href=\"../api/org/tastemaker/core/Seed.html\"");
    assertThat(html("[p](../../core/src/main/java/org/tastemaker/core/package-info.java)"))
        .contains("href=\"../api/org/tastemaker/core/package-summary.html\"");
    assertThat(html("[f](../../examples/src/main/java/org/tastemaker/examples/FourLines.java)"))
        .contains("source/examples/src/main/java/org/tastemaker/examples/FourLines.java.html\"");
  }

  @Test
  void aHeadingHasTheNameThatGitHubGivesIt() {
    assertThat(html("## What 1,000 pairs cost")).contains("id=\"what-1000-pairs-cost\"");
  }

  @Test
  void aTableCanBeScrolled() {
    assertThat(html("| a |\n| --- |\n| b |"))
        .contains("<div class=\"wide\" tabindex=\"0\"><table>");
  }

  @Test
  void markupInTheTextIsText() {
    assertThat(html("<script>alert(1)</script>")).doesNotContain("<script>");
  }

  @Test
  void javaIsInColoursAndStaysTheSameText() {
    assertThat(html("```java\nint a = f(\"x // <y>\"); // int\n```"))
        .contains(
            "<span class=\"keyword\">int</span> a = f("
                + "<span class=\"string\">&quot;x // &lt;y&gt;&quot;</span>); "
                + "<span class=\"comment\">// int</span>");
  }

  @Test
  void aDiagramIsDrawnAndItsTextStaysReadable() {
    assertThat(html("```plantuml\nrectangle \"one\" as a\nrectangle \"two\" as b\na --> b\n```"))
        .contains("<svg ", ">one<", "a --&gt; b");
  }

  @Test
  void whatIsNoDiagramIsRefused() {
    assertThatThrownBy(() -> html("```plantuml\nthis is ]] no diagram\n```"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no diagram");
  }
}
