package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Usage;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.protocol.JudgeOracle;
import org.tastemaker.feedback.protocol.JudgementFacts;

/**
 * Has groups of images judged, and keeps the judgements in a dataset on disk.
 *
 * <pre>{@code
 * JobReport report =
 *     AnnotationJob.builder(Path.of("preferences.jsonl"), oracle, Rubrics.quality())
 *         .concurrency(64)
 *         .listener(progressBar)
 *         .build()
 *         .run(groups);
 * }</pre>
 *
 * <p>Run it again after a kill, a failure or a cancellation, with the same groups in any order:
 * those that have a judgement are skipped, so that each group is judged once, however often it is
 * given. A judgement that is missing for good (refused, malformed twice) is recorded with its
 * reason and counts as judged; a group that a passing failure kept from being judged is not
 * recorded and comes up again.
 *
 * <p>A failure that makes further questions pointless (no key, no credit, budget spent) ends the
 * run: what is under way is finished and recorded, then the failure is thrown.
 *
 * <p>Groups are drawn from the given collection as they are needed, at most {@link
 * Builder#concurrency} at a time, and let go when judged.
 *
 * <table class="striped">
 * <caption>Metrics that a listener is told, beside the progress in groups</caption>
 * <thead><tr><th>name</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>annotation.rate</td><td>judgements a second in this run</td></tr>
 * <tr><td>annotation.secondsLeft</td><td>at that rate; only where the number of groups is
 * known</td></tr>
 * <tr><td>annotation.cost</td><td>money of this run, by the given prices</td></tr>
 * <tr><td>annotation.requests, .inputTokens, .outputTokens</td><td>usage of this run</td></tr>
 * <tr><td>annotation.missing, annotation.postponed</td><td>groups of this run</td></tr>
 * </tbody>
 * </table>
 */
public final class AnnotationJob {
  private final Path dataset;
  private final FeedbackOracle oracle;
  private final Rubric rubric;
  private final Map<String, String> settings;
  private final int concurrency;
  private final RunListener listener;
  private final Cancellation cancellation;
  private final Clock clock;
  private final Duration reportEvery;
  private final ToDoubleFunction<Usage> cost;
  private final @Nullable Path imageFolder;
  private final UnaryOperator<Consumer<String>> fileLayer;

  private AnnotationJob(Builder builder) {
    this.dataset = builder.dataset;
    this.oracle = builder.oracle;
    this.rubric = builder.rubric;
    this.settings = Map.copyOf(builder.settings);
    this.concurrency = builder.concurrency;
    this.listener = builder.listener;
    this.cancellation = builder.cancellation;
    this.clock = builder.clock;
    this.reportEvery = builder.reportEvery;
    this.cost = builder.cost;
    this.imageFolder = builder.imageFolder;
    this.fileLayer = builder.fileLayer;
  }

  /**
   * A job that asks a judge. What decides its answers goes into the dataset's header by itself.
   *
   * @param dataset a file, of which the folder exists; made, or gone on with
   * @param oracle whom to ask; called from several threads
   * @param rubric what to look at
   * @return a builder
   */
  public static Builder builder(Path dataset, JudgeOracle oracle, Rubric rubric) {
    return new Builder(dataset, oracle, rubric).settings(oracle.settings());
  }

  /**
   * A job that asks any oracle.
   *
   * @param dataset a file, of which the folder exists; made, or gone on with
   * @param oracle whom to ask; called from several threads
   * @param rubric what to look at
   * @param settings what decides the oracle's answers, so that a dataset does not mix judgements of
   *     different kinds
   * @return a builder
   */
  public static Builder builder(
      Path dataset, FeedbackOracle oracle, Rubric rubric, Map<String, String> settings) {
    return new Builder(dataset, oracle, rubric).settings(settings);
  }

