package org.tastemaker.optim.run;

import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.NothingJudgedException;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.OwnerLock;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.optim.run.RunCheckpoints.Saved;

/**
 * Rounds, whatever a round is: resumes, evaluates, saves, stops, and tells what happens.
 *
 * @param activity what is being done, for {@link RunEvent.Progress}
 * @param checkpoints of the run
 * @param stop the bounds that end it
 * @param evaluator measures between rounds, or null
 * @param observers are told
 * @param cancellation looked at before each round
 */
record RunLoop(
    String activity,
    RunCheckpoints checkpoints,
    StopRule stop,
    @Nullable RoundEvaluator evaluator,
    RunListener observers,
    Cancellation cancellation) {
  private static final long RUNNING = 1; // the part of a folder's lock that a run holds

  /**
   * What a round measured.
   *
   * @param metrics by name
   * @param skipped whether the model was deliberately left unchanged
   */
  record Done(Map<String, Double> metrics, boolean skipped) {}

  /**
   * How long to run.
   *
   * @param rounds in total
   * @param checkpointEvery the number of rounds between checkpoints
   * @param keepCheckpoints how many of the latest are kept
   */
  record Length(long rounds, int checkpointEvery, int keepCheckpoints) {}

  /** Runs in a folder that no other run of this process may use meanwhile. */
  static RunResult alone(@Nullable RunFolder folder, Supplier<RunResult> run) {
    if (folder == null) {
      return run.get();
    }
    // The folder is this process's own, but two runs of this process may have been given it.
    Optional<OwnerLock> turn = OwnerLock.tryTake(folder.path().resolve(".lock"), RUNNING);
    if (turn.isEmpty()) {
      throw new IllegalStateException(
          "another run goes on in "
              + folder.path()
              + ": wait until it has ended, or give this one a folder of its own");
    }
    try {
      return run.get();
    } finally {
      turn.get().close();
    }
  }

  /**
   * Runs to the end, from the latest checkpoint if there is one.
   *
   * @param begin makes what does a round by its number, from how many rounds are done already
   * @param length how long to run
   */
  RunResult run(LongFunction<LongFunction<Done>> begin, Length length) {
    Saved state = checkpoints.resume(observers).orElse(null);
    if (state == null) {
      state = new Saved(0, evaluate(0));
    }
    Optional<RunResult> passed = passed(state);
    LongFunction<Done> work = begin.apply(state.round());
    while (passed.isEmpty() && state.round() < length.rounds()) {
      long round = state.round() + 1;
      cancellation.throwIfRequested("round " + round + " of " + length.rounds());
      Done done;
      try {
        done = work.apply(round);
      } catch (NothingJudgedException e) { // nothing was learned since the state
        checkpoints.save(state, length.keepCheckpoints(), observers);
        throw e;
      } catch (DivergedException e) {
        checkpoints.save(state, length.keepCheckpoints(), observers);
        return new RunResult(
            state.round(),
            RunResult.Reason.DIVERGED,
            "round " + round + " has diverged and was taken back: " + e.getMessage());
      }
      checkpoints.guards().metrics(round, done.metrics());
      observers.on(new RunEvent.Metrics(round, done.metrics()));
      observers.on(new RunEvent.Progress(activity, round, length.rounds()));

      boolean last = round == length.rounds();
      Map<String, Double> measured = stop.measured(round, done.metrics(), done.skipped());
      if (evaluator != null && (last || round % evaluator.every() == 0)) {
        measured.putAll(evaluate(round));
      }
      state = new Saved(round, measured);
      passed = passed(state);
      if (last || passed.isPresent() || round % length.checkpointEvery() == 0) {
        checkpoints.save(state, length.keepCheckpoints(), observers);
      }
    }
    String message = "all " + state.round() + " rounds are done";
    return passed.orElse(new RunResult(state.round(), RunResult.Reason.FINISHED, message));
  }

  /** The end before the last round, if a bound or a guard asks for it. */
  private Optional<RunResult> passed(Saved state) {
    return stop.passed(state.round(), state.measured())
        .map(words -> new RunResult(state.round(), RunResult.Reason.KL, words))
        .or(() -> checkpoints.guards().passed(state.round()));
  }

  private Map<String, Double> evaluate(long round) {
    return evaluator == null ? Map.of() : evaluator.measure().apply(round);
  }
}
