package org.tastemaker.watch;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is in a queue, on a thread of its own: what the server does not take now, it tries
 * again and again while the run goes on. Once the run has ended, three attempts are the last.
 */
final class MlflowSender implements Runnable {
  private static final int MOST_NUMBERS = 1000; // of a request, as MLflow's limits are
  private static final int MOST_SETTINGS = 100;
  private static final int LAST_ATTEMPTS = 3;
  private static final int ATTEMPTS_AT_AN_ERROR = 8;
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private final MlflowCalls calls;
  private final Path folder;
  private final MlflowRunFile target; // with an empty id before there is one
  private final long start;
  private final BlockingQueue<MlflowItem> queue;
  private final Pause pause;
  private final CountDownLatch ended;
  private final Consumer<String> warnings;
  private final CountDownLatch abandoned = new CountDownLatch(1);
  private final AtomicInteger lost = new AtomicInteger();
  private @Nullable String run;
  private boolean begun;
  private boolean warned;
  private @Nullable MlflowFailure latest;
  private volatile String reason = "";

  /** Lets time pass, until something happens. */
  @FunctionalInterface
  interface Pause {
    void pause(Duration time, CountDownLatch unless) throws InterruptedException;

    static Pause system() {
      return (time, unless) -> {
        boolean unused = unless.await(time.toMillis(), TimeUnit.MILLISECONDS);
      };
    }
  }

  /** A call of the API. */
  @FunctionalInterface
  private interface Call {
    void go() throws MlflowFailure;
  }

  /**
   * A sender.
   *
   * @param target of an earlier process, or with an empty id
   * @param start of the run, in milliseconds since 1970
   * @param ended is released when nothing more will be put into the queue
   * @param warnings takes the first failure, and no later one
   */
  MlflowSender(
      MlflowCalls calls,
      Path folder,
      MlflowRunFile target,
      long start,
      BlockingQueue<MlflowItem> queue,
      Pause pause,
      CountDownLatch ended,
      Consumer<String> warnings) {
    this.calls = calls;
    this.folder = folder;
    this.target = target;
    this.run = target.run().isEmpty() ? null : target.run();
    this.start = start;
    this.queue = queue;
    this.pause = pause;
    this.ended = ended;
    this.warnings = warnings;
  }

