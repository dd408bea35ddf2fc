package org.tastemaker.core.page;

import java.util.Base64;
import java.util.Map;
import org.tastemaker.core.Image;

/** Parts that the sections of pages share. */
public final class Parts {
  /** Smaller images are pixel art: enlarged, they stay crisp. */
  private static final int PIXEL_ART = 64;

  private static final double JPEG_QUALITY = 0.8;

  private final Markup html;

  /**
   * Parts of a page.
   *
   * @param html what they are written into
   */
  public Parts(Markup html) {
    this.html = html;
  }

  /**
   * A table of names and values.
   *
   * @param rows in their order
   */
  public void facts(Map<String, String> rows) {
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

  /**
   * Begins a section.
   *
   * @param title its heading
   * @param note below it; empty for none
   */
  public void section(String title, String note) {
    html.open("section").element("h2", title);
    if (!note.isEmpty()) {
      html.element("p", note, "class", "note");
    }
    html.newLine();
  }

  /** Ends a section. */
  public void endSection() {
    html.close("section").newLine();
  }

  /**
   * A prompt as a heading.
   *
   * @param prompt its text
   */
  public void quoted(String prompt) {
    html.element("h3", prompt.isEmpty() ? "(the empty prompt)" : "\u201c" + prompt + "\u201d");
  }

  /**
   * An image as it is.
   *
   * @param image embedded as PNG
   * @param alt for those who do not see it
   */
  public void image(Image image, String alt) {
    embed(image, "image/png", image.toPng(), alt);
  }

  /**
   * An image that takes little room: a larger one is made smaller, and a JPEG.
   *
   * @param image any
   * @param most pixels of its longer side in the page, at least 1
   * @param alt for those who do not see it
   */
  public void thumbnail(Image image, int most, String alt) {
    int longer = Math.max(image.width(), image.height());
    if (longer <= PIXEL_ART) {
      image(image, alt);
      return;
    }
    double scale = Math.min(1, (double) most / longer);
    int height = Math.max(1, (int) Math.round(image.height() * scale));
    int width = Math.max(1, (int) Math.round(image.width() * scale));
    Image small = scale < 1 ? image.resized(height, width) : image;
    embed(small, "image/jpeg", small.toJpeg(JPEG_QUALITY), alt);
  }

  private void embed(Image image, String type, byte[] bytes, String alt) {
    boolean small = image.width() <= PIXEL_ART && image.height() <= PIXEL_ART;
    html.empty(
        "img",
        "src",
        "data:" + type + ";base64," + Base64.getEncoder().encodeToString(bytes),
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
