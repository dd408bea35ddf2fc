package org.tastemaker.site;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import net.sourceforge.plantuml.FileFormat;
import net.sourceforge.plantuml.FileFormatOption;
import net.sourceforge.plantuml.SourceStringReader;
import net.sourceforge.plantuml.error.PSystemError;

/** A picture made from PlantUML's text, laid out without Graphviz. */
final class Diagram {
  private static final String STYLE =
      """
      !pragma layout smetana
      skinparam backgroundColor transparent
      skinparam shadowing false
      skinparam defaultFontName sans-serif
      skinparam rectangle {
        RoundCorner 8
        BackgroundColor #F4F4F1
        BorderColor #7A7A76
        FontColor #1E1E1C
      }
      skinparam ArrowColor #5A5A56
      skinparam ArrowFontColor #3A3A38
      """;

  private Diagram() {}

  /**
   * The picture inside a page, and its text for those who do not see it.
   *
   * @throws IllegalArgumentException if the text is no diagram
   */
  static String html(String text) {
    return "<figure class=\"diagram\"><div class=\"wide\" tabindex=\"0\">"
        + svg(text)
        + "</div><figcaption><details><summary>The same as text</summary><pre><code>"
        + JavaCode.escape(text)
        + "</code></pre></details></figcaption></figure>";
  }

  private static String svg(String text) {
    System.setProperty("PLANTUML_SECURITY_PROFILE", "SANDBOX"); // a text reads no file, no address
    SourceStringReader reader =
        new SourceStringReader("@startuml\n" + STYLE + text + "\n@enduml\n");
    if (reader.getBlocks().get(0).getDiagram() instanceof PSystemError error) {
      throw new IllegalArgumentException(
          "the block plantuml is no diagram (" + error.getDescription() + "):\n" + text);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      Object unused = reader.outputImage(bytes, new FileFormatOption(FileFormat.SVG, false));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes
        .toString(UTF_8)
        .replaceAll("(?s)<\\?.*?\\?>", "") // the declaration, and the text once more
        .replaceAll("(?s)<!--.*?-->", "")
        .replaceFirst("<svg ", "<svg role=\"img\" aria-label=\"The diagram whose text follows\" ");
  }
}
