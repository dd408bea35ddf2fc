package org.tastemaker.optim.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
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
 * @param writer names what wrote them
 * @param mayChange names of settings that may change
 * @param learner what the run is about
 * @param parts the additional parts, by name
 * @param guards of the run
 */
record RunCheckpoints(
    @Nullable RunFolder folder,
    String writer,
    Settings settings,
    Set<String> mayChange,
    Learner learner,
    Map<String, Resumable> parts,
    Guards guards) {
  private static final String MEASURED = "measured";
  private static final String GUARDS = "guards";

  /**
   * What a run is about, such as an optimizer.
   *
   * @param name of its folder in a checkpoint
   * @param save writes it into an empty folder
   * @param restore reads it, and returns what has changed
   */
  record Learner(String name, Consumer<Path> save, Function<Path, List<String>> restore) {}

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
    CheckpointFile checkpoint = CheckpointFile.read(latest, writer, settings, mayChange);
    List<String> changes =
        checkpoint.changesAnd(learner.restore().apply(latest.resolve(learner.name())));
    parts.forEach((name, part) -> part.restore(latest.resolve(name)));
    Map<String, Double> measured = checkpoint.state().object(MEASURED).toNumbers();
    checkpoint.state().optionalObject(GUARDS).ifPresent(guards::restore);
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
                  target,
                  writer,
                  round,
                  settings,
                  Map.of(MEASURED, state.measured(), GUARDS, guards.save()));
              learner.save().accept(CheckpointFile.newPart(target, learner.name()));
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
