package org.tastemaker.feedback.votes;

import java.util.List;
import java.util.Locale;

/**
 * What a reading found and what it left out.
 *
 * @param records read so far
 * @param rows given out
 * @param leftOut rows that were not given out, by reason
 * @param images that cannot be used, by what is wrong with them; their rows are given out where at
 *     least two others can be used
 */
public record ReadingReport(long records, long rows, List<Reason> leftOut, List<Reason> images) {
  public ReadingReport {
    leftOut = List.copyOf(leftOut);
    images = List.copyOf(images);
  }

  /**
   * How often something was so.
   *
   * @param what was so
   * @param count how often
   * @param first the names of the first ten, each with what else is known of it
   */
  public record Reason(String what, long count, List<String> first) {
    public Reason {
      first = List.copyOf(first);
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: %d (%s%s)",
          what,
          count,
          String.join("; ", first),
          count > first.size() ? "; ..." : "");
    }
  }

  /**
   * How many rows were left out.
   *
   * @return all of them together
   */
  public long leftOutRows() {
    return leftOut.stream().mapToLong(Reason::count).sum();
  }

  /**
   * How many images cannot be used.
   *
   * @return all of them together
   */
  public long unusableImages() {
    return images.stream().mapToLong(Reason::count).sum();
  }

  /**
   * Makes sure that nothing was left out.
   *
   * @return this report
   * @throws IllegalStateException if a row was left out, or an image cannot be used
   */
  public ReadingReport requireWhole() {
    if (leftOutRows() > 0 || unusableImages() > 0) {
      throw new IllegalStateException("the data set is not whole: " + this);
    }
    return this;
  }

  /**
   * The report for people.
   *
   * @return a line, and one more for each reason
   */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%d records, %d rows, %d left out, %d images that cannot be used",
                records,
                rows,
                leftOutRows(),
                unusableImages()));
    leftOut.forEach(reason -> text.append("\n  left out, ").append(reason));
    images.forEach(reason -> text.append("\n  images, ").append(reason));
    return text.toString();
  }
}
