package org.tastemaker.feedback.openai;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunListener;
import org.tastemaker.feedback.FeedbackException;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.annotate.AnnotationJob;
import org.tastemaker.feedback.annotate.JobReport;
import org.tastemaker.feedback.cache.AnswerCache;

/**
 * Has groups of images judged by the Batch API: at half the price, with answers within a day.
 *
 * <pre>{@code
 * try (ChatGptOracle oracle =
 *     ChatGptOracle.builder()
 *         .model("gpt-4.1-mini")
 *         .cache(Path.of("answers"))                   // required: answers are put there
 *         .ledgerFile(Path.of("ledger.jsonl"))
 *         .build()) {
 *   BatchReport report =
 *       BatchAnnotation.builder(Path.of("preferences.jsonl"), oracle, Rubrics.quality())
 *           .folder(Path.of("batches"))
 *           .build()
 *           .run(groups);                              // hours; start it again after a kill
 * }
 * }</pre>
 *
 * <p>The dataset, the cached answers and the ledger are those of an {@link AnnotationJob} with the
 * same oracle: one can go on where the other has stopped.
 *
 * <p>How it works: an ordinary job asks an ordinary oracle about all groups, of a judge that
 * answers from the cache and from what came back of batches, and that otherwise <em>notes</em> the
 * question and says that its answer is pending, so that the group stays open. What was noted
 * becomes the files of batches: a line for each question, with the key of its answer in the cache
 * as {@code custom_id}, and the very body that a live request would have. They are uploaded, made,
 * looked at from time to time, and fetched. Then the job runs again. Questions that follow from
 * answers, such as those of active pairs, second attempts after answers that cannot be used, and
 * lines that failed or expired, make the next round, up to a {@linkplain BatchOptions#rounds
 * number} of them.
 *
 * <p>It can be killed at any moment, and started again: each step of a batch is on the disk before
 * and after it is made, and a batch of which nobody knows whether it was made is found again by its
 * name in its metadata. So no batch is made twice, no answer is paid for twice, and none that was
 * paid for is lost. What batches may cost is reserved in the ledger before they are made.
 *
 * <p>If somebody cancels a batch at the server, what it has answered is used, and the run ends; the
 * next run asks the rest.
 */
public final class BatchAnnotation {
  private final Path dataset;
  private final ChatGptOracle.Parts oracle;
  private final Rubric rubric;
  private final Path folder;
  private final BatchOptions options;
  private final UnaryOperator<AnnotationJob.Builder> job;
  private final RunListener listener;
  private final Cancellation cancellation;
  private final boolean liveRest;

  private BatchAnnotation(Builder builder, ChatGptOracle.Parts oracle) {
    this.dataset = builder.dataset;
    this.oracle = oracle;
    this.rubric = builder.rubric;
    this.folder = builder.folder;
    this.options = builder.options;
    this.job = builder.job;
    this.listener = builder.listener;
    this.cancellation = builder.cancellation;
    this.liveRest = builder.liveRest;
  }

  /**
   * An annotation to be set up.
   *
   * @param dataset a file in an existing folder; created, or resumed
   * @param oracle whom to ask; it must have a folder for answers
   * @param rubric what to look at
   * @return a builder
   */
  public static Builder builder(Path dataset, ChatGptOracle oracle, Rubric rubric) {
    return new Builder(dataset, oracle, rubric);
  }

  /**
   * Judges all groups that have no judgement in the dataset, and waits for it.
   *
   * @param groups the groups to judge: looked at once for each round
   * @return what was done
   * @throws FeedbackException if further questions are pointless, or batches are not accepted; what
   *     was judged is in the dataset, and what is at the server is taken up by the next run
   * @throws IllegalStateException if another run has the dataset or the folder of batches
   * @throws java.util.concurrent.CancellationException if that was requested; batches go on at the
   *     server, and the next run takes them up
   * @throws java.io.UncheckedIOException if something cannot be written
   */
  public BatchReport run(Iterable<ImageGroup> groups) {
    OpenAiClient.Parts client = oracle.judge().client().parts();
    try (BatchFolder batches = BatchFolder.open(folder)) {
      BatchCalls calls = new BatchCalls(client.calls(), client.json(), options);
      BatchResults results = new BatchResults(calls);
      int before = 0;
      for (BatchPart part : batches.parts()) {
        if (part.is(BatchPart.Step.SETTLED)) {
          results.add(part);
          before++;
        }
      }
      BatchDriver driver =
          new BatchDriver(batches, calls, results, client, options, cancellation, listener);
      driver.takeUp();
      AtomicInteger first = new AtomicInteger(options.liveFirst());
      long judged = 0;
      long missing = 0;
      for (int round = 0; ; round++) {
        JobReport report;
        boolean further;
        try (BatchWriter writer =
            new BatchWriter(batches, oracle.judge().options(), options, client.clock())) {
          report = pass(judge(results, writer, first), groups);
          further = writer.noted() > 0 && round < options.rounds() && !driver.isCancelled();
          if (further) {
            writer.keep();
          }
        }
        judged += report.judged();
        missing += report.missing();
        if (further) {
          driver.finish();
          continue;
        }
        int ended = batches.parts().size() - before;
        if (liveRest && report.postponed() > 0) {
          report = pass(oracle.judge(), groups);
          judged += report.judged();
          missing += report.missing();
        }
        removeWhatIsKept(batches, results);
        return new BatchReport(report, judged, missing, report.postponed(), round, ended);
      }
    }
  }

