package org.tastemaker.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What the site is made of.
 *
 * @param markdown files that become pages, from the project's folder
 * @param code files of code, texts and folders that they lead to
 * @param pictures that they show
 */
record Sources(List<String> markdown, List<String> code, List<String> pictures) {
  private static final List<String> BESIDE =
      List.of("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md");

  Sources {
    markdown = List.copyOf(markdown);
    code = List.copyOf(code);
    pictures = List.copyOf(pictures);
  }

  /** Those of docs, those beside it, and what these lead to, wherever in the project it is. */
  static Sources of(Path project) throws IOException {
    Deque<String> open = new ArrayDeque<>(inDocs(project));
    open.addAll(BESIDE);
    List<String> markdown = new ArrayList<>();
    TreeSet<String> code = new TreeSet<>();
    TreeSet<String> pictures = new TreeSet<>();
    while (!open.isEmpty()) {
      String file = open.remove();
      if (markdown.contains(file)) {
        continue;
      }
      markdown.add(file);
      for (Reference reference : Markdown.read(project, file).references()) {
        String target = reference.file();
        if (target.isEmpty() || target.equals("README.md")) {
          continue;
        }
        if (reference.picture()) {
          pictures.add(target);
        } else if (target.endsWith(".md")) {
          open.add(target);
        } else if (Addresses.ofClass(target).isEmpty()) {
          code.add(target);
        }
      }
    }
    return new Sources(markdown, List.copyOf(code), List.copyOf(pictures));
  }

  private static List<String> inDocs(Path project) throws IOException {
    Path docs = project.resolve("docs");
    try (Stream<Path> files = Files.walk(docs)) {
      return files
          .map(file -> "docs/" + docs.relativize(file).toString().replace('\\', '/'))
          .filter(file -> file.endsWith(".md") && !file.startsWith("docs/site/"))
          .sorted()
          .toList();
    }
  }
}
