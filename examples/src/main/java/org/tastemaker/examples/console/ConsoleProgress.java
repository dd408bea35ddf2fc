package org.tastemaker.examples.console;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;

/**
 * The progress of a run: a bar with the time left on a terminal, and elsewhere a plain line from
 * time to time.
 */
public final class ConsoleProgress implements RunListener, AutoCloseable {
  private final PrintStream out;
  private final LongSupplier nanoTime;
  private final Duration plainEvery;
  private final @Nullable ProgressBar bar;
  private final String name;
  private final long total;
  private final long start;
  private long begun = -1; // steps that were done when this run began or was resumed
  private long lastLine;
  private long lastStep;
  private long done;
  private String words = "";
  private String brief = "";

  /** Makes the display of something long. */
  @FunctionalInterface
  public interface Factory {
    /**
     * Begins to show.
     *
     * @param name what is being done
     * @param total steps in all
     * @return the display: the caller closes it
     */
    ConsoleProgress of(String name, long total);
  }

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
                .setRenderer((state, width) -> line().fitting(width))
                .setUpdateIntervalMillis(500)
                .setMaxRenderedLength(columns)
                .setConsumer(new ConsoleProgressBarConsumer(out, columns - 1))
                .build();
  }

  /**
   * A display on standard output: a bar on a terminal, a line every 15 seconds elsewhere.
   *
   * @param name what is being done
   * @param total steps in all
   * @return listens to {@link RunEvent.Progress}, and prints each {@link RunEvent.Notice}
   */
  public static ConsoleProgress of(String name, long total) {
    return of(name, total, System.out, terminalColumns(), System::nanoTime, Duration.ofSeconds(15));
  }

  /**
   * A display on standard error, for programs whose standard output is read by another: a bar on a
   * terminal, and elsewhere nothing but notices.
   *
   * @param name what is being done
   * @param total steps in all
   * @return listens to {@link RunEvent.Progress}, and prints each {@link RunEvent.Notice}
   */
  public static ConsoleProgress onErrors(String name, long total) {
    return of(
        name,
        total,
        System.err,
        terminalColumns(),
        System::nanoTime,
        Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * A display with all settings given.
   *
   * @param name what is being done
   * @param total steps in all
   * @param out to write to
   * @param columns of the terminal; 0 for plain lines
   * @param nanoTime the clock
   * @param plainEvery time between plain lines; the longest there is for none, not even the last
   * @return listens to the run
   */
  public static ConsoleProgress of(
      String name,
      long total,
      PrintStream out,
      int columns,
      LongSupplier nanoTime,
      Duration plainEvery) {
    return new ConsoleProgress(name, total, out, columns, nanoTime, plainEvery);
  }

  private static int terminalColumns() {
    return Terminal.console().isEmpty() ? 0 : Terminal.columns(System.getenv("COLUMNS"));
  }

  @Override
  public void on(RunEvent event) {
    if (event instanceof RunEvent.Progress progress && progress.total() == total) {
      step(progress.done());
    } else if (event instanceof RunEvent.Notice notice) {
      tell(notice.message());
    }
  }

  /** A line of its own, also beside a bar, which is drawn anew below it. */
  private synchronized void tell(String message) {
    out.println((bar == null ? "" : System.lineSeparator()) + message);
  }

  /**
   * Sets the text beside the bar.
   *
   * @param text short
   */
  public void say(String text) {
    say(text, text);
  }

  /**
   * Sets the text beside the bar.
   *
   * @param text short
   * @param shorter the same for a narrow terminal, in 25 characters or so
   */
  public synchronized void say(String text, String shorter) {
    words = text;
    brief = shorter;
  }

  /**
   * Sets how many steps are done.
   *
   * @param now steps that are done
   */
  public synchronized void step(long now) {
    if (begun < 0) {
      begun = now - 1;
    }
    done = now;
    lastStep = nanoTime.getAsLong();
    if (bar != null) {
      bar.stepTo(now);
    } else if (isDue(now)) {
      lastLine = lastStep;
      out.println(line().plain());
    }
  }

  private boolean isDue(long now) {
    long every = plainEvery.toNanos();
    return lastStep - lastLine >= every || (now == total && every != Long.MAX_VALUE);
  }

  /**
   * The current line: the time spent in the current step shortens the time left, but not below
   * zero.
   */
  private synchronized ProgressLine line() {
    double left = Double.NaN;
    if (begun >= 0) {
      double each = (lastStep - start) * 1e-9 / Math.max(1, done - begun);
      double since = bar == null ? 0 : (nanoTime.getAsLong() - lastStep) * 1e-9;
      left = Math.max(0, each * (total - done) - since);
    }
    return new ProgressLine(name, done, total, words, brief, left);
  }

  /**
   * Metrics as a short text.
   *
   * @param metrics of a round
   * @param names of the metrics to show, in order, with their labels
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

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
