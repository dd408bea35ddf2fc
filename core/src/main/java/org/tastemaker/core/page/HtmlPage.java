package org.tastemaker.core.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The beginning and the end of a page that is one file, and loads nothing. */
public final class HtmlPage {
  private HtmlPage() {}

  /**
   * Begins a page, up to where its body begins: encoding, a policy that forbids the browser to load
   * anything, and the style sheet, which knows light and dark pages, narrow ones, and paper.
   *
   * @param html what it is written into
   * @param title of the window; escaped
   * @param moreStyle a style sheet besides the common one; empty for none
   */
  public static void begin(Markup html, String title, String moreStyle) {
    html.open("html", "lang", "en", "xmlns", "http://www.w3.org/1999/xhtml").newLine();
    html.open("head");
    html.empty("meta", "charset", "utf-8");
    html.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    html.empty("meta", "name", "color-scheme", "content", "light dark");
    html.empty(
        "meta",
        "http-equiv",
        "Content-Security-Policy",
        "content",
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    html.element("title", title).newLine();
    html.style(styleSheet(HtmlPage.class, "page.css") + moreStyle).close("head").newLine();
    html.open("body").newLine();
  }

  /**
   * Ends it.
   *
   * @param html what it was begun in
   */
  public static void end(Markup html) {
    html.close("body").newLine().close("html").newLine();
  }

  /**
   * A style sheet among the resources.
   *
   * @param beside a class of its package
   * @param name of the file
   * @return its text
   */
  public static String styleSheet(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            name + " is not among the resources beside " + beside.getName() + "; build its module");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name + ": " + e.getMessage(), e);
    }
  }
}
