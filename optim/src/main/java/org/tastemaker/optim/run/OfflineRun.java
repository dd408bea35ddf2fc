package org.tastemaker.optim.run;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.guard.GuardOptions;
import org.tastemaker.optim.preference.OfflineOptimizer;
import org.tastemaker.optim.preference.PreferenceData;

/**
 * Trains on judged images that were there before, round by round, with what {@link AlignmentRun}
 * gives training on a model's own images: a folder, checkpoints, resuming, evaluation, listeners,
 * and an end at a bound. A round is one step of the optimizer.
 *
 * <pre>
 *   RunResult result =
 *       OfflineRun.of(data, new DiffusionDpo(policy, DiffusionDpo.Options.defaults(), Seed.of(1)))
 *           .evaluated(
 *               Evaluation.every(20, prompts, Seed.of(7))
 *                   .withSampler(policy.sampler())
 *                   .withReward(score))
 *           .in(folder)                           // resumes from its latest checkpoint
 *           .run(OfflineRun.Options.rounds(400));
 * </pre>
 *
 * <p>A run that is killed and resumed from its folder's latest checkpoint ends with weights that
 * are bit-identical to those of an uninterrupted run. With other data it is not resumed. A step
 * that diverges is taken back, and the run ends with {@link RunResult.Reason#DIVERGED}. Not
 * thread-safe.
 */
public final class OfflineRun {
  private final PreferenceData data;
  private final OfflineOptimizer optimizer;
  private @Nullable Evaluation evaluation;
  private GuardOptions guarding = GuardOptions.defaults();
  private @Nullable RunFolder folder;
  private RunListener listener = RunListener.none();
  private Cancellation cancellation = new Cancellation();
  private LongSupplier nanoTime = System::nanoTime;

  private OfflineRun(PreferenceData data, OfflineOptimizer optimizer) {
    this.data = Objects.requireNonNull(data, "data == null");
    this.optimizer = Objects.requireNonNull(optimizer, "optimizer == null");
  }

  /**
   * A run of the given parts, which the caller still owns.
   *
   * @param data what is learned from
   * @param optimizer what updates the policy
   * @return the run, without evaluation and folder
   */
  public static OfflineRun of(PreferenceData data, OfflineOptimizer optimizer) {
    return new OfflineRun(data, optimizer);
  }

  /**
   * Evaluates every few rounds.
   *
   * @param settings when and on what; with a sampler and a reward of its own, since data has
   *     neither
   * @return this run
   * @throws IllegalArgumentException if it has no sampler or no reward
   */
  public OfflineRun evaluated(Evaluation settings) {
    if (settings.sampler() == null || settings.reward() == null) {
      throw new IllegalArgumentException(
          "training on data has no sampler and no reward that an evaluation could use: give it"
              + " both, with withSampler(policy.sampler()) and withReward(...)");
    }
    this.evaluation = settings;
    return this;
  }

  /**
   * Looks at every evaluation for what its reward does not show. Without this it is done with
   * {@link GuardOptions#defaults}.
   *
   * @param settings of the guards
   * @return this run
   */
  public OfflineRun guarded(GuardOptions settings) {
    this.guarding = Objects.requireNonNull(settings, "guards == null");
    return this;
  }

  /**
   * Writes metrics, images and checkpoints to a folder, and resumes from its latest checkpoint.
   *
   * @param open of the run; the caller closes it
   * @return this run
   */
  public OfflineRun in(RunFolder open) {
    this.folder = Objects.requireNonNull(open, "folder == null");
    return this;
  }

  /**
   * Reports what happens.
   *
   * @param observer receives what {@link AlignmentRun#listener} names
   * @return this run
   */
  public OfflineRun listener(RunListener observer) {
    this.listener = RunListener.all(observer);
    return this;
  }

  /**
   * Lets another thread stop the run: it then throws {@link
   * java.util.concurrent.CancellationException} before its next round. It can be resumed from its
   * folder.
   *
   * @param stop set by the other thread
   * @return this run
   */
  public OfflineRun cancellation(Cancellation stop) {
    this.cancellation = Objects.requireNonNull(stop, "cancellation == null");
    return this;
  }

