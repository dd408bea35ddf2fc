package org.tastemaker.site;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The frame of every page. */
final class Template {
  private final Path site;
  private final Contents contents;
  private final String frame;

  Template(Path site, Contents contents) throws IOException {
    this.site = site;
    this.contents = contents;
    this.frame = resource("page.html");
  }

  /** Writes a page. */
  void write(String page, String title, String body) throws IOException {
    Path file = site.resolve(page);
    Files.createDirectories(Objects.requireNonNull(file.getParent(), "a page is in the site"));
    Files.writeString(
        file,
        frame
            .replace("{title}", JavaCode.escape(title))
            .replace("{up}", Addresses.from(page, ""))
            .replace("{navigation}", contents.navigation(page))
            .replace("{body}", body));
  }

  /** Writes what all pages share. */
  void writeStyle() throws IOException {
    Files.createDirectories(site);
    Files.writeString(site.resolve("style.css"), resource("style.css"));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Template.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), UTF_8);
    }
  }
}
