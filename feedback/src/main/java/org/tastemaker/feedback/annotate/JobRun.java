package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.MissingReason;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.protocol.JudgementFacts;

/** One run of a job: the state that its threads share. */
final class JobRun {
  /**
   * What a job was set up with.
   *
   * @param images where images are kept, or null
   * @param fileLayer wraps the writing of lines, so that a test can crash it
   */
  record Setup(
      Path dataset,
      FeedbackOracle oracle,
      Rubric rubric,
      Settings settings,
      int concurrency,
      RunListener listener,
      Cancellation cancellation,
      Clock clock,
      Duration reportEvery,
      ToDoubleFunction<Usage> cost,
      @Nullable Path images,
      UnaryOperator<Consumer<String>> fileLayer,
      int stopAfterFailures,
      boolean retryMissing) {}

  private static final Logger LOG = LoggerFactory.getLogger(JobRun.class);

  private final Setup setup;
  private final DatasetFile file;
  private final Consumer<String> appender;
  private final FeedbackOracle oracle;
  private final JobProgress progress;
  private final FailureNet net;
  private final Semaphore slots;
  private volatile @Nullable Throwable failure;

  JobRun(Setup setup, DatasetFile file, long total) {
    this.setup = setup;
    this.file = file;
    this.oracle =
        setup.retryMissing() && setup.oracle() instanceof DescribedOracle described
            ? described.retrying()
            : setup.oracle();
    this.net = new FailureNet(setup.stopAfterFailures(), file.isAnswered());
    this.slots = new Semaphore(setup.concurrency());
    this.appender = setup.fileLayer().apply(file::append);
    this.progress =
        new JobProgress(
            total, setup.clock(), setup.reportEvery(), setup.cost(), setup.listener(), file::force);
  }

  JobReport go(Iterator<ImageGroup> groups) {
    try {
      return judgeAll(groups);
    } catch (OutOfMemoryError e) { // of any thread, and of the source of groups
      throw withAdvice(e);
    }
  }

  private JobReport judgeAll(Iterator<ImageGroup> groups) {
    ExecutorService threads = Executors.newFixedThreadPool(setup.concurrency(), JobRun::daemon);
    try {
      progress.report();
      // 1. Draw the next group only when a thread is free for it.
      while (failure == null && !setup.cancellation().isRequested() && groups.hasNext()) {
        slots.acquireUninterruptibly();
        if (failure != null || setup.cancellation().isRequested()) {
          slots.release();
          break;
        }
        if (isReached()) {
          slots.acquireUninterruptibly(setup.concurrency() - 1);
          endIfReached(); // unless one in flight was judged
          slots.release(setup.concurrency());
          continue;
        }
        hand(groups, threads);
      }
    } finally {
      // 2. Wait for the calls in flight: they are paid for.
      slots.acquireUninterruptibly(setup.concurrency());
      threads.shutdown();
    }
    // 3. Record what was held back, report and flush for the last time.
    endNet();
    progress.report();
    rethrow();
    setup
        .cancellation()
        .throwIfRequested("judgement " + (progress.done() + 1) + " of " + setup.dataset());
    JobReport report = progress.toReport(file);
    say(report);
    return report;
  }

  private synchronized boolean isReached() {
    return net.isReached();
  }

  private synchronized void endIfReached() {
    if (failure == null && net.isReached()) {
      failure = net.exception();
    }
  }

  private synchronized void endNet() {
    try {
      endIfReached();
      if (failure != null || setup.cancellation().isRequested()) {
        net.stop();
      } else {
        net.end();
      }
    } catch (RuntimeException e) { // of the net, or of the writing
      failure = failure == null ? e : failure;
    }
  }

  /** A missing judgement is not asked for again, unless somebody says so: then say how. */
  private void say(JobReport report) {
    if (report.missing() + report.missingThere() > 0) {
      String words =
          (report.missing() + report.missingThere())
              + " groups in "
              + setup.dataset()
              + " have no judgement: "
              + MissingReason.words(report.allReasons())
              + ". They are asked again with retryMissing()";
      LOG.warn("{}", words);
      setup.listener().on(new RunEvent.Notice(progress.done(), words));
    }
  }

