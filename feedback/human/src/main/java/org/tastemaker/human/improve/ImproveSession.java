package org.tastemaker.human.improve;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.OwnerLock;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.human.web.Changes;
import org.tastemaker.optim.zo.ZoRankSgd;

/**
 * The improvement of one image, in a folder.
 *
 * <pre>
 *   settings.json    what the run was begun with
 *   answers.jsonl    what was clicked: all else follows from the settings and from it
 *   images/          what was painted, by point
 * </pre>
 *
 * <p>A process that is killed at any moment loses nothing that was acknowledged: the next one in
 * the same folder replays the clicks, without making images, and has the same question open.
 *
 * <p>Thread-safe.
 */
public final class ImproveSession implements AutoCloseable {
  private static final String SETTINGS = "settings.json";

  private final Painter painter;
  private final Settings settings;
  private final String run;
  private final String opened;
  private final OwnerLock lock;
  private final ClickLog log;
  private final Pictures pictures;
  private final Clock clock;
  private final Latency latency;
  private final Changes changes = new Changes();
  private final Walk walk;
  private final Deque<Click> standing = new ArrayDeque<>(); // the first click first
  private final Map<Long, List<Integer>> orders = new HashMap<>(); // of closed questions
  private final Map<String, Boolean> taken = new HashMap<>(); // answerId, whether it counted
  private final Set<String> present = new HashSet<>(); // keys of what need not be painted
  private final PaintingThread painting;
  private long question; // how many clicks have counted
  private @Nullable String trouble;

  /**
   * How the search goes.
   *
   * @param seed of the candidates and of the order in which they are shown
   * @param search the search's hyper-parameters
   */
  public record Options(Seed seed, ZoRankSgd.Options search) {
    public Options {
      Objects.requireNonNull(seed, "seed == null");
      Objects.requireNonNull(search, "search == null");
    }

    /**
     * The usual search.
     *
     * @param over what is searched
     * @param seed of the candidates
     * @return the options
     */
    public static Options of(Over over, Seed seed) {
      return new Options(seed, over.search());
    }
  }

  private ImproveSession(
      Path folder,
      Painter painter,
      Options options,
      Settings settings,
      String run,
      OwnerLock lock,
      Clock clock,
      LongSupplier nanos) {
    this.painter = painter;
    this.settings = settings;
    this.run = run;
    this.lock = lock;
    this.clock = clock;
    this.opened = clock.instant().toString();
    this.latency = new Latency(nanos);
    this.pictures = Pictures.in(folder);
    this.walk = new Walk(painter.start(), options.search(), options.seed());
    replay(folder);
    this.log = ClickLog.open(folder);
    this.painting = new PaintingThread(painter, new Frame());
    order();
    painting.start();
  }

