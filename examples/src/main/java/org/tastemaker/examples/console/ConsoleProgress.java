package org.tastemaker.examples.console;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;

/**
 * The progress of a run: a bar with the time left on a terminal, a plain line now and then anywhere
 * else.
 */
public final class ConsoleProgress implements RunListener, AutoCloseable {
  private final PrintStream out;
  private final LongSupplier nanoTime;
  private final Duration plainEvery;
  private final @Nullable ProgressBar bar;
  private final String name;
  private final long total;
  private final long start;
  private long begun = -1; // steps that were done when this run began or went on
  private long lastLine;
  private String message = "";

  private ConsoleProgress(
      String name,
      long total,
      PrintStream out,
      int columns,
      LongSupplier nanoTime,
      Duration plainEvery) {
    this.name = name;
    this.total = total;
    this.out = out;
    this.nanoTime = nanoTime;
    this.plainEvery = plainEvery;
    this.start = nanoTime.getAsLong();
    this.lastLine = start;
    this.bar =
        columns <= 0
            ? null
            : new ProgressBarBuilder()
                .setTaskName(name)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(500)
                .setMaxRenderedLength(columns)
                .setConsumer(new ConsoleProgressBarConsumer(out, columns - 1))
                .build();
  }

  /**
   * For whatever standard output is: a bar on a terminal, a line every 15 seconds elsewhere.
   *
   * @param name what is being done
   * @param total steps in all
   * @return hears {@link RunEvent.Progress} and {@link RunEvent.Metrics}
   */
  public static ConsoleProgress of(String name, long total) {
    return of(name, total, System.out, terminalColumns(), System::nanoTime, Duration.ofSeconds(15));
  }

  /**
   * With everything given.
   *
   * @param name what is being done
   * @param total steps in all
   * @param out where to
   * @param columns of the terminal; 0 for plain lines
   * @param nanoTime the time
   * @param plainEvery how far apart plain lines are
   * @return hears the run
   */
  static ConsoleProgress of(
      String name,
      long total,
      PrintStream out,
      int columns,
      LongSupplier nanoTime,
      Duration plainEvery) {
    return new ConsoleProgress(name, total, out, columns, nanoTime, plainEvery);
  }

  /** The width of the terminal, at least 40; 0 where output is not a terminal. */
  private static int terminalColumns() {
    if (Terminal.console().isEmpty()) {
      return 0;
    }
    try {
      String columns = System.getenv("COLUMNS");
      return columns == null ? 80 : Math.max(40, Integer.parseInt(columns.strip()));
    } catch (NumberFormatException e) {
      return 80;
    }
  }

  @Override
  public void on(RunEvent event) {
    if (event instanceof RunEvent.Progress progress && progress.total() == total) {
      step(progress.done());
    }
  }

  /**
   * What to say beside the bar.
   *
   * @param text short
   */
  public void say(String text) {
    message = text;
    if (bar != null) {
      bar.setExtraMessage(" " + text);
    }
  }

  /**
   * Steps that are done.
   *
   * @param now of all
   */
  public void step(long now) {
    if (begun < 0) {
      begun = now - 1;
    }
    if (bar != null) {
      bar.stepTo(now);
      return;
    }
    long time = nanoTime.getAsLong();
    if (time - lastLine >= plainEvery.toNanos() || now == total) {
      lastLine = time;
      double left = (time - start) * 1e-9 / Math.max(1, now - begun) * (total - now);
      out.printf(
          Locale.ROOT,
          "%s %d of %d%s, %s left%n",
          name,
          now,
          total,
          message.isEmpty() ? "" : ", " + message,
          duration(left));
    }
  }

  /**
   * Metrics in a few words.
   *
   * @param metrics of a round
   * @param names which, in order, with what to call them
   * @return such as {@code reward 0.12, KL 0.003}
   */
  public static String words(Map<String, Double> metrics, Map<String, String> names) {
    StringBuilder words = new StringBuilder();
    names.forEach(
        (metric, called) -> {
          Double value = metrics.get(metric);
          if (value != null) {
            words.append(words.isEmpty() ? "" : ", ").append(called).append(' ');
            words.append(String.format(Locale.ROOT, "%.3g", value));
          }
        });
    return words.toString();
  }

  private static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60 ? whole + " s" : "%d min %02d s".formatted(whole / 60, whole % 60);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
