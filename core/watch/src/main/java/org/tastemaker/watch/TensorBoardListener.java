package org.tastemaker.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.PrivateFiles;

/**
 * Writes what happens in a run to an event file, which TensorBoard shows while the run goes on.
 *
 * <pre>{@code
 * try (TensorBoardListener board = TensorBoardListener.in(Path.of("runs/board/first"), Clock.systemUTC())) {
 *   board.settings(Map.of("learningRate", 3e-4, "method", "DiffusionNFT"));
 *   run.listener(board).run(AlignmentRun.Options.rounds(20));
 * }
 * // tensorboard --logdir runs/board
 * }</pre>
 *
 * <p>Metrics become scalars by their names, pictures images, distributions histograms, and notices
 * text. A metric that is NaN or infinite is written as such; TensorBoard marks it in the curve.
 * Each listener writes a file of its own, so a resumed run adds one to the same folder, and
 * TensorBoard puts them together. Thread-safe.
 */
public final class TensorBoardListener implements RunListener, AutoCloseable {
  /** More images of one event do not fit into a row that anybody looks at. */
  private static final int MOST_IMAGES = 16;

  private final EventFile file;
  private final Clock clock;

  private TensorBoardListener(EventFile file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /**
   * Begins an event file in a folder.
   *
   * @param folder of the run, made if it is not there; TensorBoard shows its name
   * @param clock stamps the events
   * @return the caller closes it
   * @throws UncheckedIOException if the file cannot be made
   */
  public static TensorBoardListener in(Path folder, Clock clock) {
    Objects.requireNonNull(folder, "folder == null");
    Instant now = clock.instant();
    try {
      Path made = PrivateFiles.createFolders(folder);
      // The name by which TensorBoard knows such files, and no other of this folder has.
      String name =
          String.format(
              Locale.ROOT,
              "events.out.tfevents.%d.%d.%d.tastemaker",
              now.getEpochSecond(),
              ProcessHandle.current().pid(),
              now.getNano());
      Path path = made.resolve(name);
      for (int again = 1; Files.exists(path); again++) {
        path = made.resolve(name + again);
      }
      TensorBoardListener listener = new TensorBoardListener(new EventFile(path), clock);
      listener.file.append(event(now).text(3, "brain.Event:2").toBytes());
      return listener;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * Writes the run's settings, for TensorBoard's table of hyper-parameters.
   *
   * @param values by name: numbers, flags and texts as such, everything else as text
   */
  public void settings(Map<String, ?> values) {
    Instant now = clock.instant();
    write(now, 0, List.of(Summary.settings(values, seconds(now))));
  }

  @Override
  public void on(RunEvent event) {
    Instant now = clock.instant();
    if (event instanceof RunEvent.Metrics metrics) {
      write(
          now,
          metrics.step(),
          metrics.values().entrySet().stream()
              .map(entry -> Summary.scalar(entry.getKey(), entry.getValue()))
              .toList());
    } else if (event instanceof RunEvent.Pictures pictures) {
      List<Message> images = new ArrayList<>();
      for (int i = 0; i < Math.min(MOST_IMAGES, pictures.images().size()); i++) {
        images.add(Summary.image(pictures.name() + "/" + i, pictures.images().get(i)));
      }
      write(now, pictures.step(), images);
    } else if (event instanceof RunEvent.Distribution distribution) {
      double[] finite =
          distribution.values().stream()
              .mapToDouble(Double::doubleValue)
              .filter(Double::isFinite)
              .toArray();
      if (finite.length > 0) {
        write(
            now,
            distribution.step(),
            List.of(Summary.histogram(distribution.name(), Buckets.of(finite))));
      }
    } else if (event instanceof RunEvent.Notice notice) {
      write(now, notice.step(), List.of(Summary.text("notices", List.of(notice.message()))));
    }
  }

  /** Ends the file. */
  @Override
  public synchronized void close() {
    file.close();
  }

  private synchronized void write(Instant now, long step, List<Message> values) {
    Message summary = new Message();
    values.forEach(value -> summary.message(1, value));
    file.append(event(now).whole(2, step).message(5, summary).toBytes());
  }

  private static Message event(Instant now) {
    return new Message().real(1, seconds(now));
  }

  private static double seconds(Instant time) {
    return time.getEpochSecond() + time.getNano() * 1e-9;
  }
}
