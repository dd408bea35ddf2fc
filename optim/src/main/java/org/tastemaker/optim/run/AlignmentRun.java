package org.tastemaker.optim.run;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.guard.GuardOptions;
import org.tastemaker.optim.guard.HackingMonitor;
import org.tastemaker.optim.guard.Observation;

/**
 * Aligns a model to feedback, round by round:
 *
 * <pre>{@code
 * Rollout rollout = sampler.rollout(prompts, seeds);
 * List<Judgement> judgements = oracle.rank(rollout.groups(), rubric);
 * Rewards rewards = reward.score(rollout, judgements);
 * StepReport report = optimizer.step(rollout, rewards);
 * }</pre>
 *
 * <p>and adds evaluation, listeners, checkpoints and early stopping around these four lines:
 *
 * <pre>{@code
 * RunResult result =
 *     AlignmentRun.of(PromptSource.all(prompts, 8), policy.sampler(), reward, optimizer, seed)
 *         .judgedBy(oracle, rubric)
 *         .evaluated(Evaluation.every(10, heldOut, Seed.of(7)))
 *         .in(folder)                             // resumes from its latest checkpoint
 *         .run(AlignmentRun.Options.rounds(100));
 * }</pre>
 *
 * <p><b>Feedback while sampling.</b> A round may be sampled in several batches of whole prompts.
 * The judge is asked about one batch, on the caller's executor, while the next batch is sampled.
 * All answers have arrived before the update.
 *
 * <p><b>Resuming.</b> Images, prompts and all random draws of an optimizer depend only on seeds and
 * on the round's number. A run that is killed and resumed from its folder's latest checkpoint ends
 * with weights that are bit-identical to those of an uninterrupted run, if the judge gives the same
 * answers. The rounds after that checkpoint are repeated. Money paid to a judge stays spent: a
 * ledger is a separate file, which only grows. {@link #keeping} is for state that must be restored
 * as well, such as a learned reward. An oracle that caches its answers is not paid twice for a
 * repeated round.
 *
 * <p><b>Guards.</b> Every round and evaluation is looked at for what the reward does not show: a
 * judge that makes no difference, rewards that are missing, images that run away while the reward
 * rises ({@link HackingMonitor}), a gradient below Adam's epsilon. They warn; they end the run
 * where {@link #guarded} says so.
 *
 * <p><b>Failure.</b> An optimizer that meets NaN or infinity throws {@link DivergedException} and
 * leaves the model as it was before the round; the run saves the earlier rounds, ends with {@link
 * RunResult.Reason#DIVERGED} and names the round. A run that a bound has ended stops at the same
 * round when it is resumed, until the bound is raised. Not thread-safe.
 */
public final class AlignmentRun {
  /** The setting of how many images a round has, which may change. */
  private static final String IMAGES = "imagesPerRound";

  private final PromptSource prompts;
  private final DiffusionSampler sampler;
  private final RewardModel reward;
  private final PolicyOptimizer optimizer;
  private final Seed seed;
  private @Nullable FeedbackOracle oracle;
  private @Nullable Rubric rubric;
  private Executor executor = Runnable::run;
  private @Nullable Evaluation evaluation;
  private GuardOptions guarding = GuardOptions.defaults();
  private @Nullable RunFolder folder;
  private RunListener listener = RunListener.none();
  private Cancellation cancellation = new Cancellation();
  private LongSupplier nanoTime = System::nanoTime;
  private final Map<String, Resumable> resumables = new LinkedHashMap<>();

