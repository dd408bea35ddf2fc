package org.tastemaker.feedback.annotate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Usage;

/** Counts what a run does, and reports it to a listener from time to time. */
final class JobProgress {
  private final long total;
  private final Clock clock;
  private final Duration every;
  private final ToDoubleFunction<Usage> cost;
  private final RunListener listener;
  private final Runnable flush;
  private final Instant start;
  private Instant lastReport;
  private long judged;
  private long missing;
  private long alreadyThere;
  private long postponed;
  private final List<MissingReason> missingThere = new ArrayList<>();
  private List<MissingReason> reasons = List.of();
  private List<MissingReason> postponedReasons = List.of();
  private Usage usage = Usage.NONE;

  /**
   * Nothing done yet.
   *
   * @param total number of groups; 0 where it is not known
   * @param clock of rates
   * @param every how long at least from one report to the next
   * @param cost of a usage, in money
   * @param listener receives the reports
   * @param flush called with each report, so that what was reported is on disk
   */
  JobProgress(
      long total,
      Clock clock,
      Duration every,
      ToDoubleFunction<Usage> cost,
      RunListener listener,
      Runnable flush) {
    this.total = total;
    this.clock = clock;
    this.every = every;
    this.cost = cost;
    this.listener = listener;
    this.flush = flush;
    this.start = clock.instant();
    this.lastReport = start;
  }

  synchronized void judged(Judgement judgement) {
    judged++;
    usage = usage.plus(judgement.usage());
    reportIfDue();
  }

  synchronized void missing(Judgement judgement) {
    missing++;
    reasons = MissingReason.join(reasons, MissingReason.of(List.of(judgement)));
    usage = usage.plus(judgement.usage());
    reportIfDue();
  }

  /**
   * A group that is in the dataset.
   *
   * @param reason why its judgement is missing, or null
   */
  synchronized void alreadyThere(@Nullable MissingReason reason) {
    alreadyThere++;
    if (reason != null) {
      missingThere.add(reason);
    }
    reportIfDue();
  }

  synchronized void postponed(Judgement judgement) {
    postponed++;
    postponedReasons = MissingReason.join(postponedReasons, MissingReason.of(List.of(judgement)));
    usage = usage.plus(judgement.usage());
    reportIfDue();
  }

  /** Groups that are dealt with, in whatever way. */
  synchronized long done() {
    return judged + missing + alreadyThere + postponed;
  }

  synchronized void report() {
    report(clock.instant());
  }

  synchronized JobReport toReport(DatasetFile file) {
    return new JobReport(
        judged,
        missing,
        alreadyThere,
        missingThere.size(),
        postponed,
        reasons,
        MissingReason.join(List.of(), missingThere),
        postponedReasons,
        usage,
        cost.applyAsDouble(usage),
        Duration.between(start, clock.instant()),
        file.damagedLines(),
        file.damaged(),
        file.setAside());
  }

  private void reportIfDue() {
    Instant now = clock.instant();
    if (Duration.between(lastReport, now).compareTo(every) >= 0) {
      report(now);
    }
  }

  private void report(Instant now) {
    lastReport = now;
    flush.run();
    double seconds = Duration.between(start, now).toNanos() / 1e9;
    double rate = seconds > 0 ? (judged + missing) / seconds : 0;
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("annotation.rate", rate);
    if (total > 0 && rate > 0) {
      metrics.put("annotation.secondsLeft", Math.max(0, total - done()) / rate);
    }
    metrics.put("annotation.cost", cost.applyAsDouble(usage));
    metrics.put("annotation.requests", (double) usage.requests());
    metrics.put("annotation.inputTokens", (double) usage.inputTokens());
    metrics.put("annotation.outputTokens", (double) usage.outputTokens());
    metrics.put("annotation.missing", (double) missing);
    metrics.put("annotation.postponed", (double) postponed);
    listener.on(
        new RunEvent.Progress("annotating", done(), total == 0 ? 0 : Math.max(total, done())));
    listener.on(new RunEvent.Metrics(done(), metrics));
  }
}
