package org.tastemaker.examples.report;

import java.util.Base64;
import java.util.Map;
import org.tastemaker.core.Image;

/** Parts that several sections of a report share. */
final class Parts {
  /** Smaller images are pixel art: enlarged, they stay crisp. */
  private static final int PIXEL_ART = 64;

  private final Markup html;

  Parts(Markup html) {
    this.html = html;
  }

  void facts(Map<String, String> rows) {
    html.open("table", "class", "facts").open("tbody").newLine();
    rows.forEach(
        (name, value) ->
            html.open("tr")
                .element("th", name, "scope", "row")
                .element("td", value)
                .close("tr")
                .newLine());
    html.close("tbody").close("table");
  }

  void section(String title, String note) {
    html.open("section").element("h2", title);
    if (!note.isEmpty()) {
      html.element("p", note, "class", "note");
    }
    html.newLine();
  }

  void endSection() {
    html.close("section").newLine();
  }

  void quoted(String prompt) {
    html.element("h3", prompt.isEmpty() ? "(the empty prompt)" : "\u201c" + prompt + "\u201d");
  }

  void image(Image image, String alt) {
    boolean small = image.width() <= PIXEL_ART && image.height() <= PIXEL_ART;
    html.empty(
        "img",
        "src",
        "data:image/png;base64," + Base64.getEncoder().encodeToString(image.toPng()),
        "width",
        Integer.toString(image.width()),
        "height",
        Integer.toString(image.height()),
        "alt",
        alt,
        "class",
        small ? "pixels" : "photo");
  }
}
