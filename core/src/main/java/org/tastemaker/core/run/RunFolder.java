package org.tastemaker.core.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tastemaker.core.Image;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.picture.ImageGrid;

/**
 * A run's folder, open for writing: configuration, provenance, metrics, images and checkpoints.
 *
 * <pre>{@code
 * try (RunFolder folder = RunFolder.create(path, config, provenance, Clock.systemUTC())) {
 *   RunListener listener = folder.listener();                 // takes metrics and images as they come
 *   folder.saveCheckpoint(step, optimizer::save);
 * }
 * try (RunFolder folder = RunFolder.open(path, Clock.systemUTC())) {   // later, after a crash
 *   folder.requireConfig(config);
 *   folder.resume().ifPresent(c -> optimizer.restore(c.folder()));
 * }
 * }</pre>
 *
 * <p>See the package's description for the layout and for what a crash leaves. A folder has one
 * owner at a time, among threads and processes: a second one is refused, and told who it is.
 */
public final class RunFolder implements AutoCloseable {
  /** Names the latest checkpoint, for when all are gone. */
  private static final String LAST = "last-checkpoint.json";

  private final Path path;
  private RunFile run;
  private final Clock clock;
  private final OwnerLock lock;
  private LineLog metrics;

  /**
   * A complete checkpoint.
   *
   * @param step which step of the run it was written after
   * @param folder where it is
   */
  public record Checkpoint(long step, Path folder) {}

  private RunFolder(Path path, RunFile run, Clock clock, OwnerLock lock, LineLog metrics) {
    this.path = path;
    this.run = run;
    this.clock = clock;
    this.lock = lock;
    this.metrics = metrics;
  }

