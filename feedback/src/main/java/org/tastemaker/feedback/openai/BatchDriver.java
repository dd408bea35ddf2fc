package org.tastemaker.feedback.openai;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.ledger.Ledger;
import org.tastemaker.feedback.resilience.Sleeper;

/**
 * Brings batches from the disk to the server and their answers back.
 *
 * <p><b>A kill at any moment costs nothing.</b> Each step is written down before and after it. What
 * a batch may cost is reserved in the ledger under its name, once, and so is what it did cost.
 * Whether a batch was made, where nobody has heard, is found out by its name, which is in its
 * metadata: the list of batches is looked at twice, with a pause between, before it is made again.
 */
final class BatchDriver {
  private static final Logger LOG = LoggerFactory.getLogger(BatchDriver.class);
  private static final Duration SLICE = Duration.ofSeconds(2);
  private static final Set<String> OVER = Set.of("failed", "completed", "expired", "cancelled");
  private static final String QUEUE_FULL = "token_limit_exceeded";

  private final BatchFolder folder;
  private final BatchCalls calls;
  private final BatchResults results;
  private final OpenAiClient.Parts client;
  private final BatchOptions options;
  private final Cancellation cancellation;
  private final RunListener listener;
  private final Set<String> lookedFor = new HashSet<>();
  private final Map<String, Long> answered = new HashMap<>();
  private boolean cancelled;

  BatchDriver(
      BatchFolder folder,
      BatchCalls calls,
      BatchResults results,
      OpenAiClient.Parts client,
      BatchOptions options,
      Cancellation cancellation,
      RunListener listener) {
    this.folder = folder;
    this.calls = calls;
    this.results = results;
    this.client = client;
    this.options = options;
    this.cancellation = cancellation;
    this.listener = listener;
  }

  /** Whether somebody has cancelled a batch at the server. */
  boolean isCancelled() {
    return cancelled;
  }

  /**
   * Takes up what an earlier run has left. What it had not handed over yet is given up: its
   * questions are noted again, unless they were answered meanwhile.
   */
  void takeUp() {
    for (BatchPart part : folder.parts()) {
      if (part.is(BatchPart.Step.WRITTEN) || part.is(BatchPart.Step.UPLOADED)) {
        reserve(part).ifPresent(Ledger.Entry::free);
        calls.delete(part.state().file());
        folder.remove(part);
      }
    }
    finish();
  }