  /**
   * Judges all groups that the dataset has no judgement of.
   *
   * @param groups what to judge; drawn from as needed
   * @return what was done
   * @throws UncheckedIOException if the dataset cannot be written
   * @throws IllegalStateException if the dataset belongs to another job, is being written by one,
   *     or is none at all
   * @throws FeedbackException if further questions are pointless; what was judged is in the dataset
   * @throws java.util.concurrent.CancellationException if that was asked for; likewise
   */
  public JobReport run(Iterable<ImageGroup> groups) {
    long total = groups instanceof Collection<?> collection ? collection.size() : 0;
    if (imageFolder != null) {
      try {
        Files.createDirectories(imageFolder);
      } catch (IOException e) {
        throw new UncheckedIOException(
            "the folder for images " + imageFolder + " cannot be made: " + e, e);
      }
    }
    try (DatasetFile file = DatasetFile.open(dataset, DatasetHeader.of(rubric, settings))) {
      return new Run(file, total).go(groups.iterator());
    }
  }

  /** One run: the state that its threads share. */
  private final class Run {
    private final DatasetFile file;
    private final Consumer<String> appender;
    private final JobProgress progress;
    private final Semaphore slots = new Semaphore(concurrency);
    private volatile @Nullable Throwable failure;

    Run(DatasetFile file, long total) {
      this.file = file;
      this.appender = fileLayer.apply(file::append);
      this.progress = new JobProgress(total, clock, reportEvery, cost, listener, file::force);
    }

    JobReport go(Iterator<ImageGroup> groups) {
      ExecutorService threads = Executors.newFixedThreadPool(concurrency, Run::daemon);
      try {
        progress.report();
        // 1. Draw the next group only when a thread is free for it.
        while (failure == null && !cancellation.isRequested() && groups.hasNext()) {
          slots.acquireUninterruptibly();
          if (failure != null || cancellation.isRequested()) {
            slots.release();
            break;
          }
          ImageGroup group = groups.next();
          threads.execute(() -> work(group));
        }
      } finally {
        // 2. Wait for what is under way: it is paid for.
        slots.acquireUninterruptibly(concurrency);
        threads.shutdown();
      }
      // 3. Tell, and flush, for the last time.
      progress.report();
      rethrow();
      cancellation.throwIfRequested("judgement " + (progress.done() + 1) + " of " + dataset);
      return progress.toReport(file);
    }

    private void work(ImageGroup group) {
      try {
        if (failure == null) {
          annotate(group);
        }
      } catch (Throwable e) { // an Error too must end the run, and reach its caller
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
        if (!file.ids().add(id)) {
          progress.alreadyThere();
          return;
        }
      }
      // 2. Ask.
      Judgement judgement = judge(group);
      if (judgement == null || JudgementFacts.openQuestions(judgement) > 0) {
        synchronized (this) {
          progress.postponed(judgement == null ? Usage.NONE : judgement.usage());
        }
        return;
      }
      // 3. Record: images first, so that a judgement never speaks of images that are not there.
      if (imageFolder != null) {
        for (int i = 0; i < hashes.size(); i++) {
          ImageFolder.save(imageFolder, group.images().get(i), hashes.get(i));
        }
      }
      String line =
          DatasetLine.of(
              new AnnotatedGroup(id, clock.instant(), group.prompt(), hashes, judgement));
      synchronized (this) {
        appender.accept(line);
        progress.judged(judgement);
      }
    }