  @Override
  public void run() {
    try {
      boolean more = true;
      while (more) {
        List<MlflowItem> items = new ArrayList<>();
        items.add(queue.take());
        queue.drainTo(items);
        more = items.stream().noneMatch(MlflowItem.End.class::isInstance);
        send(items);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      calls.close();
    }
  }

  /** Makes all further attempts fail; for when there is no time left. */
  void abandon() {
    abandoned.countDown();
    calls.cancel();
  }

  /** Notes that something could not even be put into the queue. */
  void lose(int things) {
    lost.addAndGet(things);
  }

  int lost() {
    return lost.get();
  }

  /** Why something was lost; empty where nothing failed. */
  String reason() {
    return reason;
  }

  private void send(List<MlflowItem> items) throws InterruptedException {
    List<MlflowItem.Measured> numbers = new ArrayList<>();
    for (MlflowItem item : items) {
      if (item instanceof MlflowItem.Numbers some) {
        numbers.addAll(some.numbers());
      }
    }
    if (!begun) {
      begun = attempt(this::begin);
    }
    for (int i = 0; i < numbers.size(); i += MOST_NUMBERS) {
      List<MlflowItem.Measured> some =
          numbers.subList(i, Math.min(numbers.size(), i + MOST_NUMBERS));
      send(some.size(), id -> calls.logBatch(id, some, Map.of()));
    }
    for (MlflowItem item : items) {
      if (item instanceof MlflowItem.Settings settings) {
        send(settings.values());
      } else if (item instanceof MlflowItem.Tag tag) {
        send(1, id -> calls.setTag(id, tag.name(), tag.value()));
      } else if (item instanceof MlflowItem.End end) {
        String status = end.finished() ? "FINISHED" : "FAILED";
        send(1, id -> calls.updateRun(id, status, Optional.of(end.time())));
      }
    }
  }

  /** Settings; of those that MLflow does not let change, the new value becomes a tag. */
  private void send(Map<String, String> settings) throws InterruptedException {
    List<Map.Entry<String, String>> all = List.copyOf(settings.entrySet());
    for (int i = 0; i < all.size(); i += MOST_SETTINGS) {
      Map<String, String> some = new TreeMap<>();
      all.subList(i, Math.min(all.size(), i + MOST_SETTINGS))
          .forEach(entry -> some.put(entry.getKey(), entry.getValue()));
      if (tried(id -> calls.logBatch(id, List.of(), some))) {
        continue;
      }
      if (latest == null || !latest.is("INVALID_PARAMETER_VALUE")) {
        lose(some.size());
        continue;
      }
      for (Map.Entry<String, String> one : some.entrySet()) {
        Map<String, String> alone = Map.of(one.getKey(), one.getValue());
        if (!tried(id -> calls.logBatch(id, List.of(), alone))) {
          send(
              1,
              id ->
                  calls.setTag(
                      id,
                      MlflowTexts.name("resumed." + one.getKey()),
                      MlflowTexts.cut(one.getValue(), MlflowTexts.LONGEST_TAG)));
        }
      }
    }
  }

  /** A call for a run. */
  @FunctionalInterface
  private interface RunCall {
    void go(String run) throws MlflowFailure;
  }

  private void send(int things, RunCall call) throws InterruptedException {
    if (!tried(call)) {
      lose(things);
    }
  }

  private boolean tried(RunCall call) throws InterruptedException {
    String id = run;
    return begun && id != null && attempt(() -> call.go(id));
  }

  /** Continues the folder's run, or begins one. */
  private void begin() throws MlflowFailure {
    if (run != null) {
      try {
        calls.updateRun(run, "RUNNING", Optional.empty());
        return;
      } catch (MlflowFailure e) {
        if (!e.is(MlflowCalls.MISSING)) {
          throw e;
        }
        run = null; // somebody has removed it
      }
    }
    String experiment = calls.experiment(target.experiment());
    Path name = folder.toAbsolutePath().normalize().getFileName();
    String id = calls.createRun(experiment, name == null ? "run" : name.toString(), start);
    run = id;
    new MlflowRunFile(target.server(), target.experiment(), id).write(folder);
  }

  private boolean attempt(Call call) throws InterruptedException {
    Duration wait = FIRST_PAUSE;
    int atTheEnd = 0;
    for (int tries = 1; abandoned.getCount() > 0; tries++) {
      MlflowFailure failure;
      try {
        call.go();
        return true;
      } catch (MlflowFailure e) {
        failure = e;
      } catch (RuntimeException e) { // an answer without what it must have, or a full disk
        failure = new MlflowFailure(e.toString(), 200, "", Duration.ZERO);
      }
      note(failure);
      boolean again = failure.isBusy() || (failure.isServerError() && tries < ATTEMPTS_AT_AN_ERROR);
      if (!again) {
        return false;
      }
      boolean last = ended.getCount() == 0;
      if (last && ++atTheEnd == LAST_ATTEMPTS) {
        abandoned.countDown();
        return false;
      }
      Duration asked = failure.after().compareTo(wait) > 0 ? failure.after() : wait;
      pause.pause(asked, last ? abandoned : ended);
      wait =
          wait.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? wait.multipliedBy(2) : LONGEST_PAUSE;
    }
    return false;
  }

  private void note(MlflowFailure failure) {
    latest = failure;
    reason = String.valueOf(failure.getMessage());
    if (!warned) {
      warned = true;
      warnings.accept(reason + "; the run goes on, and what can be sent later is");
    }
  }
}
