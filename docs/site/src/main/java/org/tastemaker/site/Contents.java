package org.tastemaker.site;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;

/**
 * The order of the pages, which is that of the lists on the first page, docs/README.md: each of its
 * headings is a part of the navigation.
 */
final class Contents {
  static final String FIRST = "docs/README.md";
  static final String PAGE = "contents.html";
  static final String API = "api/index.html";

  private final Map<String, Map<String, String>> parts = new LinkedHashMap<>();
  private final Map<String, Markdown> pages = new LinkedHashMap<>();

  /** Of the site's files. */
  static Contents of(Path project, Sources sources) throws IOException {
    Contents contents = new Contents();
    for (String file : sources.markdown()) {
      contents.pages.put(file, Markdown.read(project, file));
    }
    contents.readFirstPage(Markdown.read(project, FIRST));
    return contents;
  }

  private void readFirstPage(Markdown first) {
    List<String> heading = new ArrayList<>(List.of(""));
    first
        .document()
        .accept(
            new AbstractVisitor() {
              @Override
              public void visit(Heading node) {
                heading.set(0, Markdown.textOf(node).replace("I want to …", "Guides"));
              }

              @Override
              public void visit(Link link) {
                Reference to = Reference.of(FIRST, link.getDestination(), false);
                Markdown page = pages.get(to.file());
                if (page != null && !heading.get(0).isEmpty()) {
                  parts
                      .computeIfAbsent(heading.get(0), all -> new LinkedHashMap<>())
                      .putIfAbsent(Addresses.of(to.file()), page.title());
                }
              }
            });
  }

  /** Pages that the first page does not lead to. */
  List<String> forgotten() {
    return pages.keySet().stream()
        .filter(file -> file.startsWith("docs/") && !file.equals(FIRST))
        .filter(file -> parts.values().stream().noneMatch(p -> p.containsKey(Addresses.of(file))))
        .toList();
  }

  /** The navigation, seen from a page. */
  String navigation(String page) {
    StringBuilder html = new StringBuilder("<ul>\n");
    html.append(entry(page, "index.html", "First page"));
    html.append(entry(page, PAGE, "All pages and headings"));
    html.append(entry(page, API, "API documentation")).append("</ul>\n");
    parts.forEach(
        (part, entries) -> {
          html.append("<h2>").append(JavaCode.escape(part)).append("</h2>\n<ul>\n");
          entries.forEach((target, title) -> html.append(entry(page, target, title)));
          html.append("</ul>\n");
        });
    return html.toString();
  }

  private static String entry(String page, String target, String title) {
    String here = page.equals(target) ? "\" aria-current=\"page" : "";
    return "<li>" + link(Addresses.from(page, target), here, title) + "</li>\n";
  }

  private static String link(String address, String more, String text) {
    return "<a href=\"" + JavaCode.escape(address) + more + "\">" + JavaCode.escape(text) + "</a>";
  }

  /** The body of the page that lists all pages, with their headings. */
  String list() {
    StringBuilder html = new StringBuilder("<h1>All pages and headings</h1>\n<p>");
    html.append(link(API, "", "API documentation")).append(": all packages and classes.</p>\n");
    pages.forEach(
        (file, page) -> {
          String address = Addresses.of(file);
          html.append("<h2 class=\"entry\">").append(link(address, "", page.title()));
          html.append("</h2>\n<ul>\n");
          for (Markdown.Title title : page.titles()) {
            if (title.level() == 2) {
              String to = address + "#" + title.anchor();
              html.append("<li>").append(link(to, "", title.text())).append("</li>\n");
            }
          }
          html.append("</ul>\n");
        });
    return html.toString();
  }

  Map<String, Markdown> pages() {
    return pages;
  }
}
