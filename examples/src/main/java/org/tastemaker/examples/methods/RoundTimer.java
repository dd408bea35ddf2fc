package org.tastemaker.examples.methods;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.examples.align.EmojiTask;
import org.tastemaker.examples.emoji.BundledModel;

/**
 * Times rounds of several methods in turns: one round of each, then one of each again. It is the
 * second round of a training of its own, so that what is done only once does not count.
 */
final class RoundTimer {
  /** The first warms up. */
  private static final int ROUNDS = 2;

  private final EmojiTask task;
  private final Protocol protocol;
  private final Engine engine;
  private final Path folder;

  /**
   * Times on an engine.
   *
   * @param task as in the long trainings
   * @param protocol as in the long trainings
   * @param engine runs the networks
   * @param folder is made for each training and deleted after it
   */
  RoundTimer(EmojiTask task, Protocol protocol, Engine engine, Path folder) {
    this.task = task;
    this.protocol = protocol;
    this.engine = engine;
    this.folder = folder;
  }

  /**
   * Times some rounds.
   *
   * @param subjects what is trained
   * @param turns how many rounds of each are timed
   * @param settings for the file
   * @param stop ends it before the next training
   * @return the times so far
   */
  RoundTimes time(
      List<LongCurve.Subject> subjects, int turns, Settings settings, Cancellation stop) {
    Map<String, List<Double>> seconds = new LinkedHashMap<>();
    for (int turn = 0; turn < turns; turn++) {
      for (LongCurve.Subject subject : subjects) {
        if (!stop.isRequested()) {
          seconds
              .computeIfAbsent(subject.line(), line -> new ArrayList<>())
              .add(secondsPerImage(subject));
        }
      }
    }
    return new RoundTimes(settings, seconds);
  }

  private double secondsPerImage(LongCurve.Subject subject) {
    try (LatentDiffusion model = BundledModel.load()) {
      AtomicFiles.deleteRecursively(folder); // of a process that was stopped
      LongRun run = training(model.on(engine), subject);
      run.run(folder, event -> {}, new Cancellation());
      double last = Double.NaN;
      for (RunEvent.Metrics metrics : RunFolder.metricsOf(folder)) {
        double seconds = LongCurve.seconds(metrics);
        last = seconds > 0 ? seconds : last; // measurements have none
      }
      AtomicFiles.deleteRecursively(folder);
      return last / run.imagesPerRound();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + folder, e);
    }
  }

  /** Of two rounds, and with as few held-out images as there can be. */
  private LongRun training(LatentDiffusion model, LongCurve.Subject subject) {
    int perRound = new LongRun(model, task, protocol, subject, 1).imagesPerRound();
    int rounds = (ROUNDS * perRound - 1) / protocol.imagesPerRound() + 1;
    Protocol small =
        new Protocol(
            protocol.prompts(), rounds, protocol.imagesPerPrompt(), 1, protocol.guidance());
    return new LongRun(model, task, small, subject, Integer.MAX_VALUE);
  }
}