  /**
   * Makes the folder of a new run.
   *
   * @param path where; must not be there, or be empty
   * @param config the run's settings: strings, numbers, booleans, lists and maps of them
   * @param provenance what the run is made from
   * @param clock stamps the metrics
   * @return the folder: the caller closes it
   * @throws IllegalStateException if the folder has something in it, or somebody else is writing it
   * @throws UncheckedIOException if it cannot be written
   */
  public static RunFolder create(
      Path path, Map<String, ?> config, Provenance provenance, Clock clock) {
    Objects.requireNonNull(path, "path == null");
    RunFile run = RunFile.of(config, provenance);
    String json = run.toJson(); // fails on settings that are no JSON before anything is made
    try {
      PrivateFiles.createFolders(path);
      requireEmpty(path);
      OwnerLock lock = lock(path);
      try {
        requireEmpty(path); // somebody may have been faster
        PrivateFiles.createFolders(path.resolve("images"));
        PrivateFiles.createFolders(path.resolve("checkpoints"));
        LineLog metrics = LineLog.open(path.resolve("metrics.jsonl"));
        AtomicFiles.write(path.resolve("run.json"), json); // last: a folder with it is a run's
        return new RunFolder(path, run, clock, lock, metrics);
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make run folder " + path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Opens the folder of a run to resume it. What a crash left unfinished is set aside.
   *
   * @param path where
   * @param clock stamps the metrics
   * @return the folder: the caller closes it
   * @throws IllegalArgumentException if there is no run in it, if it is of a newer format, or
   *     damaged
   * @throws IllegalStateException if somebody else is writing it
   * @throws UncheckedIOException if it cannot be read or written
   */
  public static RunFolder open(Path path, Clock clock) {
    RunFile run = RunFile.read(path.resolve("run.json"));
    try {
      OwnerLock lock = lock(path);
      try {
        PrivateFiles.createFolders(path.resolve("images"));
        PrivateFiles.createFolders(path.resolve("checkpoints"));
        for (Path part : List.of(path, path.resolve("images"), path.resolve("checkpoints"))) {
          AtomicFiles.removeLeftovers(part);
        }
        RunFile now = ConfigChanges.applyTo(run, path);
        return new RunFolder(path, now, clock, lock, LineLog.open(path.resolve("metrics.jsonl")));
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot open run folder " + path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Whether a run's folder is there.
   *
   * @param path where to look
   * @return true where {@link #open} finds a run, of whatever format
   */
  public static boolean exists(Path path) {
    return Files.isRegularFile(path.resolve("run.json"));
  }

  /**
   * Where this folder is.
   *
   * @return as it was given
   */
  public Path path() {
    return path;
  }

  /**
   * The run's settings, those of the latest {@link #resumeWith} where they have changed.
   *
   * @return as JSON gives them back: whole numbers as Integer or Long, others as Double
   */
  public Map<String, Object> config() {
    return run.config();
  }

  /**
   * What the run was made from.
   *
   * @return as it was recorded when the run began
   */
  public Provenance provenance() {
    return run.provenance();
  }

  /**
   * Checks that the run in this folder has the settings that it is to be resumed with.
   *
   * @param expected the settings
   * @throws IllegalStateException if some differ; the message lists each with both values
   */
  public void requireConfig(Map<String, ?> expected) {
    List<String> unused = requireConfig(expected, Set.of());
  }

  /**
   * Checks that the run in this folder has the settings that it is to be resumed with, apart from
   * those that may change while it goes on, such as a learning rate.
   *
   * @param expected the settings
   * @param mayChange names of settings that may be others than the run's
   * @return what has changed, a sentence each; empty where nothing has
   * @throws IllegalStateException if others differ; the message lists each with both values
   */
  public List<String> requireConfig(Map<String, ?> expected, Set<String> mayChange) {
    try {
      return settings(RunFile.of(expected, run.provenance()))
          .requireSameAs(
              settings(run),
              "in the folder",
              "the run in " + path + " has other settings",
              "another folder for a new run",
              mayChange);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /**
   * Does what {@link #requireConfig(Map, Set)} does, and records what has changed: as a notice, and
   * as the run's settings from now on.
   *
   * @param expected the settings
   * @param mayChange names of settings that may be others than the run's
   * @throws IllegalStateException if others differ; the message lists each with both values, and
   *     nothing is recorded
   */
  public void resumeWith(Map<String, ?> expected, Set<String> mayChange) {
    List<String> differences = requireConfig(expected, mayChange);
    if (!differences.isEmpty()) {
      long step = latestCheckpoint().map(Checkpoint::step).orElse(0L);
      Map<String, Object> changed = new TreeMap<>(expected);
      changed.keySet().retainAll(mayChange);
      ConfigChanges.append(path, step, changed, clock);
      String message = "resumed with other settings: " + String.join("; ", differences);
      NoticeLine.append(path, new RunEvent.Notice(step, message), clock);
      run = ConfigChanges.applyTo(run, path);
    }
  }

  private static Settings settings(RunFile run) {
    Settings settings = Settings.none();
    for (Map.Entry<String, Object> entry : run.config().entrySet()) {
      settings = settings.with(entry.getKey(), entry.getValue());
    }
    return settings;
  }

  /**
   * Appends measurements.
   *
   * @param step which step of the run, at least 0
   * @param values by name; NaN and infinite ones are recorded as such
   */
  public synchronized void appendMetrics(long step, Map<String, Double> values) {
    metrics.append(new MetricsLine(step, clock.instant(), values).toJson());
  }

  /**
   * All measurements so far.
   *
   * @return in the order in which they were appended; a line that cannot be read is left out
   */
  public List<RunEvent.Metrics> metrics() {
    return metricsOf(path);
  }

  /**
   * All measurements of a run that another process may still be writing.
   *
   * @param path the run's folder
   * @return in the order in which they were appended; a line that cannot be read is left out
   */
  public static List<RunEvent.Metrics> metricsOf(Path path) {
    return LineLog.read(path.resolve("metrics.jsonl")).lines().stream()
        .map(MetricsLine::parse)
        .flatMap(Optional::stream)
        .map(line -> new RunEvent.Metrics(line.step(), line.values()))
        .toList();
  }

  /**
   * All notices so far: what a person should know about the run.
   *
   * @return in the order in which they were given; a line that cannot be read is left out
   */
  public List<RunEvent.Notice> notices() {
    return noticesOf(path);
  }

  /**
   * All notices of a run that another process may still be writing.
   *
   * @param path the run's folder
   * @return as {@link #notices}
   */
  public static List<RunEvent.Notice> noticesOf(Path path) {
    return NoticeLine.read(path);
  }

  /**
   * Writes an image.
   *
   * @param step which step of the run, at least 0
   * @param name what it is: letters, digits, {@code .}, {@code _} and {@code -}
   * @param image what to write
   * @return the PNG file
   */
  public Path saveImage(long step, String name, Image image) {
    new RunEvent.Pictures(step, name, List.of(image), List.of()); // checks the step and the name
    Path file = path.resolve("images").resolve(stepName(step) + "-" + name + ".png");
    AtomicFiles.write(file, image.toPng());
    return file;
  }

  /**
   * Writes a checkpoint, which is there as a whole or not at all.
   *
   * @param step which step of the run, at least 0; not written yet
   * @param writer fills the folder that it is given
   * @return the complete checkpoint
   */
  public Checkpoint saveCheckpoint(long step, Consumer<Path> writer) {
    if (step < 0) {
      throw new IllegalArgumentException("a step's number is at least 0, but was " + step);
    }
    metrics.force();
    Path folder = path.resolve("checkpoints").resolve(stepName(step));
    AtomicFiles.writeFolder(folder, writer);
    AtomicFiles.write(path.resolve(LAST), Json.write(Map.of("step", step)) + "\n");
    return new Checkpoint(step, folder);
  }

  /**
   * The complete checkpoints.
   *
   * @return by ascending step
   */
  public List<Checkpoint> checkpoints() {
    try (Stream<Path> entries = Files.list(path.resolve("checkpoints"))) {
      Map<Long, Checkpoint> byStep = new TreeMap<>();
      entries
          .filter(entry -> entry.getFileName().toString().matches("\\d{6,18}"))
          .forEach(
              entry -> {
                long step = Long.parseLong(entry.getFileName().toString());
                byStep.put(step, new Checkpoint(step, entry));
              });
      return List.copyOf(byStep.values());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list the checkpoints of " + path, e);
    }
  }

  /**
   * The checkpoint to resume from.
   *
   * @return the one of the highest step; empty where none has been saved yet
   * @throws IllegalStateException if one has been saved and all are gone: the run is not begun anew
   *     in silence
   */
  public Optional<Checkpoint> latestCheckpoint() {
    List<Checkpoint> all = checkpoints();
    if (all.isEmpty() && Files.exists(path.resolve(LAST))) {
      throw new IllegalStateException(
          "the run in "
              + path
              + " has saved checkpoints, but there is none left in "
              + path.resolve("checkpoints")
              + ". Put them back to resume the run; or delete "
              + path.resolve(LAST)
              + " to begin it anew");
    }
    return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
  }

  /**
   * Begins to resume the run: what was measured after its latest checkpoint will be measured again,
   * and is moved from {@code metrics.jsonl} to {@code metrics.repeated.jsonl}, so that no step is
   * there twice.
   *
   * @return the checkpoint to restore; empty where none has been saved yet, and the run begins
   *     again
   * @throws IllegalStateException if one has been saved and all are gone
   */
  public synchronized Optional<Checkpoint> resume() {
    Optional<Checkpoint> latest = latestCheckpoint();
    long step = latest.map(Checkpoint::step).orElse(-1L);
    Path file = path.resolve("metrics.jsonl");
    Map<Boolean, List<String>> later =
        LineLog.read(file).lines().stream()
            .collect(
                Collectors.partitioningBy(
                    line -> MetricsLine.parse(line).filter(m -> m.step() > step).isPresent()));
    List<String> repeated = later.getOrDefault(true, List.of());
    if (!repeated.isEmpty()) {
      try (LineLog aside = LineLog.open(path.resolve("metrics.repeated.jsonl"))) {
        repeated.forEach(aside::append);
        aside.force();
      }
      String kept =
          later.getOrDefault(false, List.of()).stream()
              .map(line -> line + "\n")
              .collect(Collectors.joining());
      metrics.close();
      AtomicFiles.write(file, kept);
      metrics = LineLog.open(file);
    }
    return latest;
  }

  /**
   * Deletes old checkpoints.
   *
   * @param count how many of the newest to keep, at least 1
   */
  public void keepCheckpoints(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("at least 1 checkpoint is kept, but was given " + count);
    }
    List<Checkpoint> all = checkpoints();
    for (Checkpoint old : all.subList(0, Math.max(0, all.size() - count))) {
      try {
        AtomicFiles.deleteRecursively(old.folder());
      } catch (IOException e) {
        throw new UncheckedIOException("cannot delete checkpoint " + old.folder(), e);
      }
    }
  }

  /**
   * Records what a run tells: metrics and notices are appended, and pictures are written as
   * captioned grids.
   *
   * @return a listener that writes into this folder
   */
  public RunListener listener() {
    return event -> {
      if (event instanceof RunEvent.Metrics measured) {
        appendMetrics(measured.step(), measured.values());
      } else if (event instanceof RunEvent.Notice notice) {
        NoticeLine.append(path, notice, clock);
      } else if (event instanceof RunEvent.Pictures pictures) {
        ImageGrid grid = ImageGrid.of(pictures.images());
        if (!pictures.captions().isEmpty()) {
          grid.captions(pictures.captions());
        }
        saveImage(pictures.step(), pictures.name(), grid.draw());
      }
    };
  }

  /** Ends the writing: flushes the metrics and lets other processes open the folder. */
  @Override
  public void close() {
    try (lock;
        LineLog closing = metrics) {
      closing.force();
    }
  }

  private static void requireEmpty(Path path) throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      if (entries.anyMatch(entry -> !entry.getFileName().toString().startsWith("."))) {
        throw new IllegalStateException(
            path
                + " is not empty and is not overwritten: open it to resume the run in it, or"
                + " choose another folder");
      }
    }
  }

  private static OwnerLock lock(Path path) {
    return OwnerLock.take(path.resolve(".lock"), "the run folder " + path);
  }

  private static String stepName(long step) {
    return String.format(Locale.ROOT, "%06d", step);
  }
}