  private BatchJudge judge(BatchResults results, BatchWriter writer, AtomicInteger first) {
    return new BatchJudge(
        oracle.judge(), oracle.cache()::key, results, writer, first, options.liveRejected());
  }

  /** One look at all groups that have no judgement yet. */
  private JobReport pass(Judge judge, Iterable<ImageGroup> groups) {
    AnswerCache cache = AnswerCache.of(judge, oracle.judge().settings(), oracle.answers());
    AnnotationJob.Builder builder =
        AnnotationJob.builder(
            dataset, oracle.asking().apply(cache).build(), rubric, oracle.settings());
    return job.apply(builder).listener(listener).cancellation(cancellation).build().run(groups);
  }

  /** Removes batches all of whose answers are in the cache. */
  private void removeWhatIsKept(BatchFolder batches, BatchResults results) {
    for (BatchPart part : batches.parts()) {
      if (part.is(BatchPart.Step.SETTLED)
          && results.read(part).entrySet().stream()
              .filter(line -> line.getValue().status() == 200)
              .allMatch(line -> Files.exists(oracle.cache().file(line.getKey())))) {
        batches.remove(part);
      }
    }
  }

  /** Sets up a {@link BatchAnnotation}. */
  public static final class Builder {
    private final Path dataset;
    private final ChatGptOracle oracle;
    private final Rubric rubric;
    private Path folder;
    private BatchOptions options = BatchOptions.DEFAULTS;
    private UnaryOperator<AnnotationJob.Builder> job = UnaryOperator.identity();
    private RunListener listener = RunListener.none();
    private Cancellation cancellation = new Cancellation();
    private boolean liveRest;

    private Builder(Path dataset, ChatGptOracle oracle, Rubric rubric) {
      this.dataset = Objects.requireNonNull(dataset, "dataset == null");
      this.oracle = Objects.requireNonNull(oracle, "oracle == null");
      this.rubric = Objects.requireNonNull(rubric, "rubric == null");
      this.folder = dataset.resolveSibling(dataset.getFileName() + ".batches");
    }

    /**
     * Sets where the state of batches is kept.
     *
     * @param folder created if missing; by default {@code <dataset>.batches}
     * @return this builder
     */
    public Builder folder(Path folder) {
      this.folder = Objects.requireNonNull(folder, "folder == null");
      return this;
    }

    /**
     * Sets the limits of batches, and how often they are looked at.
     *
     * @param options by default {@link BatchOptions#DEFAULTS}
     * @return this builder
     */
    public Builder options(BatchOptions options) {
      this.options = Objects.requireNonNull(options, "options == null");
      return this;
    }

    /**
     * Sets further options of the job that writes the dataset.
     *
     * @param change such as {@code j -> j.saveImages(folder)}
     * @return this builder
     */
    public Builder job(UnaryOperator<AnnotationJob.Builder> change) {
      this.job = Objects.requireNonNull(change, "change == null");
      return this;
    }

    /**
     * Sets the listener for the progress of the job and of batches.
     *
     * @param listener by default none
     * @return this builder
     */
    public Builder listener(RunListener listener) {
      this.listener = RunListener.all(listener);
      return this;
    }

    /**
     * Sets a switch that ends the run; batches go on at the server.
     *
     * @param cancellation by default one that is never cancelled
     * @return this builder
     */
    public Builder cancellation(Cancellation cancellation) {
      this.cancellation = Objects.requireNonNull(cancellation, "cancellation == null");
      return this;
    }

    /**
     * Sets whether what remains after the last round is asked live, at the full price.
     *
     * @param liveRest by default false
     * @return this builder
     */
    public Builder liveRest(boolean liveRest) {
      this.liveRest = liveRest;
      return this;
    }

    /**
     * Makes the annotation, without a call.
     *
     * @return an annotation that can be run, more than once
     * @throws IllegalArgumentException if the oracle has no folder for answers
     */
    public BatchAnnotation build() {
      ChatGptOracle.Parts parts = oracle.parts();
      if (parts == null) {
        throw new IllegalArgumentException(
            "answers of batches are put into the cache, so the oracle needs one: set cache(...), and"
                + " not replay(...)");
      }
      return new BatchAnnotation(this, parts);
    }
  }
}
