package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.PrivateFiles;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.FeedbackException;

/**
 * Has groups of images judged and appends the judgements to a dataset on disk.
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
 * <p>A job can be resumed after a kill, a failure or a cancellation: run it again with the same
 * groups, in any order. Groups that have a judgement are skipped, so each is judged at most once. A
 * judgement that is missing (refused, malformed twice) is recorded with its reason, once it is
 * known that the judge works, and skipped too; {@link Builder#retryMissing} asks it again. A group
 * that was not judged because of a transient failure is not recorded, and is judged in a later run.
 *
 * <p>A judge that fails in the same way about everything ends the run with a {@link
 * NothingJudgedException} that says why, and nothing is recorded: if the first groups, or all, or
 * {@linkplain Builder#stopAfterFailures a number in a row} have no judgement for the same reason.
 * What was paid for is in the cache, if there is one.
 *
 * <p>A failure that makes further questions pointless (no key, no credit, budget spent) ends the
 * run: judgements in flight finish and are recorded, then the failure is thrown.
 *
 * <p>A dataset has one job at a time, among threads and processes; a second one is refused, and
 * told who it is. Space for the judgements in flight is reserved on the disk before anything is
 * asked: if the disk fills up, they are still written, and then the run ends.
 *
 * <p>Groups are drawn from the given collection as needed, at most {@link Builder#concurrency} at a
 * time, and released once judged.
 *
 * <table class="striped">
 * <caption>Metrics that a listener receives, besides the progress in groups</caption>
 * <thead><tr><th>name</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>annotation.rate</td><td>judgements a second in this run, missing ones included</td></tr>
 * <tr><td>annotation.secondsLeft</td><td>at that rate; only where the number of groups is
 * known</td></tr>
 * <tr><td>annotation.cost</td><td>cost of this run, by the given prices</td></tr>
 * <tr><td>annotation.requests, .inputTokens, .outputTokens</td><td>usage of this run</td></tr>
 * <tr><td>annotation.missing, annotation.postponed</td><td>groups of this run</td></tr>
 * </tbody>
 * </table>
 */
public final class AnnotationJob {
  /** Nobody writes an image for so long: who began it was killed. */
  private static final Duration LEFT_OVER = Duration.ofHours(1);

  private final JobRun.Setup setup;

  private AnnotationJob(JobRun.Setup setup) {
    this.setup = setup;
  }

  /**
   * A job that asks a judge. The settings that decide its answers go into the dataset's header.
   *
   * @param dataset a file in an existing folder; created, or resumed
   * @param oracle whom to ask; called from several threads
   * @param rubric what to look at
   * @return a builder
   */
  public static Builder builder(Path dataset, DescribedOracle oracle, Rubric rubric) {
    return new Builder(dataset, oracle, rubric).settings(oracle.settings());
  }

  /**
   * A job that asks any oracle.
   *
   * @param dataset a file in an existing folder; created, or resumed
   * @param oracle whom to ask; called from several threads
   * @param rubric what to look at
   * @param settings what decides the oracle's answers, so that a dataset does not mix judgements of
   *     different kinds
   * @return a builder
   */
  public static Builder builder(
      Path dataset, FeedbackOracle oracle, Rubric rubric, Settings settings) {
    return new Builder(dataset, oracle, rubric).settings(settings);
  }

  /**
   * Judges all groups that have no judgement in the dataset.
   *
   * @param groups the groups to judge; drawn as needed
   * @return what was done
   * @throws UncheckedIOException if the dataset cannot be written
   * @throws IllegalStateException if the dataset belongs to another job, is being written by one,
   *     or is not a dataset
   * @throws NothingJudgedException if the judge fails about everything for the same reason
   * @throws FeedbackException if further questions are pointless; what was judged is in the dataset
   * @throws OutOfMemoryError if the heap is too small for the groups in flight; it says what to
   *     change, and what was judged is in the dataset
   * @throws java.util.concurrent.CancellationException if that was requested; what was judged is in
   *     the dataset
   */
  public JobReport run(Iterable<ImageGroup> groups) {
    long total = groups instanceof Collection<?> collection ? collection.size() : 0;
    Path images = setup.images();
    if (images != null) {
      try {
        PrivateFiles.createFolders(images);
        AtomicFiles.removeLeftovers(images, setup.clock().instant().minus(LEFT_OVER));
      } catch (IOException e) {
        throw new UncheckedIOException(
            "the folder for images " + images + " cannot be made: " + e, e);
      }
    }
    DatasetHeader header = DatasetHeader.of(setup.rubric(), setup.settings());
    try (DatasetFile file = DatasetFile.open(setup.dataset(), header, setup.concurrency())) {
      return new JobRun(setup, file, total).go(groups.iterator());
    }
  }