    /** Null where a passing failure leaves the group for another time. */
    private @Nullable Judgement judge(ImageGroup group) {
      List<Judgement> judgements;
      try {
        judgements = oracle.rank(List.of(group), rubric);
      } catch (FeedbackException e) {
        if (e.stopsTheJob()) {
          throw e;
        }
        return e.isTransient()
            ? null
            : Judgement.missing(group.size(), String.valueOf(e.getMessage()), "unknown", e.usage());
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

    private static Thread daemon(Runnable work) {
      Thread thread = new Thread(work, "tastemaker-annotation");
      thread.setDaemon(true);
      return thread;
    }
  }

  /** Sets up an {@link AnnotationJob}. */
  public static final class Builder {
    private final Path dataset;
    private final FeedbackOracle oracle;
    private final Rubric rubric;
    private final Map<String, String> settings = new TreeMap<>();
    private int concurrency = 1;
    private RunListener listener = RunListener.none();
    private Cancellation cancellation = new Cancellation();
    private Clock clock = Clock.systemUTC();
    private Duration reportEvery = Duration.ofSeconds(1);
    private ToDoubleFunction<Usage> cost = usage -> 0;
    private @Nullable Path imageFolder;
    private UnaryOperator<Consumer<String>> fileLayer = UnaryOperator.identity();

    private Builder(Path dataset, FeedbackOracle oracle, Rubric rubric) {
      this.dataset = Objects.requireNonNull(dataset, "dataset == null");
      this.oracle = Objects.requireNonNull(oracle, "oracle == null");
      this.rubric = Objects.requireNonNull(rubric, "rubric == null");
    }

    /**
     * Adds to what the dataset holds on to: a later run with other values is refused.
     *
     * @param settings names and values, such as the job's name or the size of the images
     * @return this builder
     */
    public Builder settings(Map<String, String> settings) {
      this.settings.putAll(settings);
      return this;
    }

    /**
     * Sets how many groups are judged at a time.
     *
     * @param concurrency at least 1, which is the default
     * @return this builder
     */
    public Builder concurrency(int concurrency) {
      if (concurrency < 1) {
        throw new IllegalArgumentException(
            "concurrency must be at least 1, but was " + concurrency);
      }
      this.concurrency = concurrency;
      return this;
    }

    /**
     * Sets who is told of progress and metrics: at the start, at the end, and as often as {@link
     * #reportEvery} says.
     *
     * @param listener by default nobody
     * @return this builder
     */
    public Builder listener(RunListener listener) {
      this.listener = RunListener.all(listener);
      return this;
    }

    /**
     * Sets a switch that ends the run with a {@link java.util.concurrent.CancellationException}
     * once what is under way is recorded.
     *
     * @param cancellation by default one that is never used
     * @return this builder
     */
    public Builder cancellation(Cancellation cancellation) {
      this.cancellation = Objects.requireNonNull(cancellation, "cancellation == null");
      return this;
    }

    /**
     * Sets the clock of times and rates.
     *
     * @param clock by default the system's
     * @return this builder
     */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock, "clock == null");
      return this;
    }

    /**
     * Sets how often the listener is told, and the dataset flushed to the disk: a process that is
     * killed loses no line that was written, a machine that loses power those since the last flush.
     *
     * @param reportEvery at least 0; by default one second
     * @return this builder
     */
    public Builder reportEvery(Duration reportEvery) {
      if (reportEvery.isNegative()) {
        throw new IllegalArgumentException(
            "reportEvery must be at least 0, but was " + reportEvery);
      }
      this.reportEvery = reportEvery;
      return this;
    }

    /**
     * Sets the prices by which usage becomes money.
     *
     * @param cost of a usage; by default 0
     * @return this builder
     */
    public Builder cost(ToDoubleFunction<Usage> cost) {
      this.cost = Objects.requireNonNull(cost, "cost == null");
      return this;
    }

    /**
     * Keeps the images too, which a reward model will need: one PNG for each different image, under
     * its hash.
     *
     * @param folder made if it is not there
     * @return this builder
     */
    public Builder saveImages(Path folder) {
      this.imageFolder = Objects.requireNonNull(folder, "folder == null");
      return this;
    }

    /** Puts something between the job and the file: a test's crash. */
    Builder fileLayer(UnaryOperator<Consumer<String>> fileLayer) {
      this.fileLayer = fileLayer;
      return this;
    }

    /**
     * Makes the job.
     *
     * @return a job that can be run, more than once
     */
    public AnnotationJob build() {
      return new AnnotationJob(this);
    }
  }
}