  private AlignmentRun(
      PromptSource prompts,
      DiffusionSampler sampler,
      RewardModel reward,
      PolicyOptimizer optimizer,
      Seed seed) {
    this.prompts = Objects.requireNonNull(prompts, "prompts == null");
    this.sampler = Objects.requireNonNull(sampler, "sampler == null");
    this.reward = Objects.requireNonNull(reward, "reward == null");
    this.optimizer = Objects.requireNonNull(optimizer, "optimizer == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
  }

  /**
   * A run of the given parts, which the caller still owns.
   *
   * @param prompts of each round
   * @param sampler the policy, such as {@code policy.sampler()}
   * @param reward what is maximized
   * @param optimizer what updates the policy
   * @param seed image i of a round is made from {@code seed.split(round).split(i)}
   * @return the run, without judge, evaluation and folder
   */
  public static AlignmentRun of(
      PromptSource prompts,
      DiffusionSampler sampler,
      RewardModel reward,
      PolicyOptimizer optimizer,
      Seed seed) {
    return new AlignmentRun(prompts, sampler, reward, optimizer, seed);
  }

  /**
   * Asks a judge: on the run's own thread, unless {@link #feedbackOn} sets another.
   *
   * @param judge ranks the images of each prompt
   * @param by what the judge looks at
   * @return this run
   */
  public AlignmentRun judgedBy(FeedbackOracle judge, Rubric by) {
    this.oracle = Objects.requireNonNull(judge, "judge == null");
    this.rubric = Objects.requireNonNull(by, "rubric == null");
    return this;
  }

  /**
   * Asks the judge on other threads, while the next batch is sampled.
   *
   * @param threads run the calls; the oracle must allow as many concurrent calls as there are
   *     threads
   * @return this run
   */
  public AlignmentRun feedbackOn(Executor threads) {
    this.executor = Objects.requireNonNull(threads, "executor == null");
    return this;
  }

  /**
   * Evaluates every few rounds.
   *
   * @param settings when and on what
   * @return this run
   */
  public AlignmentRun evaluated(Evaluation settings) {
    this.evaluation = Objects.requireNonNull(settings, "evaluation == null");
    return this;
  }

  /**
   * Sets when the guards of the run warn and when they end it. Without this call, they have {@link
   * GuardOptions#defaults}.
   *
   * @param options of all guards
   * @return this run
   */
  public AlignmentRun guarded(GuardOptions options) {
    this.guarding = Objects.requireNonNull(options, "options == null");
    return this;
  }

  /**
   * Writes metrics, images and checkpoints to a folder, and resumes from its latest checkpoint.
   *
   * @param open of the run; the caller closes it
   * @return this run
   */
  public AlignmentRun in(RunFolder open) {
    this.folder = Objects.requireNonNull(open, "folder == null");
    return this;
  }

  /**
   * Stores additional state in the checkpoints.
   *
   * @param name of its folder: letters, digits, {@code _} and {@code -}
   * @param part the state to save and restore
   * @return this run
   */
  public AlignmentRun keeping(String name, Resumable part) {
    if (!name.matches("[A-Za-z0-9_-]+")
        || name.equals("optimizer")
        || resumables.containsKey(name)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a part of a checkpoint needs a name of its own of letters, digits, '_' and '-', but was given \"%s\"",
              name));
    }
    resumables.put(name, Objects.requireNonNull(part, "part == null"));
    return this;
  }

  /**
   * Reports what happens.
   *
   * @param observer receives {@link RunEvent.Metrics} after each round and each evaluation, {@link
   *     RunEvent.Distribution} of each round's rewards, {@link RunEvent.Pictures} of evaluations,
   *     {@link RunEvent.Notice} of guards, {@link RunEvent.Progress} and {@link
   *     RunEvent.CheckpointSaved}
   * @return this run
   */
  public AlignmentRun listener(RunListener observer) {
    this.listener = RunListener.all(observer);
    return this;
  }

  /**
   * Lets another thread stop the run: it then throws {@link
   * java.util.concurrent.CancellationException} before its next round or batch. It can be resumed
   * from its folder.
   *
   * @param stop set by the other thread
   * @return this run
   */
  public AlignmentRun cancellation(Cancellation stop) {
    this.cancellation = Objects.requireNonNull(stop, "cancellation == null");
    return this;
  }

  /**
   * Measures durations with another clock.
   *
   * @param clock in nanoseconds, such as {@code System::nanoTime}
   * @return this run
   */
  public AlignmentRun timedBy(LongSupplier clock) {
    this.nanoTime = Objects.requireNonNull(clock, "clock == null");
    return this;
  }

  /**
   * Runs to the end, from the folder's latest checkpoint if there is one.
   *
   * @param options how long to run
   * @return how it ended
   * @throws IllegalArgumentException if the folder's checkpoint belongs to another run, or if there
   *     is a bound on a KL that is not measured
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
            "aligning",
            new RunCheckpoints(
                folder,
                "alignment-run",
                settings(),
                Set.of(IMAGES),
                new RunCheckpoints.Learner("optimizer", optimizer::save, optimizer::restore),
                resumables,
                guards),
            StopRule.of(options.maxApproxKl(), options.maxKlToReference(), evaluation),
            Evaluation.evaluator(evaluation, sampling(), reward, guards, watch),
            watch,
            cancellation);
    return loop.run(
        done -> {
          EngineNotice.tell(sampler, done, folder, watch);
          SilentJudge silence = new SilentJudge(done > 0);
          return round -> round(round, options, watch, silence, guards);
        },
        new RunLoop.Length(options.rounds(), options.checkpointEvery(), options.keepCheckpoints()));
  }

  /** The four lines of the class comment. */
  private RunLoop.Done round(
      long round, Options options, KlWatch watch, SilentJudge silence, Guards guards) {
    long start = nanoTime.getAsLong();
    List<Prompt> shown = prompts.prompts(round);
    try (FeedbackSampling.Round made =
        sampling().sample(shown, seed.split(round), options.batchesPerRound())) {
      long sampled = nanoTime.getAsLong();
      watch.sized(made.rollout());
      List<Judgement> judgements = made.judgements();
      silence.check(round, judgements);
      Rewards rewards = reward.score(made.rollout(), judgements);
      long judged = nanoTime.getAsLong();
      StepReport report = optimizer.step(made.rollout(), rewards);
      long trained = nanoTime.getAsLong();

      Map<String, Double> metrics = new TreeMap<>(report.metrics());
      metrics.putAll(
          guards.round(
              new Observation(
                  round,
                  made.rollout(),
                  judgements,
                  reward,
                  Optional.of(rewards),
                  guards.heldOut(made.rollout()))));
      metrics.put("secondsGuarding", (nanoTime.getAsLong() - trained) * 1e-9);
      metrics.put("images", (double) made.rollout().size());
      metrics.put("presentRewards", (double) rewards.present());
      metrics.remove("rewardMean");
      if (!reward.isRelative()) { // else it is the same in every round
        rewards.mean().ifPresent(mean -> metrics.put("rewardMean", mean));
      }
      boolean skipped = report.skippedReason() != null;
      metrics.put("skipped", skipped ? 1.0 : 0.0);
      if (!judgements.isEmpty()) {
        metrics.put(
            "missingJudgements", (double) judgements.stream().filter(Judgement::isMissing).count());
      }
      if (rewards.present() > 0) {
        watch.on(
            new RunEvent.Distribution(
                round,
                "rewards",
                rewards.values().stream()
                    .flatMapToDouble(OptionalDouble::stream)
                    .boxed()
                    .toList()));
      }
      metrics.put("secondsSampling", (sampled - start) * 1e-9);
      metrics.put("secondsFeedback", (judged - sampled) * 1e-9);
      metrics.put("secondsTraining", (trained - judged) * 1e-9);
      return new RunLoop.Done(metrics, skipped);
    }
  }

  private FeedbackSampling sampling() {
    return new FeedbackSampling(sampler, oracle, rubric, executor, cancellation);
  }

  /** What a resumed run must have in common with the run that saved the checkpoint. */
  private Settings settings() {
    return Settings.none()
        .with("seed", seed.key())
        .with("prompts", prompts.identity())
        .with(IMAGES, prompts.prompts(1).size())
        .with("rubric", rubric == null ? null : rubric.id())
        .with("reward", RunCheckpoints.kindOf(reward))
        .with("optimizer", RunCheckpoints.kindOf(optimizer))
        .with("parts", String.join(", ", resumables.keySet()));
  }

  /**
   * How long to run.
   *
   * @param rounds in total, at least 1; a run may be extended when it is resumed
   * @param batchesPerRound into how many batches of whole prompts a round is divided for sampling,
   *     at least 1
   * @param checkpointEvery the number of rounds between checkpoints, at least 1; the last round
   *     always has one
   * @param keepCheckpoints how many of the latest are kept, at least 1
   * @param maxApproxKl the run stops after a round whose {@code approxKl} is above it; infinity for
   *     no bound, which methods without a probability ratio need
   * @param maxKlToReference the run stops at an evaluation whose {@code klToReference}, in nats, is
   *     above it; infinity for no bound, which runs without {@link Evaluation#withKlOf} need
   * @param warnKlPerElement a KL to the pre-trained model above it, in nats for each element of a
   *     latent, gives one {@link RunEvent.Notice}; infinity for none
   */
  @RecordBuilder
  public record Options(
      long rounds,
      int batchesPerRound,
      int checkpointEvery,
      int keepCheckpoints,
      double maxApproxKl,
      double maxKlToReference,
      double warnKlPerElement)
      implements AlignmentRunOptionsBuilder.With {
    public Options {
      require(rounds >= 1, "rounds must be at least 1, but was " + rounds);
      require(
          batchesPerRound >= 1, "batchesPerRound must be at least 1, but was " + batchesPerRound);
      require(
          checkpointEvery >= 1, "checkpointEvery must be at least 1, but was " + checkpointEvery);
      require(
          keepCheckpoints >= 1, "keepCheckpoints must be at least 1, but was " + keepCheckpoints);
      require(maxApproxKl > 0, "maxApproxKl must be above 0, but was " + maxApproxKl);
      require(
          maxKlToReference > 0, "maxKlToReference must be above 0, but was " + maxKlToReference);
      require(
          warnKlPerElement > 0, "warnKlPerElement must be above 0, but was " + warnKlPerElement);
    }

    /**
     * One batch per round, a checkpoint every 20 rounds, of which the latest 2 are kept, no bound
     * on the KL that ends the run, and a warning at 2 nats for each element of a latent. In the
     * tables of {@code docs/methods.md}, models beyond that had lost more than they gained.
     *
     * @param rounds in total, at least 1
     * @return the options
     */
    public static Options rounds(long rounds) {
      return new Options(rounds, 1, 20, 2, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 2);
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }
}