  /**
   * Begins a run, or resumes the one that is in the folder.
   *
   * @param folder of the run; made if it is missing
   * @param painter makes the images; owned by the caller, who closes it after the session
   * @param options of the search
   * @param clock says when something was clicked
   * @param nanos measures, as {@link System#nanoTime} does
   * @return the session, which has begun to paint; the caller closes it
   * @throws IllegalArgumentException if the folder holds a run with other settings, or its log is
   *     damaged before its last line; the message says where
   * @throws IllegalStateException if another process uses the folder
   */
  public static ImproveSession open(
      Path folder, Painter painter, Options options, Clock clock, LongSupplier nanos) {
    try {
      PrivateFiles.createFolders(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + folder + ": " + e.getMessage(), e);
    }
    OwnerLock lock = OwnerLock.take(folder.resolve(".lock"), "the run folder " + folder);
    try {
      Settings settings =
          painter
              .settings()
              .with("search", options.search())
              .with("searchSeed", options.seed().key());
      String run = checkSettings(folder, settings, clock);
      return new ImproveSession(folder, painter, options, settings, run, lock, clock, nanos);
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /** Writes the settings, or requires those that are there. */
  private static String checkSettings(Path folder, Settings settings, Clock clock) {
    Path file = folder.resolve(SETTINGS);
    if (!Files.exists(file)) {
      String begun = clock.instant().toString();
      AtomicFiles.write(
          file, Json.writePretty(Map.of("begun", begun, "settings", settings.values())) + "\n");
      return begun;
    }
    JsonObject there = Json.readObject(file);
    settings.requireSameAs(
        new Settings(there.object("settings").toTexts()),
        "there",
        folder + " holds a run with other settings",
        "begin a new one in another folder");
    return there.text("begun");
  }

  private void replay(Path folder) {
    int line = 0;
    for (Click click : ClickLog.read(folder)) {
      line++;
      if (click.counts() && click.question() != question) {
        throw new IllegalArgumentException(
            folder
                + " line "
                + line
                + " of the log answers question "
                + click.question()
                + ", but question "
                + question
                + " was open: the file was changed; restore it, or begin in another folder");
      }
      taken.put(click.answerId(), click.counts());
      if (click.counts()) {
        apply(click);
      }
    }
  }

  /** Whether a click was taken, and counted. */
  enum Outcome {
    /** It counts. */
    TAKEN,
    /** Its question was closed already: it is kept, and changes nothing. */
    LATE
  }

  /**
   * Takes a click: it is on the disk when this returns.
   *
   * @param click whose question may be closed already
   * @param arrived when the request came, of the supplier of nanoseconds
   * @throws IllegalArgumentException if it makes no sense; nothing has changed then
   */
  synchronized Outcome take(Click click, long arrived) {
    Boolean counted = taken.get(click.answerId());
    if (counted != null) {
      return counted ? Outcome.TAKEN : Outcome.LATE;
    }
    if (click.question() != question) {
      if (click.what() == Click.What.ANSWER && orders.containsKey(click.question())) {
        log.add(click.of(Click.What.LATE, orders.get(click.question()))); // someone's choice still
      }
      taken.put(click.answerId(), false);
      return Outcome.LATE;
    }
    Click whole =
        click.what() == Click.What.ANSWER ? click.of(Click.What.ANSWER, walk.order()) : click;
    requirePossible(whole);
    log.add(whole);
    taken.put(whole.answerId(), true);
    apply(whole);
    trouble = null;
    latency.clicked(arrived);
    order();
    changes.signal();
    return Outcome.TAKEN;
  }

  private void requirePossible(Click click) {
    switch (click.what()) {
      case ANSWER -> {
        Ranking unused = click.ranking(walk.question()); // says what is wrong with it
      }
      case BACK -> {
        if (click.keep() < 0 || click.keep() >= walk.moves().size()) {
          throw new IllegalArgumentException("there is no move " + click.keep() + " to go back to");
        }
      }
      case UNDO -> {
        if (!walk.canUndo()) {
          throw new IllegalArgumentException("there is nothing to undo");
        }
      }
      case LATE -> throw new IllegalArgumentException("a late answer is not sent");
    }
  }

  private void apply(Click click) {
    orders.put(question, walk.order());
    walk.apply(click);
    if (click.what() == Click.What.UNDO) {
      Click unused = standing.removeLast();
    } else {
      standing.addLast(click);
    }
    question++;
  }

  /** Has painted what is to be seen now and is not there yet, in the order of the places. */
  private synchronized void order() {
    Question open = walk.question();
    List<Point> wanted = new ArrayList<>();
    present.clear();
    want(walk.point(), wanted);
    int candidatesFrom = wanted.size();
    for (int candidate : walk.order()) {
      want(open.candidates().get(candidate), wanted);
    }
    if (wanted.size() == candidatesFrom) {
      latency.nothingNew();
    }
    walk.moves().forEach(move -> want(move, wanted));
    painting.order(wanted);
  }

  private void want(Point point, List<Point> wanted) {
    if (pictures.has(point)) {
      present.add(point.key());
    } else if (wanted.stream().noneMatch(other -> other.key().equals(point.key()))) {
      wanted.add(point);
    }
  }

  /** Paints again what could not be painted. */
  synchronized void retry() {
    trouble = null;
    order();
    changes.signal();
  }

  Latency latency() {
    return latency;
  }

  Clock clock() {
    return clock;
  }

  Painter painter() {
    return painter;
  }

  Optional<byte[]> png(String key) {
    return pictures.png(key);
  }

  long await(long seen, Duration most) throws InterruptedException {
    return changes.await(seen, most);
  }

  /** All that a page shows. */
  synchronized View view() {
    Question open = walk.question();
    List<Integer> order = walk.order();
    return new View(
        changes.number(),
        run,
        opened,
        painter.prompt(),
        question,
        open.current() >= 0,
        open.best(),
        order,
        order.stream().map(candidate -> shown(open.candidates().get(candidate))).toList(),
        order.indexOf(open.current()),
        walk.moves().stream().map(this::shown).toList(),
        walk.rounds() + 1,
        walk.canUndo(),
        settings.values(),
        latency.last(),
        latency.median(),
        latency.count(),
        painter.hasLora(),
        Optional.ofNullable(trouble));
  }

  /** The key of a point's image; empty while it is not there. */
  private Optional<String> shown(Point point) {
    return present.contains(point.key()) ? Optional.of(point.key()) : Optional.empty();
  }

  /** What is needed to make the best image again. */
  synchronized Recipe recipe() {
    return new Recipe(
        settings, standing.stream().map(Click::toJson).toList(), walk.point().values().clone());
  }

  /**
   * The best point so far.
   *
   * @return [d], a copy
   */
  public synchronized float[] best() {
    return walk.point().values().clone();
  }

  /** The painting stops; nothing needs to be saved. */
  @Override
  public void close() {
    changes.close();
    painting.close();
    log.close();
    lock.close();
  }

  /** What the painting thread hands over. */
  private final class Frame implements PaintingThread.Easel {
    @Override
    public void painted(Point point, Image image) {
      pictures.put(point, image);
      synchronized (ImproveSession.this) {
        present.add(point.key());
        if (walk.question().candidates().stream().anyMatch(c -> c.key().equals(point.key()))) {
          latency.arrived();
        }
        changes.signal();
      }
    }

    @Override
    public void failed(Throwable failure) {
      synchronized (ImproveSession.this) {
        String message = failure.getMessage();
        trouble = message == null ? failure.toString() : message;
        changes.signal();
      }
    }
  }
}
