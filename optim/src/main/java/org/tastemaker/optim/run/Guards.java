package org.tastemaker.optim.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.optim.guard.ConstantReward;
import org.tastemaker.optim.guard.Findings;
import org.tastemaker.optim.guard.Guard;
import org.tastemaker.optim.guard.GuardOptions;
import org.tastemaker.optim.guard.HackingMonitor;
import org.tastemaker.optim.guard.MissingRewards;
import org.tastemaker.optim.guard.Observation;
import org.tastemaker.optim.guard.SmallGradient;

/** The guards of a run: asks each, passes on what they say, and keeps their state. */
final class Guards {
  private static final Logger LOG = LoggerFactory.getLogger(Guards.class);

  private final Map<String, Entry> entries = new LinkedHashMap<>(); // by the name in checkpoints
  private final @Nullable RewardModel heldOut;
  private final @Nullable RunFolder folder;
  private final RunListener observers;

  private record Entry(Guard guard, RunResult.Reason reason) {}

  /**
   * The guards of a run that begins.
   *
   * @param options of all of them
   * @param folder of the run, which may have been warned in an earlier session
   * @param observers receive the warnings
   */
  Guards(GuardOptions options, @Nullable RunFolder folder, RunListener observers) {
    this.heldOut = options.heldOut();
    this.folder = folder;
    this.observers = observers;
    add(
        "constantReward",
        new ConstantReward(options.maxConstantRounds()),
        RunResult.Reason.CONSTANT_REWARD);
    add(
        "missingRewards",
        new MissingRewards(options.maxMissingShare(), options.missingWindow()),
        RunResult.Reason.MISSING_REWARDS);
    add("hacking", new HackingMonitor(options.hacking()), RunResult.Reason.REWARD_HACKING);
    add("smallGradient", new SmallGradient(), RunResult.Reason.FINISHED); // never stops
  }

  private void add(String name, Guard guard, RunResult.Reason reason) {
    entries.put(name, new Entry(guard, reason));
  }

  /** The held-out reward of some images, if there is one. */
  Optional<Rewards> heldOut(Rollout rollout) {
    if (heldOut == null) {
      return Optional.empty();
    }
    Rewards rewards = heldOut.score(rollout, List.of());
    if (rewards.size() != rollout.size()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the held-out reward was asked about %d images and gave %d rewards: there must be one"
                  + " for each image, even if it is a missing one",
              rollout.size(),
              rewards.size()));
    }
    return Optional.of(rewards);
  }

  /** Shows a round to the guards, and gives what they measured. */
  Map<String, Double> round(Observation seen) {
    return ask(seen.round(), guard -> guard.round(seen));
  }

  /** Shows an evaluation to the guards, and gives what they measured. */
  Map<String, Double> evaluation(Observation seen) {
    return ask(seen.round(), guard -> guard.evaluation(seen));
  }

  /** Shows the guards what a round has measured. */
  void metrics(long round, Map<String, Double> measured) {
    Map<String, Double> unused = ask(round, guard -> guard.metrics(round, measured));
  }

  private Map<String, Double> ask(long round, Function<Guard, Findings> question) {
    Map<String, Double> metrics = new TreeMap<>();
    for (Entry entry : entries.values()) {
      Findings found = question.apply(entry.guard());
      metrics.putAll(found.metrics());
      found.warnings().forEach(warning -> tell(round, warning));
    }
    return metrics;
  }

  /** Warns, unless an earlier session has done so before it was interrupted. */
  private void tell(long round, String warning) {
    if (folder == null
        || folder.notices().stream().noneMatch(notice -> notice.message().equals(warning))) {
      LOG.warn("round {}: {}", round, warning);
      observers.on(new RunEvent.Notice(round, warning));
    }
  }

  /** The end of a run after some rounds, if a guard has a reason for it. */
  Optional<RunResult> passed(long rounds) {
    return entries.values().stream()
        .flatMap(
            entry ->
                entry.guard().reasonToStop().stream()
                    .map(words -> new RunResult(rounds, entry.reason(), words)))
        .findFirst();
  }

  /** The state of all guards, for a checkpoint. */
  Map<String, Object> save() {
    Map<String, Object> saved = new TreeMap<>();
    entries.forEach((name, entry) -> saved.put(name, entry.guard().save()));
    return saved;
  }

  /** Restores what {@link #save} gave; a guard that an earlier version did not have begins anew. */
  void restore(JsonObject saved) {
    entries.forEach((name, entry) -> saved.optionalObject(name).ifPresent(entry.guard()::restore));
  }
}
