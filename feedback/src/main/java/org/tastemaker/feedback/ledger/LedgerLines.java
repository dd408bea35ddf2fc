package org.tastemaker.feedback.ledger;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.LineLog;

/** The lines of a ledger's file. */
final class LedgerLines {
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
      @Nullable String request) {}

  /**
   * What a file records.
   *
   * @param nextId an unused number
   */
  record Past(Sums spent, long unknown, long nextId, int openEntries, int damagedLines) {
    static final Past NONE = new Past(Sums.NONE, 0, 1, 0, 0);
  }

  static String begin(Instant at, long call, String model, Sums estimate) {
    return line(at, "begin", call, model, estimate, "");
  }

  static String end(
      Instant at, long call, String model, Sums used, boolean estimated, String request) {
    String event = estimated ? "unknown" : used.usage().equals(Usage.NONE) ? "free" : "paid";
    return line(at, event, call, model, used, request);
  }

  static Past read(Path file) {
    Sums spent = Sums.NONE;
    Map<Long, Sums> open = new HashMap<>();
    long unknown = 0;
    long last = 0;
    int damaged = 0;
    for (String text : LineLog.read(file).lines()) {
      Line line;
      Sums sums;
      try {
        line = JSON.fromJson(text);
        if (line == null) {
          throw new JsonDataException("null");
        }
        sums =
            new Sums(
                new Usage(line.requests, line.input, line.cached, line.output),
                new BigDecimal(line.cost));
      } catch (IOException
          | JsonDataException
          | IllegalArgumentException
          | NullPointerException e) {
        damaged++;
        continue;
      }
      last = Math.max(last, line.call);
      if (line.event.equals("begin")) {
        open.put(line.call, sums);
      } else if (open.remove(line.call) != null) {
        spent = spent.plus(sums);
        unknown += line.event.equals("unknown") ? 1 : 0;
      } else {
        damaged++; // an end without a beginning
      }
    }
    for (Sums sums : open.values()) {
      spent = spent.plus(sums);
    }
    return new Past(spent, unknown + open.size(), last + 1, open.size(), damaged);
  }

  private static String line(
      Instant at, String event, long call, String model, Sums sums, String request) {
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
            request.isEmpty() ? null : request));
  }
}
