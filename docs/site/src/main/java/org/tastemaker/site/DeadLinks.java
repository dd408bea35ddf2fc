package org.tastemaker.site;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What leads nowhere. */
final class DeadLinks {
  private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");
  private static final Pattern ID = Pattern.compile("(?:id|name)=\"([^\"]*)\"");

  private DeadLinks() {}

  /** In Markdown files: "file: link" for each. */
  static List<String> inMarkdown(Path project, List<String> files) throws IOException {
    Map<String, Set<String>> anchors = new HashMap<>();
    List<String> dead = new ArrayList<>();
    for (String file : files) {
      for (Reference reference : Markdown.read(project, file).references()) {
        String target = reference.file();
        if (target.isEmpty()) {
          continue;
        }
        boolean there = Files.exists(project.resolve(target));
        if (there && !reference.anchor().isEmpty() && target.endsWith(".md")) {
          if (!anchors.containsKey(target)) {
            anchors.put(
                target,
                Markdown.read(project, target).titles().stream()
                    .map(Markdown.Title::anchor)
                    .collect(Collectors.toSet()));
          }
          there = Objects.requireNonNull(anchors.get(target)).contains(reference.anchor());
        }
        if (!there) {
          dead.add(file + ": " + reference.written());
        }
      }
    }
    return dead;
  }

  /** In a finished site, with the anchors of those pages that are not the API's. */
  static List<String> inSite(Path site) throws IOException {
    Map<Path, Set<String>> ids = new HashMap<>();
    List<String> dead = new ArrayList<>();
    for (Path page : pages(site)) {
      boolean ours = !site.relativize(page).startsWith("api");
      for (String link : found(LINK, Files.readString(page))) {
        if (link.contains(":") || link.startsWith("//") || (!ours && link.contains("#"))) {
          continue;
        }
        URI uri = URI.create(link.replace("&amp;", "&"));
        Path target =
            uri.getPath().isEmpty() ? page : page.resolveSibling(uri.getPath()).normalize();
        boolean there = Files.exists(target);
        if (there && uri.getFragment() != null) {
          if (!ids.containsKey(target)) {
            ids.put(target, found(ID, Files.readString(target)));
          }
          there = Objects.requireNonNull(ids.get(target)).contains(uri.getFragment());
        }
        if (!there) {
          dead.add(site.relativize(page) + ": " + link);
        }
      }
    }
    return dead;
  }

  private static List<Path> pages(Path site) throws IOException {
    try (Stream<Path> files = Files.walk(site)) {
      return files.filter(file -> file.toString().endsWith(".html")).sorted().toList();
    }
  }

  private static Set<String> found(Pattern pattern, String html) {
    Set<String> found = new HashSet<>();
    Matcher matcher = pattern.matcher(html);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
