package org.tastemaker.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Makes the site: {@code ./mvnw -q -Psite -pl docs/site -am package}. */
public final class Site {
  private Site() {}

  /**
   * Writes the site in place of an earlier one.
   *
   * @param args the project's folder, the site's folder, the version
   * @throws IOException if a file cannot be read or written
   * @throws IllegalStateException if a link leads nowhere, or a page of docs is in no list
   */
  public static void main(String[] args) throws IOException {
    Path project = Path.of(args[0]);
    Path site = Path.of(args[1]);
    removeEarlier(site);
    writePages(project, site);
    Apidoc.write(project, site.resolve("api"), args[2]);
    failOn("The site has links that lead nowhere", DeadLinks.inSite(site));
  }

  /** All pages but the API's. */
  static void writePages(Path project, Path site) throws IOException {
    Sources sources = Sources.of(project);
    failOn("Links lead nowhere", DeadLinks.inMarkdown(project, sources.markdown()));
    Contents contents = Contents.of(project, sources);
    failOn("docs/README.md does not lead to", contents.forgotten());

    Template template = new Template(site, contents);
    template.writeStyle();
    for (Map.Entry<String, Markdown> page : contents.pages().entrySet()) {
      String address = Addresses.of(page.getKey());
      template.write(address, page.getValue().title(), page.getValue().html(address));
    }
    template.write(Contents.PAGE, "All pages and headings", contents.list());
    for (String file : sources.code()) {
      template.write(Addresses.ofSource(file), file, SourcePages.html(project, file));
    }
    for (String picture : sources.pictures()) {
      Path target = site.resolve(Addresses.of(picture));
      Files.createDirectories(
          Objects.requireNonNull(target.getParent(), "a picture is in the site"));
      Files.write(target, Files.readAllBytes(project.resolve(picture)));
    }
  }

  /** Only what is a site is removed. */
  private static void removeEarlier(Path site) throws IOException {
    if (!Files.exists(site.resolve("style.css"))) {
      return;
    }
    try (Stream<Path> files = Files.walk(site)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static void failOn(String what, List<String> problems) {
    if (!problems.isEmpty()) {
      throw new IllegalStateException(what + ":\n" + String.join("\n", problems));
    }
  }
}
