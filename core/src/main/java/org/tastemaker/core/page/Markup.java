package org.tastemaker.core.page;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;

/**
 * Writes markup that is HTML and well-formed XML at once. Text and attributes are escaped here and
 * nowhere else; only {@link #style} bypasses it.
 */
public final class Markup {
  /** Elements without content: HTML's void ones and the shapes of SVG. HTML closes no others. */
  private static final Set<String> EMPTY =
      Set.of("meta", "img", "br", "path", "line", "circle", "polygon", "rect");

  private final StringBuilder out = new StringBuilder("<!DOCTYPE html>\n");
  private final Deque<String> open = new ArrayDeque<>();

  /** Nothing but the type of the document. */
  public Markup() {}

  /**
   * Opens an element.
   *
   * @param tag its name
   * @param attributes names and values in turn
   * @return this
   */
  public Markup open(String tag, String... attributes) {
    start(tag, attributes);
    out.append('>');
    open.push(tag);
    return this;
  }

  /**
   * Closes the element that was opened last.
   *
   * @param tag its name
   * @return this
   * @throws IllegalStateException if another one is open
   */
  public Markup close(String tag) {
    if (!tag.equals(open.peek())) {
      throw new IllegalStateException("cannot close " + tag + ": open are " + open);
    }
    open.pop();
    out.append("</").append(tag).append('>');
    return this;
  }

  /**
   * An element without content.
   *
   * @param tag one that HTML does not close, or a shape of SVG
   * @param attributes names and values in turn
   * @return this
   */
  public Markup empty(String tag, String... attributes) {
    if (!EMPTY.contains(tag)) {
      throw new IllegalArgumentException("HTML does not close an empty <" + tag + "/>");
    }
    start(tag, attributes);
    out.append("/>");
    return this;
  }

  /**
   * An element with text and nothing else.
   *
   * @param tag its name
   * @param text its content; escaped
   * @param attributes names and values in turn
   * @return this
   */
  public Markup element(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close(tag);
  }

  /**
   * Text.
   *
   * @param text is escaped
   * @return this
   */
  public Markup text(String text) {
    escape(text);
    return this;
  }

  /**
   * A line's end, for those who read the source.
   *
   * @return this
   */
  public Markup newLine() {
    out.append('\n');
    return this;
  }

  /**
   * A style sheet. HTML does not unescape one and XML does, so it must not need it.
   *
   * @param css without the characters {@code <} and {@code &}
   * @return this
   */
  public Markup style(String css) {
    if (css.indexOf('<') >= 0 || css.indexOf('&') >= 0) {
      throw new IllegalArgumentException("a style sheet must have no '<' and no '&'");
    }
    out.append("<style>\n").append(css).append("</style>\n");
    return this;
  }

  /**
   * How much was written.
   *
   * @return characters so far
   */
  public int length() {
    return out.length();
  }

  /**
   * What was written.
   *
   * @return the document
   * @throws IllegalStateException if an element is open
   */
  @Override
  public String toString() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("elements are still open: " + open);
    }
    return out.toString();
  }

  private void start(String tag, String... attributes) {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1]);
      out.append('"');
    }
  }

  private void escape(String text) {
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> {
                  if (isInvisible(c)) {
                    out.append(String.format(Locale.ROOT, "[U+%04X]", c));
                  } else {
                    out.appendCodePoint(isXml(c) ? c : 0xFFFD);
                  }
                }
              }
            });
  }

  /**
   * What changes how other characters are shown, or hides among them: marks that turn the writing
   * direction (U+202E and its kin), spaces of no width, separators of lines. A prompt could look
   * like another one. The joiners of emoji and of scripts that need them stay.
   */
  private static boolean isInvisible(int c) {
    boolean joiner = c == 0x200C || c == 0x200D || (c >= 0xE0020 && c <= 0xE007F);
    int type = Character.getType(c);
    return !joiner
        && (type == Character.FORMAT
            || type == Character.LINE_SEPARATOR
            || type == Character.PARAGRAPH_SEPARATOR
            || c == 0x034F
            || c == 0x115F
            || c == 0x1160
            || c == 0x3164
            || c == 0xFFA0);
  }

  /** The characters of XML 1.0; codePoints() gives half a pair as itself. */
  private static boolean isXml(int c) {
    return c == '\t'
        || c == '\n'
        || c == '\r'
        || (c >= 0x20 && c <= 0xD7FF && !(c >= 0x7F && c <= 0x9F))
        || (c >= 0xE000 && c <= 0xFFFD)
        || c >= 0x10000;
  }
}