  /**
   * Measures durations with another clock.
   *
   * @param clock in nanoseconds, such as {@code System::nanoTime}
   * @return this run
   */
  public OfflineRun timedBy(LongSupplier clock) {
    this.nanoTime = Objects.requireNonNull(clock, "clock == null");
    return this;
  }

  /**
   * Runs to the end, from the folder's latest checkpoint if there is one.
   *
   * @param options how long to run
   * @return how it ended
   * @throws IllegalArgumentException if the folder's checkpoint is of other data or another
   *     optimizer, or if there is a bound on a KL that is not measured
   * @throws IllegalStateException if another run goes on in the folder
   */
  public RunResult run(Options options) {
    return RunLoop.alone(folder, () -> go(options));
  }

  private RunResult go(Options options) {
    KlWatch watch =
        new KlWatch(
            options.warnKlPerElement(),
            folder,
            folder == null ? listener : RunListener.all(folder.listener(), listener));
    Guards guards = new Guards(guarding, folder, watch);
    RunLoop loop =
        new RunLoop(
            "training on preferences",
            new RunCheckpoints(
                folder,
                "offline-run",
                settings(),
                Set.of(),
                new RunCheckpoints.Learner("optimizer", optimizer::save, optimizer::restore),
                Map.of(),
                guards),
            StopRule.of(Double.POSITIVE_INFINITY, options.maxKlToReference(), evaluation),
            Evaluation.evaluator(evaluation, cancellation, guards, watch),
            watch,
            cancellation);
    return loop.run(
        done -> {
          EngineNotice.tell(evaluation == null ? null : evaluation.sampler(), done, folder, watch);
          return round -> round();
        },
        new RunLoop.Length(options.rounds(), options.checkpointEvery(), options.keepCheckpoints()));
  }

  private RunLoop.Done round() {
    long start = nanoTime.getAsLong();
    StepReport report = optimizer.step(data);
    Map<String, Double> metrics = new TreeMap<>(report.metrics());
    metrics.put("skipped", report.skippedReason() != null ? 1.0 : 0.0);
    metrics.put("secondsTraining", (nanoTime.getAsLong() - start) * 1e-9);
    return new RunLoop.Done(metrics, report.skippedReason() != null);
  }

  private Settings settings() {
    return Settings.none()
        .with("data", data.identity())
        .with("optimizer", RunCheckpoints.kindOf(optimizer));
  }

  /**
   * How long to run.
   *
   * @param rounds in total, at least 1; a run may be extended when it is resumed
   * @param checkpointEvery the number of rounds between checkpoints, at least 1; the last round
   *     always has one
   * @param keepCheckpoints how many of the latest are kept, at least 1
   * @param maxKlToReference the run stops at an evaluation whose {@code klToReference}, in nats, is
   *     above it; infinity for no bound, which runs without {@link Evaluation#withKlOf} need
   * @param warnKlPerElement as in {@link AlignmentRun.Options}
   */
  @RecordBuilder
  public record Options(
      long rounds,
      int checkpointEvery,
      int keepCheckpoints,
      double maxKlToReference,
      double warnKlPerElement)
      implements OfflineRunOptionsBuilder.With {
    public Options {
      require(rounds >= 1, "rounds must be at least 1, but was " + rounds);
      require(
          checkpointEvery >= 1, "checkpointEvery must be at least 1, but was " + checkpointEvery);
      require(
          keepCheckpoints >= 1, "keepCheckpoints must be at least 1, but was " + keepCheckpoints);
      require(
          maxKlToReference > 0, "maxKlToReference must be above 0, but was " + maxKlToReference);
      require(
          warnKlPerElement > 0, "warnKlPerElement must be above 0, but was " + warnKlPerElement);
    }

    /**
     * A checkpoint every 20 rounds, of which the latest 2 are kept, no bound on the KL, and a
     * warning as in {@link AlignmentRun.Options#rounds}.
     *
     * @param rounds in total, at least 1
     * @return the options
     */
    public static Options rounds(long rounds) {
      return new Options(rounds, 20, 2, Double.POSITIVE_INFINITY, 2);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
