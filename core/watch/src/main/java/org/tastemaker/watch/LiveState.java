package org.tastemaker.watch;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;

/**
 * What a live page shows.
 *
 * @param title of the page
 * @param phase whether the run goes on
 * @param words about how it ended; empty for none
 * @param done rounds
 * @param total rounds in all, 0 where it is not known
 * @param left the time and the money that are left, a sentence each
 * @param now when the page is written
 * @param round of the latest numbers
 * @param latest the newest value of each metric, by name
 * @param curves by name
 * @param pictures the newest ones, small
 * @param notices the newest ones
 */
record LiveState(
    String title,
    Phase phase,
    String words,
    long done,
    long total,
    List<String> left,
    Instant now,
    long round,
    Map<String, Double> latest,
    Map<String, LiveCurve> curves,
    Shown pictures,
    List<RunEvent.Notice> notices) {
  /** How a run is. */
  enum Phase {
    RUNNING("Running", ""),
    FINISHED("Finished", "better"),
    STOPPED("Stopped", "worse"),
    FAILED("Failed", "worse");

    final String word;
    final String style;

    Phase(String word, String style) {
      this.word = word;
      this.style = style;
    }
  }

  /**
   * Pictures.
   *
   * @param round of which they are
   * @param images small ones
   * @param captions as many, or none
   */
  record Shown(long round, List<Image> images, List<String> captions) {
    static final Shown NONE = new Shown(0, List.of(), List.of());
  }
}
