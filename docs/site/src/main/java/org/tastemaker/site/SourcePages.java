package org.tastemaker.site;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Files of code, texts and folders of the project, as pages. */
final class SourcePages {
  private SourcePages() {}

  /** The body of the page. */
  static String html(Path project, String file) throws IOException {
    Path path = project.resolve(file);
    String head = "<h1 class=\"file\">" + JavaCode.escape(file) + "</h1>\n";
    if (Files.isDirectory(path)) {
      return head + folder(path);
    }
    String text;
    try {
      text = Files.readString(path);
    } catch (MalformedInputException e) {
      return head + "<p>" + Files.size(path) + " bytes, no text.</p>\n";
    }
    String code = file.endsWith(".java") ? JavaCode.html(text) : JavaCode.escape(text);
    return head + "<pre tabindex=\"0\"><code>" + code + "</code></pre>\n";
  }

  private static String folder(Path path) throws IOException {
    StringBuilder html = new StringBuilder("<p>A folder of the project:</p>\n<ul>\n");
    try (Stream<Path> files = Files.walk(path)) {
      List<Path> all = files.filter(Files::isRegularFile).sorted().toList();
      for (Path file : all) {
        html.append("<li><code>")
            .append(JavaCode.escape(path.relativize(file).toString()))
            .append("</code>, ")
            .append(Files.size(file))
            .append(" bytes</li>\n");
      }
    }
    return html.append("</ul>\n").toString();
  }
}
