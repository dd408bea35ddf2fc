package org.tastemaker.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.core.run.RunFolder;

/**
 * A page of a run that is written anew as it goes: how many rounds are done, the time and the money
 * that are left, curves, the newest images, notices, and how it ended.
 *
 * <pre>{@code
 * try (LivePage page = LivePage.to(Path.of("runs/first/live.html"), "First run", Clock.systemUTC())) {
 *   run.listener(page).run(AlignmentRun.Options.rounds(20));
 * }
 * }</pre>
 *
 * <p>It is one file, which a browser opens from the disk and reads again every five seconds while
 * the run goes on. It has no scripts, loads nothing, and is there as a whole whenever it is read.
 * Its size does not grow with the run: a curve has at most {@value LiveCurve#MOST} points, each the
 * mean and range of neighbouring rounds, and of many metrics the main ones have curves.
 *
 * <p><b>Resuming.</b> In the folder of a run ({@link RunFolder}) the page begins with the rounds
 * that are there; a round that is repeated replaces the earlier one.
 *
 * <p>A run that has done all its rounds has finished. Another one that is closed was stopped,
 * unless {@link #finished} or {@link #failed} was called before. Thread-safe.
 */
public final class LivePage implements RunListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LivePage.class);

  private static final Duration BETWEEN = Duration.ofSeconds(1);
  private static final int MOST_IMAGES = 16;
  private static final int MOST_NOTICES = 20;

  private final Path file;
  private final String title;
  private final Clock clock;
  private final Instant opened;
  private final Map<String, LiveCurve> curves = new TreeMap<>();
  private final Map<String, Double> latest = new TreeMap<>();
  private final Deque<RunEvent.Notice> notices = new ArrayDeque<>();
  private LiveState.Shown pictures = LiveState.Shown.NONE;
  private Supplier<@Nullable String> spent = () -> null;
  private @Nullable Money before;
  private LiveState.Phase phase = LiveState.Phase.RUNNING;
  private String words = "";
  private long round;
  private long done;
  private long doneBefore = -1; // before this page, once that is known
  private long total;
  private @Nullable Instant written;

  private LivePage(Path file, String title, Clock clock) {
    this.file = file;
    this.title = title;
    this.clock = clock;
    this.opened = clock.instant();
  }

  /** An amount of money, or of anything else that a run spends. */
  private record Money(double amount, String unit) {
    /** Of a number and its unit; null for other words. */
    static @Nullable Money of(@Nullable String text) {
      if (text == null || !text.matches("\\d{1,12}(\\.\\d{1,12})? [^\\d]+")) {
        return null;
      }
      int space = text.indexOf(' ');
      return new Money(Double.parseDouble(text.substring(0, space)), text.substring(space + 1));
    }
  }

  /**
   * Writes a page, and begins to wait for the run.
   *
   * @param file where, such as {@code live.html} in the run's folder; its folder is made if it is
   *     not there, and an older page is replaced
   * @param title of the page
   * @param clock tells how long a round takes
   * @return closed by the caller, so that the page says how the run ended
   * @throws UncheckedIOException if it cannot be written
   */
  public static LivePage to(Path file, String title, Clock clock) {
    Objects.requireNonNull(title, "title == null");
    LivePage page = new LivePage(file, title, clock);
    Path parent = file.toAbsolutePath().getParent();
    try {
      if (parent != null) {
        Path folder = PrivateFiles.createFolders(parent);
        if (RunFolder.exists(folder)) {
          RunFolder.metricsOf(folder).forEach(page::take);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + parent + ": " + e.getMessage(), e);
    }
    page.write();
    return page;
  }

  /**
   * Shows what the run has spent, and about how much it still will.
   *
   * @param words a number and its unit, such as {@code 0.0123 USD}; null where it is not known, and
   *     other words are shown as they are
   * @return this
   */
  public synchronized LivePage spending(Supplier<@Nullable String> words) {
    spent = words;
    before = Money.of(words.get());
    return this;
  }

  @Override
  public synchronized void on(RunEvent event) {
    if (event instanceof RunEvent.Metrics metrics) {
      take(metrics);
    } else if (event instanceof RunEvent.Progress progress) {
      if (doneBefore < 0 || progress.done() < done) {
        doneBefore = Math.max(0, progress.done() - 1);
      }
      done = progress.done();
      total = progress.total();
    } else if (event instanceof RunEvent.Pictures shown) {
      int most = Math.min(MOST_IMAGES, shown.images().size());
      pictures =
          new LiveState.Shown(
              shown.step(),
              shown.images().subList(0, most).stream().map(LivePage::small).toList(),
              shown.captions().isEmpty() ? List.of() : shown.captions().subList(0, most));
    } else if (event instanceof RunEvent.Notice notice) {
      notices.addLast(notice);
      if (notices.size() > MOST_NOTICES) {
        notices.removeFirst();
      }
    } else if (event instanceof RunEvent.CheckpointSaved && isDone()) {
      phase = LiveState.Phase.FINISHED; // and not before: the last evaluation comes after the round
    } else {
      return;
    }
    if (phase != LiveState.Phase.RUNNING
        || written == null
        || !clock.instant().isBefore(written.plus(BETWEEN))) {
      write();
    }
  }

  /** Says that a run has ended before its last round on purpose. */
  public synchronized void finished() {
    end(LiveState.Phase.FINISHED, "");
  }

  /**
   * Says that a run has failed.
   *
   * @param why for a person to read
   */
  public synchronized void failed(String why) {
    end(LiveState.Phase.FAILED, why);
  }

  /** Says that a run has ended, if that is not known yet. */
  @Override
  public synchronized void close() {
    LiveState.Phase silent = isDone() ? LiveState.Phase.FINISHED : LiveState.Phase.STOPPED;
    end(phase == LiveState.Phase.RUNNING ? silent : phase, words);
  }

  private boolean isDone() {
    return total > 0 && done == total;
  }

  private void end(LiveState.Phase how, String why) {
    phase = how;
    words = why;
    try {
      write();
    } catch (UncheckedIOException e) { // of a page that nobody reads a run must not fail
      LOG.warn("the page of the run is as it was before its end: {}", e.getMessage());
    }
  }

  private void take(RunEvent.Metrics metrics) {
    if (metrics.step() < round) {
      curves.values().forEach(curve -> curve.goBackTo(metrics.step()));
    }
    round = metrics.step();
    metrics
        .values()
        .forEach(
            (name, value) -> {
              curves.computeIfAbsent(name, key -> new LiveCurve()).add(round, value);
              latest.put(name, value);
            });
  }

  private static Image small(Image image) {
    int longer = Math.max(image.width(), image.height());
    double scale = (double) LiveMarkup.SIDE / longer;
    return scale < 1
        ? image.resized(
            Math.max(1, (int) Math.round(image.height() * scale)),
            Math.max(1, (int) Math.round(image.width() * scale)))
        : image;
  }

  private void write() {
    Instant now = clock.instant();
    AtomicFiles.write(
        file,
        LiveMarkup.of(
            new LiveState(
                title,
                phase,
                words,
                done,
                total,
                left(now),
                now,
                round,
                latest,
                curves,
                pictures,
                List.copyOf(notices))));
    written = now;
  }

  /** The time and the money that are left, by what the rounds since the page's beginning took. */
  private List<String> left(Instant now) {
    List<String> lines = new ArrayList<>();
    long rounds = doneBefore < 0 ? 0 : done - doneBefore;
    double more = rounds > 0 ? (double) (total - done) / rounds : 0;
    boolean ends = phase == LiveState.Phase.RUNNING && more > 0;
    if (ends) {
      double seconds = Duration.between(opened, now).toMillis() / 1000.0 * more;
      lines.add("About " + time(Math.round(seconds)) + " are left.");
    }
    String text = spent.get();
    Money sum = Money.of(text);
    if (text != null) {
      String rest =
          ends
                  && sum != null
                  && before != null
                  && sum.unit.equals(before.unit)
                  && sum.amount > before.amount
              ? String.format(
                  Locale.ROOT,
                  ", about %.4f %s more to the end",
                  (sum.amount - before.amount) * more,
                  sum.unit)
              : "";
      lines.add(text + " spent" + rest + ".");
    }
    return lines;
  }

  private static String time(long seconds) {
    if (seconds < 120) {
      return seconds + " s";
    }
    long minutes = Math.round(seconds / 60.0);
    return minutes < 120
        ? minutes + " min"
        : String.format(Locale.ROOT, "%d h %d min", minutes / 60, minutes % 60);
  }
}
