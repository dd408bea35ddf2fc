package org.tastemaker.optim.run;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.guard.GuardOptions;
import org.tastemaker.optim.zo.ParameterProblem;
import org.tastemaker.optim.zo.ZoRankSgd;

/**
 * A search without gradients, round by round, with what {@link AlignmentRun} gives the methods that
 * have gradients: a folder, checkpoints, resuming, evaluation, listeners, and an end at a bound.
 *
 * <pre>{@code
 * ParameterProblem problem =
 *     new ParameterProblem(adapted, SearchSpace.of(gains), prompts, Seed.of(2), oracle, rubric);
 * ZoRankSgd search = new ZoRankSgd(problem, problem.start(), ZoRankSgd.Options.forGains(), Seed.of(3));
 * RunResult result =
 *     SearchRun.of(problem, search)
 *         .evaluated(Evaluation.every(3, heldOut, Seed.of(4)).withSampler(adapted).withReward(score))
 *         .in(folder)                             // resumes from its latest checkpoint
 *         .run(SearchRun.Options.rounds(20));
 * }</pre>
 *
 * <p>After each round, and at the end, the generator has the numbers of the search's point. A run
 * that is killed and resumed ends with the same bits as one that was not, if the judge gives the
 * same answers; one that caches its answers is not paid twice. Not thread-safe.
 */
public final class SearchRun {
  private final ZoRankSgd search;
  private final Consumer<float[]> apply;
  private final Settings settings;
  private @Nullable Evaluation evaluation;
  private GuardOptions guarding = GuardOptions.defaults();
  private @Nullable RunFolder folder;
  private RunListener listener = RunListener.none();
  private Cancellation cancellation = new Cancellation();
  private LongSupplier nanoTime = System::nanoTime;

  private SearchRun(ZoRankSgd search, Consumer<float[]> apply, Settings settings) {
    this.search = Objects.requireNonNull(search, "search == null");
    this.apply = Objects.requireNonNull(apply, "apply == null");
    this.settings = Objects.requireNonNull(settings, "settings == null");
  }

  /**
   * A run of a search over a generator's numbers.
   *
   * @param problem what the search asks
   * @param search of this problem, not begun
   * @return the run, without evaluation and folder
   */
  public static SearchRun of(ParameterProblem problem, ZoRankSgd search) {
    return new SearchRun(search, problem::apply, problem.settings());
  }

  /**
   * A run of any search, such as one over the initial noise of an image.
   *
   * @param search not begun
   * @param moved is given the search's point after each round, and when the run is resumed
   * @param settings of the problem that a resumed run must have in common, such as the prompt
   * @return the run, without evaluation and folder
   */
  public static SearchRun of(ZoRankSgd search, Consumer<float[]> moved, Settings settings) {
    return new SearchRun(search, moved, settings);
  }

  /**
   * Evaluates every few rounds.
   *
   * @param settings when and on what; with a sampler and a reward of its own, since a search has
   *     neither
   * @return this run
   * @throws IllegalArgumentException if it has no sampler or no reward
   */
  public SearchRun evaluated(Evaluation settings) {
    if (settings.sampler() == null || settings.reward() == null) {
      throw new IllegalArgumentException(
          "a search has no sampler and no reward that an evaluation could use: give it both, with"
              + " withSampler(...) and withReward(...)");
    }
    this.evaluation = settings;
    return this;
  }

  /**
   * Sets when the guards of the run warn and when they end it: those that look at evaluations,
   * whose reward counts as what is searched for. Without this call, they have {@link
   * GuardOptions#defaults}.
   *
   * @param options of all guards
   * @return this run
   */
  public SearchRun guarded(GuardOptions options) {
    this.guarding = Objects.requireNonNull(options, "options == null");
    return this;
  }

  /**
   * Writes metrics, images and checkpoints to a folder, and resumes from its latest checkpoint.
   *
   * @param open of the run; the caller closes it
   * @return this run
   */
  public SearchRun in(RunFolder open) {
    this.folder = Objects.requireNonNull(open, "folder == null");
    return this;
  }

  /**
   * Reports what happens.
   *
   * @param observer receives what {@link AlignmentRun#listener} names
   * @return this run
   */
  public SearchRun listener(RunListener observer) {
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
  public SearchRun cancellation(Cancellation stop) {
    this.cancellation = Objects.requireNonNull(stop, "cancellation == null");
    return this;
  }

  /**
   * Measures durations with another clock.
   *
   * @param clock in nanoseconds, such as {@code System::nanoTime}
   * @return this run
   */
  public SearchRun timedBy(LongSupplier clock) {
    this.nanoTime = Objects.requireNonNull(clock, "clock == null");
    return this;
  }

  /**
   * Runs to the end, from the folder's latest checkpoint if there is one.
   *
   * @param options how long to run
   * @return how it ended
   * @throws IllegalArgumentException if the folder's checkpoint belongs to another search, or if
   *     there is a bound on a KL that is not measured
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
    RunCheckpoints checkpoints =
        new RunCheckpoints(
            folder,
            "search-run",
            settings,
            Set.of(),
            new RunCheckpoints.Learner("search", search::save, this::restore),
            Map.of(),
            guards);
    RunLoop loop =
        new RunLoop(
            "searching",
            checkpoints,
            StopRule.of(Double.POSITIVE_INFINITY, options.maxKlToReference(), evaluation),
            Evaluation.evaluator(evaluation, cancellation, guards, watch),
            watch,
            cancellation);
    RunLoop.Length length =
        new RunLoop.Length(options.rounds(), options.checkpointEvery(), options.keepCheckpoints());
    return loop.run(
        done -> {
          EngineNotice.tell(evaluation == null ? null : evaluation.sampler(), done, folder, watch);
          return round -> round();
        },
        length);
  }

  private List<String> restore(Path from) {
    List<String> changes = search.restore(from);
    apply.accept(search.point());
    return changes;
  }

  private RunLoop.Done round() {
    long start = nanoTime.getAsLong();
    StepReport report = search.step();
    apply.accept(search.point());
    Map<String, Double> metrics = new TreeMap<>(report.metrics());
    metrics.put("secondsSearching", (nanoTime.getAsLong() - start) * 1e-9);
    return new RunLoop.Done(metrics, report.skippedReason() != null);
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
      implements SearchRunOptionsBuilder.With {
    public Options {
      require(rounds >= 1, "rounds", rounds);
      require(checkpointEvery >= 1, "checkpointEvery", checkpointEvery);
      require(keepCheckpoints >= 1, "keepCheckpoints", keepCheckpoints);
      require(maxKlToReference > 0, "maxKlToReference", maxKlToReference);
      require(warnKlPerElement > 0, "warnKlPerElement", warnKlPerElement);
    }

    /**
     * A checkpoint after every round, of which the latest 2 are kept, no bound on the KL, and a
     * warning as in {@link AlignmentRun.Options#rounds}. A search's checkpoint is small.
     *
     * @param rounds in total, at least 1
     * @return the options
     */
    public static Options rounds(long rounds) {
      return new Options(rounds, 1, 2, Double.POSITIVE_INFINITY, 2);
    }

    private static void require(boolean condition, String name, Object value) {
      if (!condition) {
        throw new IllegalArgumentException(
            name
                + (value instanceof Double ? " must be above 0" : " must be at least 1")
                + ", but was "
                + value);
      }
    }
  }
}
