package org.tastemaker.optim.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.optim.policy.CheckpointFile;

/**
 * A run's checkpoints: the loop's own file, and a folder for the optimizer and for each additional
 * part.
 *
 * @param folder of the run, or null for none: then nothing is saved or resumed
 * @param settings what a resumed run must have in common with the run that saved the checkpoint
 * @param optimizer of the run
 * @param parts the additional parts, by name
 */
record RunCheckpoints(
    @Nullable RunFolder folder,
    Settings settings,
    PolicyOptimizer optimizer,
    Map<String, Resumable> parts) {
  private static final String WRITER = "alignment-run";
  private static final String MEASURED = "measured";

  /** How many images a round has. */
  static final String IMAGES = "imagesPerRound";

  private static final Set<String> MAY_CHANGE = Set.of(IMAGES);

  /**
   * Where a run stands.
   *
   * @param round how many rounds are done
   * @param measured the numbers that {@link StopRule} bounds, as measured in the last of them
   */
  record Saved(long round, Map<String, Double> measured) {}

  /** Restores the latest checkpoint, and says what has changed since; empty if there is none. */
  Optional<Saved> resume(RunListener observers) {
    Optional<RunFolder.Checkpoint> saved = folder == null ? Optional.empty() : folder.resume();
    if (saved.isEmpty()) {
      return Optional.empty();
    }
    Path latest = saved.get().folder();
    CheckpointFile checkpoint = CheckpointFile.read(latest, WRITER, settings, MAY_CHANGE);
    List<String> changes = checkpoint.changesAnd(optimizer.restore(latest.resolve("optimizer")));
    parts.forEach((name, part) -> part.restore(latest.resolve(name)));
    Map<String, Double> measured = checkpoint.state().object(MEASURED).toNumbers();
    if (!changes.isEmpty()) {
      observers.on(
          new RunEvent.Notice(
              checkpoint.step(), "resumed with other settings: " + String.join("; ", changes)));
    }
    return Optional.of(new Saved(checkpoint.step(), measured));
  }

  /** Saves a round, unless no round is done or the latest checkpoint is of this round. */
  void save(Saved state, int keep, RunListener observers) {
    long round = state.round();
    if (folder == null
        || round == 0
        || folder.latestCheckpoint().filter(latest -> latest.step() == round).isPresent()) {
      return;
    }
    RunFolder.Checkpoint saved =
        folder.saveCheckpoint(
            round,
            target -> {
              CheckpointFile.write(
                  target, WRITER, round, settings, Map.of(MEASURED, state.measured()));
              optimizer.save(CheckpointFile.newPart(target, "optimizer"));
              parts.forEach((name, part) -> part.save(CheckpointFile.newPart(target, name)));
            });
    folder.keepCheckpoints(keep);
    observers.on(new RunEvent.CheckpointSaved(round, saved.folder()));
  }

  /**
   * The kind of a part, the same in every process: a lambda is identified by the class that
   * contains it.
   */
  static String kindOf(Object part) {
    String name = part.getClass().getName();
    int lambda = name.indexOf("$$Lambda");
    return lambda < 0 ? name : "a lambda of " + name.substring(0, lambda);
  }
}
