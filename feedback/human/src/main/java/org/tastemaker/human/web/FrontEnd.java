package org.tastemaker.human.web;

import java.util.Map;

/**
 * What all pages share in the browser: colours and buttons, the sending of clicks, and the widget
 * in which images are ranked.
 */
public final class FrontEnd {
  private FrontEnd() {}

  /**
   * The shared files.
   *
   * @return {@code /common.css}, {@code /common.js}, {@code /ranking.js}, which needs them, and for
   *     pages with one question after another {@code /judging.css} and {@code /judging.js}
   */
  public static Map<String, PageFile> files() {
    return Map.of(
        "/common.css", PageFile.of(FrontEnd.class, "common.css"),
        "/common.js", PageFile.of(FrontEnd.class, "common.js"),
        "/ranking.js", PageFile.of(FrontEnd.class, "ranking.js"),
        "/judging.css", PageFile.of(FrontEnd.class, "judging.css"),
        "/judging.js", PageFile.of(FrontEnd.class, "judging.js"));
  }
}
