package org.tastemaker.feedback.annotate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
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
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Usage;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.protocol.JudgeOracle;

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
  private final JobRun.Setup setup;

  private AnnotationJob(JobRun.Setup setup) {
    this.setup = setup;
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
      Path dataset, FeedbackOracle oracle, Rubric rubric, Settings settings) {
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
    Path images = setup.images();
    if (images != null) {
      try {
        Files.createDirectories(images);
      } catch (IOException e) {
        throw new UncheckedIOException(
            "the folder for images " + images + " cannot be made: " + e, e);
      }
    }
    DatasetHeader header = DatasetHeader.of(setup.rubric(), setup.settings());
    try (DatasetFile file = DatasetFile.open(setup.dataset(), header)) {
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
              fileLayer));
    }
  }
}
