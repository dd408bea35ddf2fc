package org.tastemaker.watch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.PrivateFiles;

/**
 * Shows a run in MLflow, by its REST API 2.0.
 *
 * <pre>{@code
 * MlflowServer server = MlflowServer.at("http://localhost:5000");
 * try (MlflowListener mlflow =
 *     MlflowListener.in(Path.of("runs/first"), server, "emoji", Clock.systemUTC())) {
 *   mlflow.settings(Map.of("learningRate", 3e-4, "method", "DiffusionNFT"));
 *   run.listener(mlflow).run(AlignmentRun.Options.rounds(20));
 *   mlflow.finished();
 * }
 * }</pre>
 *
 * <p>Metrics become metrics with their rounds as steps, settings parameters, notices tags. MLflow's
 * pages of a run fail at a metric that is NaN, and it stores infinity as the largest number: what
 * is not finite becomes a tag {@code notFinite.NAME}. Characters that MLflow does not allow in a
 * name become {@code _}. Pictures are not sent.
 *
 * <p><b>A server that is down or slow never stops or slows the run.</b> Events are put into a queue
 * of at most {@value #LONGEST_QUEUE}, from which a thread sends them; what does not fit is lost.
 * While the server does not answer, the thread tries again after 1, 2, 4 seconds and so on up to a
 * minute. The first failure is logged as a warning and no later one; {@link #close} waits for what
 * is left at most {@value #SECONDS_TO_END} seconds, and logs what was lost and why.
 *
 * <p><b>Resuming.</b> The id of MLflow's run is kept in {@code mlflow.json} in the run's folder, so
 * a resumed run continues it. MLflow overwrites nothing: a round that is repeated has two values,
 * the newer one with the later time. A setting that has changed becomes a tag {@code resumed.NAME}.
 *
 * <p>Thread-safe.
 */
public final class MlflowListener implements RunListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowListener.class);

  static final int LONGEST_QUEUE = 1000;
  static final int SECONDS_TO_END = 30;

  private final MlflowServer server;
  private final Clock clock;
  private final BlockingQueue<MlflowItem> queue = new LinkedBlockingQueue<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Consumer<String> warnings;
  private final Map<Long, Integer> notices = new HashMap<>();
  private final MlflowSender sender;
  private final Thread thread;
  private boolean finished;
  private boolean closed;

  private MlflowListener(
      Path folder,
      MlflowServer server,
      MlflowRunFile target,
      Clock clock,
      MlflowSender.Pause pause,
      Consumer<String> warnings) {
    this.server = server;
    this.clock = clock;
    this.warnings = warnings;
    this.sender =
        new MlflowSender(
            new MlflowCalls(server), folder, target, clock.millis(), queue, pause, ended, warnings);
    this.thread = new Thread(sender, "mlflow");
    this.thread.setDaemon(true);
  }

  /**
   * Begins a run of MLflow, or continues the one of this folder. The server is asked later, and
   * need not be there.
   *
   * @param folder of the run, made if it is not there; its name is the run's name in MLflow
   * @param server where to
   * @param experiment its name; made if it is not there
   * @param clock stamps the numbers
   * @return the caller closes it
   * @throws IllegalArgumentException if the folder's run is in another experiment or server
   * @throws UncheckedIOException if the folder cannot be made
   */
  public static MlflowListener in(
      Path folder, MlflowServer server, String experiment, Clock clock) {
    return in(folder, server, experiment, clock, MlflowSender.Pause.system(), LOG::warn);
  }

  static MlflowListener in(
      Path folder,
      MlflowServer server,
      String experiment,
      Clock clock,
      MlflowSender.Pause pause,
      Consumer<String> warnings) {
    if (experiment.isBlank()) {
      throw new IllegalArgumentException("an experiment of MLflow needs a name, but has none");
    }
    try {
      Path unused = PrivateFiles.createFolders(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + folder + ": " + e.getMessage(), e);
    }
    MlflowRunFile target =
        MlflowRunFile.read(folder, server.address(), experiment)
            .orElse(new MlflowRunFile(server.address(), experiment, ""));
    MlflowListener listener = new MlflowListener(folder, server, target, clock, pause, warnings);
    listener.thread.start();
    return listener;
  }

  /**
   * Sends the run's settings.
   *
   * @param values by name; a text of more than {@value MlflowTexts#LONGEST_PARAM} bytes is cut
   */
  public void settings(Map<String, ?> values) {
    Map<String, String> texts = new TreeMap<>();
    values.forEach(
        (name, value) ->
            texts.put(
                MlflowTexts.name(name),
                MlflowTexts.cut(String.valueOf(value), MlflowTexts.LONGEST_PARAM)));
    put(new MlflowItem.Settings(texts), texts.size());
  }

  @Override
  public synchronized void on(RunEvent event) {
    if (event instanceof RunEvent.Metrics metrics) {
      long now = clock.millis();
      List<MlflowItem.Measured> numbers = new ArrayList<>();
      metrics
          .values()
          .forEach(
              (name, value) -> {
                if (Double.isFinite(value)) {
                  numbers.add(
                      new MlflowItem.Measured(MlflowTexts.name(name), value, now, metrics.step()));
                } else {
                  put(
                      new MlflowItem.Tag(
                          MlflowTexts.name("notFinite." + name),
                          MlflowTexts.notFinite(value, metrics.step())),
                      1);
                }
              });
      put(new MlflowItem.Numbers(numbers), numbers.size());
    } else if (event instanceof RunEvent.Notice notice) {
      int number = notices.merge(notice.step(), 1, Integer::sum);
      put(
          new MlflowItem.Tag(
              "notice.round" + notice.step() + (number == 1 ? "" : "." + number),
              MlflowTexts.cut(notice.message(), MlflowTexts.LONGEST_TAG)),
          1);
    } else if (event instanceof RunEvent.Progress progress) {
      finished = progress.total() > 0 && progress.done() == progress.total();
    }
  }

  /**
   * Says that the run has reached its end, for one that stops before its last round on purpose. One
   * that has done all its rounds needs no such word. Every other one is closed as failed.
   */
  public synchronized void finished() {
    finished = true;
  }

  /**
   * How much MLflow does not have: numbers, settings, tags, and whether the run has ended.
   *
   * @return so far; after {@link #close} it does not change
   */
  public int lost() {
    return sender.lost();
  }

  /** Ends the run in MLflow as {@code FINISHED} or {@code FAILED}; waits until all is sent. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      queue.add(new MlflowItem.End(finished, clock.millis()));
    }
    ended.countDown();
    try {
      thread.join(Duration.ofSeconds(SECONDS_TO_END).toMillis());
      if (thread.isAlive()) {
        sender.abandon();
        thread.join(Duration.ofSeconds(1).toMillis());
      }
    } catch (InterruptedException e) {
      sender.abandon();
      Thread.currentThread().interrupt();
    }
    if (sender.lost() > 0) {
      warnings.accept(
          String.format(
              Locale.ROOT,
              "%s has not got %d numbers, settings and notices of this run: %s",
              server,
              sender.lost(),
              sender.reason().isEmpty() ? "the server was too slow" : sender.reason()));
    }
  }

  private synchronized void put(MlflowItem item, int things) {
    if (closed || queue.size() >= LONGEST_QUEUE) {
      sender.lose(things);
    } else if (things > 0) {
      queue.add(item);
    }
  }
}