  /** Gives the next group to a thread, with the slot that was taken for it. */
  private void hand(Iterator<ImageGroup> groups, ExecutorService threads) {
    boolean handed = false;
    try {
      ImageGroup group = groups.next(); // may fail, as may the start of a thread
      threads.execute(() -> work(group));
      handed = true;
    } finally {
      if (!handed) {
        slots.release();
      }
    }
  }

  private void work(ImageGroup group) {
    try {
      if (failure == null) {
        annotate(group);
      }
    } catch (Throwable e) { // an Error too must end the run and reach its caller
      synchronized (this) {
        failure = failure == null ? e : failure;
      }
    } finally {
      slots.release();
    }
  }

  private void annotate(ImageGroup group) {
    // 1. Claim the group.
    List<String> hashes = group.images().stream().map(Image::sha256).toList();
    String id = GroupId.of(group.prompt(), hashes);
    synchronized (this) {
      MissingReason missing = file.missing().of(id);
      boolean again = setup.retryMissing() && file.missing().remove(id);
      if (!file.ids().add(id) && !again) {
        progress.alreadyThere(missing);
        return;
      }
    }
    // 2. Ask.
    Judgement judgement = judge(group);
    // 3. Record, unless it may be answered later.
    Instant now = setup.clock().instant();
    AnnotatedGroup annotated = new AnnotatedGroup(id, now, group.prompt(), hashes, judgement);
    if (!judgement.isMissing() && JudgementFacts.openQuestions(judgement) == 0) {
      saveImages(group, hashes); // before the lock: they are the slow part
    }
    synchronized (this) {
      if (!judgement.isMissing()) {
        net.judged();
      }
      if (JudgementFacts.openQuestions(judgement) > 0) {
        progress.postponed(judgement);
        if (judgement.isMissing()) {
          net.postponed(judgement);
        }
      } else if (judgement.isMissing()) {
        progress.missing(judgement);
        net.missing(
            judgement,
            () -> {
              saveImages(group, hashes);
              appender.accept(DatasetLine.of(annotated));
            });
      } else {
        appender.accept(DatasetLine.of(annotated));
        progress.judged(judgement);
      }
      file.requireSpace();
    }
  }

  /** Before the line is written, so that no judgement refers to a missing image. */
  private void saveImages(ImageGroup group, List<String> hashes) {
    Path images = setup.images();
    if (images != null) {
      for (int i = 0; i < hashes.size(); i++) {
        ImageFolder.save(images, group.images().get(i), hashes.get(i));
      }
    }
  }

  private Judgement judge(ImageGroup group) {
    List<Judgement> judgements;
    try {
      judgements = oracle.rank(List.of(group), setup.rubric());
    } catch (FeedbackException e) {
      if (e.stopsTheJob()) {
        throw e;
      }
      return JudgementFacts.missing(group.size(), e, "unknown");
    }
    if (judgements.size() != 1 || judgements.get(0).ranking().size() != group.size()) {
      throw new IllegalStateException(
          "an oracle must give one judgement of "
              + group.size()
              + " images for one group of them, but gave "
              + judgements.stream().map(j -> "one of " + j.ranking().size()).toList());
    }
    return judgements.get(0);
  }

  private void rethrow() {
    Throwable e = failure;
    if (e instanceof Error error) {
      throw error;
    }
    if (e instanceof RuntimeException exception) {
      throw exception;
    }
  }

  /** Still an Error, as nobody knows what else it has hit; but with the way out. */
  private OutOfMemoryError withAdvice(OutOfMemoryError e) {
    OutOfMemoryError advice =
        new OutOfMemoryError(
            "the heap of "
                + (Runtime.getRuntime().maxMemory() >> 20)
                + " MB is too small for "
                + setup.concurrency()
                + " groups of images in flight ("
                + e.getMessage()
                + "): set a lower concurrency(...), smaller images, or a larger heap (-Xmx). What was"
                + " judged is in "
                + setup.dataset()
                + ", so start the job again");
    advice.initCause(e);
    return advice;
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "tastemaker-annotation");
    thread.setDaemon(true);
    return thread;
  }
}
