package org.tastemaker.feedback.ledger;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/** The lines of a ledger's file. */
final class LedgerLines {
  static final String BEGIN = "begin";
  static final String PAID = "paid";
  static final String FREE = "free";
  static final String UNKNOWN = "unknown";

  /** How each entry begins; in a text within an entry the quotes would be escaped. */
  private static final String START = "{\"at\":";

  private static final Set<String> EVENTS = Set.of(BEGIN, PAID, FREE, UNKNOWN);
  private static final JsonAdapter<Line> JSON =
      new Moshi.Builder().build().adapter(Line.class).failOnUnknown();

  private LedgerLines() {}

  /**
   * One line; public, in a class that is not, since Moshi calls its accessors. Amounts are text, so
   * that no reader rounds them.
   *
   * @param at when
   * @param event {@code begin}, {@code paid}, {@code free} or {@code unknown}
   * @param call the same number at the call's beginning and its end
   * @param by who makes the call; at its beginning only
   * @param name of a batch; at its beginning only
   * @param unsaid requests of a batch that count with their estimates; null for none
   */
  public record Line(
      String at,
      String event,
      long call,
      String model,
      long requests,
      long input,
      long cached,
      long output,
      String cost,
      @Nullable String request,
      @Nullable String by,
      @Nullable String name,
      @Nullable Long unsaid) {}

  /** What counts of a line. */
  record Entry(String event, long call, Sums sums, String by, String name, long unsaid) {}

  /**
   * A line of the file.
   *
   * @param entries one; none or several where a line was cut and another stands right behind it
   * @param damaged whether some of it is no entry
   */
  record Parsed(List<Entry> entries, boolean damaged) {}

  static String begin(
      Instant at, long call, String model, Sums asked, @Nullable String by, String name) {
    return write(at, BEGIN, call, model, asked, null, by, orNull(name), 0);
  }

  /**
   * The end of a call.
   *
   * @param unsaid requests that count with their estimates
   */
  static String end(Instant at, long call, String model, Sums used, long unsaid, String request) {
    boolean all = unsaid > 0 && unsaid >= used.usage().requests();
    String event = all ? UNKNOWN : used.usage().equals(Usage.NONE) ? FREE : PAID;
    return write(at, event, call, model, used, orNull(request), null, null, all ? 0 : unsaid);
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  static Parsed parse(String text) {
    Entry whole = entry(text);
    if (whole != null) {
      return new Parsed(List.of(whole), false);
    }
    List<Entry> entries = new ArrayList<>();
    for (int start = text.indexOf(START); start >= 0; ) {
      int next = text.indexOf(START, start + 1);
      Entry part = entry(text.substring(start, next < 0 ? text.length() : next));
      if (part != null) {
        entries.add(part);
      }
      start = next;
    }
    return new Parsed(entries, true);
  }

  private static @Nullable Entry entry(String text) {
    try {
      Line line = JSON.fromJson(text);
      if (line == null || !EVENTS.contains(line.event) || line.call < 1) {
        return null;
      }
      Usage usage = new Usage(line.requests, line.input, line.cached, line.output);
      if (!Amounts.isOfOneCall(usage) || line.call > Usage.MOST) {
        return null;
      }
      return new Entry(
          line.event,
          line.call,
          new Sums(usage, Amounts.parse(line.cost)),
          line.by == null ? "" : line.by,
          line.name == null ? "" : line.name,
          line.event.equals(UNKNOWN)
              ? Math.max(1, line.requests)
              : line.unsaid == null ? 0 : Math.max(0, line.unsaid));
    } catch (IOException | JsonDataException | IllegalArgumentException | NullPointerException e) {
      return null; // counted by the caller
    }
  }

  private static String write(
      Instant at,
      String event,
      long call,
      String model,
      Sums sums,
      @Nullable String request,
      @Nullable String by,
      @Nullable String name,
      long unsaid) {
    return JSON.toJson(
        new Line(
            at.toString(),
            event,
            call,
            model,
            sums.usage().requests(),
            sums.usage().inputTokens(),
            sums.usage().cachedInputTokens(),
            sums.usage().outputTokens(),
            sums.cost().toPlainString(),
            request,
            by,
            name,
            unsaid == 0 ? null : (Long) unsaid));
  }
}
