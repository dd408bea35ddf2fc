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
   * @return {@code /common.css}, {@code /common.js} and {@code /ranking.js}, which needs the others
   */
  public static Map<String, PageFile> files() {
    return Map.of(
        "/common.css", PageFile.of(FrontEnd.class, "common.css"),
        "/common.js", PageFile.of(FrontEnd.class, "common.js"),
        "/ranking.js", PageFile.of(FrontEnd.class, "ranking.js"));
  }
}