  /** Sets up an {@link AnnotationJob}. */
  public static final class Builder {
    private final Path dataset;
    private final FeedbackOracle oracle;
    private final Rubric rubric;
    private Settings settings = Settings.none();
    private int concurrency = 1;
    private RunListener listener = RunListener.none();
    private Cancellation cancellation = new Cancellation();
    private Clock clock = Clock.systemUTC();
    private Duration reportEvery = Duration.ofSeconds(1);
    private ToDoubleFunction<Usage> cost = usage -> 0;
    private @Nullable Path imageFolder;
    private UnaryOperator<Consumer<String>> fileLayer = UnaryOperator.identity();
    private int stopAfterFailures = 10;
    private boolean retryMissing;

    private Builder(Path dataset, FeedbackOracle oracle, Rubric rubric) {
      this.dataset = Objects.requireNonNull(dataset, "dataset == null");
      this.oracle = Objects.requireNonNull(oracle, "oracle == null");
      this.rubric = Objects.requireNonNull(rubric, "rubric == null");
    }

    /**
     * Adds settings to the dataset's header: a later run with other values is rejected.
     *
     * @param settings names and values, such as the job's name or the size of the images
     * @return this builder
     */
    public Builder settings(Settings settings) {
      this.settings = this.settings.and(settings);
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
     * Sets the listener for progress and metrics: at the start, at the end, and every {@link
     * #reportEvery}.
     *
     * @param listener by default none
     * @return this builder
     */
    public Builder listener(RunListener listener) {
      this.listener = RunListener.all(listener);
      return this;
    }

    /**
     * Sets a switch that ends the run with a {@link java.util.concurrent.CancellationException}
     * once the judgements in flight are recorded.
     *
     * @param cancellation by default one that is never cancelled
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
     * Sets how often the listener is called and the dataset is flushed to disk. A killed process
     * loses no written line; a machine that loses power loses those since the last flush.
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
     * Sets how usage is converted to money.
     *
     * @param cost of a usage; by default 0
     * @return this builder
     */
    public Builder cost(ToDoubleFunction<Usage> cost) {
      this.cost = Objects.requireNonNull(cost, "cost == null");
      return this;
    }

    /**
     * Saves the images too, for training a reward model: one PNG for each distinct image, named by
     * its hash.
     *
     * @param folder created if missing
     * @return this builder
     */
    public Builder saveImages(Path folder) {
      this.imageFolder = Objects.requireNonNull(folder, "folder == null");
      return this;
    }

    /**
     * Sets when a judge counts as one that fails about everything: after so many groups without a
     * judgement, all for the same reason, none judged between them. The groups in flight may still
     * show that it works. Refusals do not count once a group was judged.
     *
     * @param groups at least 1, by default 10; 0 records each missing judgement at once and never
     *     stops
     * @return this builder
     */
    public Builder stopAfterFailures(int groups) {
      if (groups < 0) {
        throw new IllegalArgumentException(
            "stopAfterFailures must be at least 0, but was " + groups);
      }
      this.stopAfterFailures = groups;
      return this;
    }

    /**
     * Asks again about groups whose judgement is missing in the dataset. Refusals and malformed
     * answers are not repeated from a cache, but asked and paid for again, if the oracle is a
     * {@link DescribedOracle}. The new judgement is added to the dataset, whose readers take it
     * instead of the missing one.
     *
     * @return this builder
     */
    public Builder retryMissing() {
      this.retryMissing = true;
      return this;
    }

    /** Wraps the writing of lines, so that a test can crash it. */
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
      return new AnnotationJob(
          new JobRun.Setup(
              dataset,
              oracle,
              rubric,
              settings,
              concurrency,
              listener,
              cancellation,
              clock,
              reportEvery,
              cost,
              imageFolder,
              fileLayer,
              stopAfterFailures,
              retryMissing));
    }
  }
}