  /** Empty if it has ended, or never began and does not fit. */
  private Optional<Ledger.Entry> reserve(BatchPart part) {
    BatchPart.State state = part.state();
    try {
      return client.ledger().batch(state.name(), state.model(), part.estimate());
    } catch (FeedbackException.BudgetExhausted e) {
      LOG.debug("the batch {} was not in the ledger: {}", state.name(), e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * Brings all batches of the folder to their end, and waits for it.
   *
   * @throws FeedbackException if one cannot be handed over, for a reason that all share; what was
   *     handed over before is waited for by the next run
   */
  void finish() {
    Duration wait = options.firstPoll();
    while (true) {
      boolean open = false;
      for (BatchPart part : folder.parts()) {
        open |= !advance(part);
      }
      if (!open) {
        return;
      }
      pause(wait);
      Duration longer = wait.plus(wait.dividedBy(2));
      wait = longer.compareTo(options.longestPoll()) < 0 ? longer : options.longestPoll();
    }
  }

  /** As far as a batch comes without waiting; true if it is settled. */
  private boolean advance(BatchPart part) {
    BatchPart.Step before;
    do {
      cancellation.throwIfRequested("a batch");
      before = part.state().step();
      switch (before) {
        case WRITTEN -> handOver(part);
        case UPLOADED -> make(part);
        case CREATING -> lookFor(part);
        case CREATED -> lookAt(part);
        case ENDED -> settle(part);
        case SETTLED -> {
          return true;
        }
      }
    } while (part.state().step() != before);
    return false;
  }

  private void handOver(BatchPart part) {
    try {
      client.ledger().batch(part.state().name(), part.state().model(), part.estimate());
    } catch (FeedbackException.BudgetExhausted e) {
      boolean others = folder.parts().stream().anyMatch(p -> p.is(BatchPart.Step.CREATED));
      if (others) {
        return; // what they really cost is less than what is reserved for them
      }
      throw e;
    }
    part.uploaded(calls.upload(part.requests(), part.state().name()));
  }

  private void make(BatchPart part) {
    Duration since = Duration.ofMillis(client.clock().millis() - part.state().since());
    if (part.state().tries() > 0 && since.compareTo(options.longestPoll()) < 0) {
      return; // the server would not take it for now
    }
    part.creating();
    create(part);
  }

  private void create(BatchPart part) {
    String file = Objects.requireNonNull(part.state().file());
    calls
        .create(file, part.wire().endpoint(), part.nameOfTheTry())
        .ifPresent(made -> created(part, made));
  }

  private void created(BatchPart part, BatchWire.Batch made) {
    part.created(BatchCalls.id(made.id(), "the batch"), client.clock().millis());
  }

  private void lookFor(BatchPart part) {
    Optional<BatchWire.Batch> found = calls.find(part.nameOfTheTry());
    if (found.isPresent()) {
      created(part, found.get());
    } else if (!lookedFor.add(part.nameOfTheTry())) {
      lookedFor.remove(part.nameOfTheTry());
      create(part);
    }
  }

  private void lookAt(BatchPart part) {
    BatchWire.Batch now;
    try {
      now = calls.get(Objects.requireNonNull(part.state().batch()));
    } catch (FeedbackException e) {
      if (!e.isTransient() || isOverdue(part)) {
        throw e;
      }
      LOG.warn("{}; the batch goes on meanwhile", e.getMessage());
      return;
    }
    report(part, now);
    String status = Wire.text(now.status());
    if (!OVER.contains(status)) {
      if (isOverdue(part)) {
        throw new FeedbackException.TransportFailed(
            "the batch "
                + now.id()
                + " is '"
                + status
                + "' after "
                + options.patience().toHours()
                + " hours; start again later, or cancel it at the server: what it has answered is"
                + " then used",
            null,
            false);
      }
      return;
    }
    end(part, now, status);
  }

  private boolean isOverdue(BatchPart part) {
    long since = client.clock().millis() - part.state().since();
    return since > options.patience().toMillis();
  }

  private void end(BatchPart part, BatchWire.Batch now, String status) {
    BatchWire.Errors errors = now.errors();
    List<BatchWire.Problem> problems = Wire.whole(errors == null ? null : errors.data());
    boolean full =
        status.equals("failed") && problems.stream().anyMatch(p -> QUEUE_FULL.equals(p.code()));
    if (full) {
      LOG.info("the server has no room for a batch now, and is asked again later");
      part.again(client.clock().millis());
      return;
    }
    String output = now.outputFile();
    String wrong = now.errorFile();
    if (output != null) {
      calls.fetch(output, part.output());
    }
    if (wrong != null) {
      calls.fetch(wrong, part.errors());
    }
    BatchWire.Counts counts = now.counts();
    Map<String, String> rejected = rejected(part, problems);
    part.ended(status, counts == null ? null : counts.completed(), rejected);
    settle(part);
    cancelled |= status.equals("cancelled");
    if (options.deleteFiles()) {
      calls.delete(part.state().file());
      calls.delete(output);
      calls.delete(wrong);
    }
    if (status.equals("failed")
        && (rejected.isEmpty() || rejected.size() == part.estimate().requests())) {
      throw new FeedbackException.InvalidRequest(
          "the server does not accept a batch of "
              + part.estimate().requests()
              + " questions to "
              + part.state().model()
              + ": "
              + (problems.isEmpty() ? "it does not say why" : words(problems.get(0)))
              + "; mend that, or ask live",
          true);
    }
  }

  /** The questions whose lines the server has named, with its words. */
  private static Map<String, String> rejected(BatchPart part, List<BatchWire.Problem> problems) {
    List<String> keys = new ArrayList<>(part.keys().keySet());
    Map<String, String> rejected = new HashMap<>();
    for (BatchWire.Problem problem : problems) {
      Long line = problem.line();
      if (line != null && line >= 1 && line <= keys.size()) {
        rejected.put(keys.get((int) (line - 1)), words(problem));
      }
    }
    return rejected;
  }

  private static String words(BatchWire.Problem problem) {
    return Wire.name(problem.code()) + " " + Wire.name(problem.message());
  }

  /** Writes into the ledger what a batch has cost, once. */
  private void settle(BatchPart part) {
    Optional<Ledger.Entry> entry = Optional.empty();
    try {
      entry = client.ledger().batch(part.state().name(), part.state().model(), part.estimate());
    } catch (FeedbackException.BudgetExhausted e) { // of a ledger that is not the one of before
      LOG.warn(
          "what the batch {} has cost is in no ledger: {}", part.state().batch(), e.getMessage());
    }
    if (entry.isPresent()) {
      BatchBill bill = BatchBill.of(part, results, client.json());
      entry
          .get()
          .settled(bill.model(), bill.used(), bill.unsaid(), Wire.text(part.state().batch()));
    }
    part.settled();
    results.add(part);
    try {
      Files.deleteIfExists(part.requests());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + part.requests(), e);
    }
  }

  private void report(BatchPart part, BatchWire.Batch now) {
    BatchWire.Counts counts = now.counts();
    Long completed = counts == null ? null : counts.completed();
    answered.put(part.state().name(), completed == null ? 0 : completed);
    long total =
        folder.parts().stream()
            .filter(p -> answered.containsKey(p.state().name()))
            .mapToLong(p -> p.estimate().requests())
            .sum();
    long done = answered.values().stream().mapToLong(Long::longValue).sum();
    listener.on(new RunEvent.Progress("batch", Math.min(done, total), total));
  }

  private void pause(Duration time) {
    Sleeper sleeper = client.sleeper();
    try {
      for (Duration left = time; !left.isNegative() && !left.isZero(); left = left.minus(SLICE)) {
        cancellation.throwIfRequested("a batch, which goes on at the server");
        sleeper.sleep(left.compareTo(SLICE) < 0 ? left : SLICE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException stopped =
          new CancellationException(
              "interrupted while waiting for a batch, which goes on at the server");
      stopped.initCause(e);
      throw stopped;
    }
  }
}
