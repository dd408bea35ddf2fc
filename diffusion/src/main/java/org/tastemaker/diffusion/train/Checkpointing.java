package org.tastemaker.diffusion.train;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.tastemaker.core.run.RunFolder;

/**
 * When and where a trainer saves checkpoints.
 *
 * @param every how many steps apart, at least 1; the last step has one too
 * @param target where they go
 */
public record Checkpointing(long every, Target target) {

  /** Keeps checkpoints. */
  @FunctionalInterface
  public interface Target {
    /**
     * Keeps one.
     *
     * @param step how many updates the run has done
     * @param writer fills the empty folder that it is given
     * @return where the checkpoint is, complete
     */
    Path save(long step, Consumer<Path> writer);
  }

  public Checkpointing {
    if (every < 1) {
      throw new IllegalArgumentException("every must be at least 1, but was " + every);
    }
  }

  /**
   * No checkpoints.
   *
   * @return never saves
   */
  public static Checkpointing none() {
    return new Checkpointing(Long.MAX_VALUE, Nowhere.NOWHERE);
  }

  /**
   * Checkpoints in a run's folder.
   *
   * @param every how many steps apart, at least 1
   * @param folder of the run, open
   * @param keep how many of the newest to keep, at least 1
   * @return saves and deletes
   */
  public static Checkpointing in(RunFolder folder, long every, int keep) {
    if (keep < 1) {
      throw new IllegalArgumentException("keep must be at least 1, but was " + keep);
    }
    return new Checkpointing(
        every,
        (step, writer) -> {
          Path saved = folder.saveCheckpoint(step, writer).folder();
          folder.keepCheckpoints(keep);
          return saved;
        });
  }

  boolean isDue(long step, long last) {
    return target != Nowhere.NOWHERE && (step % every == 0 || step == last);
  }

  private enum Nowhere implements Target {
    NOWHERE;

    @Override
    public Path save(long step, Consumer<Path> writer) {
      throw new IllegalStateException("there is nowhere to save a checkpoint");
    }
  }
}
