package org.tastemaker.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The project's own pages. */
class SiteTest {
  private static final Path PROJECT = Path.of("../..");

  @TempDir static Path site;

  @BeforeAll
  static void write() throws IOException {
    Site.writePages(PROJECT, site); // fails on a dead link, and on a page that is in no list
  }

  private static List<String> pages() throws IOException {
    try (Stream<Path> files = Files.walk(site)) {
      return files
          .filter(file -> file.toString().endsWith(".html"))
          .map(file -> site.relativize(file).toString().replace('\\', '/'))
          .toList();
    }
  }

  @Test
  void everyLinkOfItsPagesButThoseToClassesLeadsSomewhere() throws IOException {
    assertThat(DeadLinks.inSite(site)).allMatch(link -> link.contains("api/"));
  }

  @Test
  void everyLinkToAClassIsToOneThatThereIs() throws IOException {
    Sources sources = Sources.of(PROJECT);

    assertThat(DeadLinks.inMarkdown(PROJECT, sources.markdown())).isEmpty();
    assertThat(DeadLinks.inMarkdown(PROJECT, List.of("README.md"))).isEmpty();
  }

  @Test
  void itHasThePagesThatPeopleLookFor() throws IOException {
    assertThat(pages())
        .contains(
            "index.html",
            "contents.html",
            "getting-started.html",
            "guides/stable-diffusion.html",
            "guides/chatgpt.html",
            "guides/rank-by-hand.html",
            "guides/own-parts.html",
            "guides/lora-files.html",
            "guides/when-it-fails.html",
            "gpu.html",
            "spark.html",
            "methods.html",
            "design.html",
            "changelog.html");
  }

  @Test
  void nothingIsLoadedFromElsewhereAndNothingNeedsAScript() throws IOException {
    Pattern loaded =
        Pattern.compile("<script|<iframe|@import|src=\"(?!data:)[a-z]+:|<link[^>]*href=\"[a-z]+:");
    for (String page : pages()) {
      assertThat(Files.readString(site.resolve(page))).as(page).doesNotContainPattern(loaded);
    }
    assertThat(Files.readString(site.resolve("style.css"))).doesNotContain("url(", "@import");
  }

  @Test
  void twelveEverydayTasksAreOneClickAwayFromTheFirstPage() throws IOException {
    String first = Files.readString(site.resolve("index.html"));
    String tasks = first.substring(first.indexOf("I want to"), first.indexOf("The methods</h2>"));

    assertThat(Pattern.compile("<li><a href=").matcher(tasks).results()).hasSizeGreaterThan(11);
  }

  @Test
  void diagramsArePictures() throws IOException {
    assertThat(Files.readString(site.resolve("design.html")))
        .contains("<svg ", ">FeedbackOracle<")
        .doesNotContain("<?plantuml");
  }
}
