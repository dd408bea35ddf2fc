package org.tastemaker.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadLinksTest {
  @TempDir Path folder;

  @Test
  void aMissingFileAndAMissingHeadingAreFoundInMarkdown() throws IOException {
    Files.createDirectories(folder.resolve("docs"));
    Files.writeString(
        folder.resolve("docs/a.md"), "# A\n[b](b.md#x) [b](b.md#y-z) [c](c.md) [](#a)");
    Files.writeString(folder.resolve("docs/b.md"), "# B\n## Y, z");

    assertThat(DeadLinks.inMarkdown(folder, List.of("docs/a.md")))
        .containsExactly("docs/a.md: b.md#x", "docs/a.md: c.md");
  }

  @Test
  void aMissingPageAndAMissingAnchorAreFoundInASite() throws IOException {
    Files.writeString(
        folder.resolve("a.html"),
        "<a href=\"b.html#x\"></a><a href=\"b.html#y\"></a><img src=\"c.png\"><a href=\"https://d.example\">");
    Files.writeString(folder.resolve("b.html"), "<h1 id=\"x\">");

    assertThat(DeadLinks.inSite(folder))
        .containsExactlyInAnyOrder("a.html: b.html#y", "a.html: c.png");
  }

  @Test
  void anAddressElsewhereIsNotFollowed() throws IOException {
    Files.writeString(
        folder.resolve("a.md"), "[a](https://a.example/b.md#c) [m](mailto:a@a.example)");

    assertThat(DeadLinks.inMarkdown(folder, List.of("a.md"))).isEmpty();
  }
}
