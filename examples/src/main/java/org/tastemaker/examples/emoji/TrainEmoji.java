package org.tastemaker.examples.emoji;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.examples.console.ConsoleProgress;

/**
 * Trains the bundled model, or one like it. The same command resumes a run that was stopped or
 * crashed.
 */
public final class TrainEmoji {
  private TrainEmoji() {}

  /**
   * Trains.
   *
   * @param args the folder of the glyphs and the folder of the run; {@code --export} and a folder
   *     after them write the model of the latest checkpoint, and train nothing
   */
  public static void main(String[] args) {
    boolean export = args.length == 4 && args[2].equals("--export");
    if (args.length != 2 && !export) {
      System.err.println("usage: TrainEmoji GLYPHS RUN [--export MODEL]");
      System.exit(2);
    }
    Stages stages = new Stages();
    EmojiTraining training =
        new EmojiTraining(
            GlyphSheet.read(Path.of(args[0])),
            Path.of(args[1]),
            EmojiTraining.Options.defaults(),
            Seed.of(1),
            stages,
            new Cancellation());
    if (export) {
      training.export(Path.of(args[3]));
      System.out.println("the model of the latest checkpoint is in " + args[3]);
      return;
    }
    try {
      Path model = training.train();
      stages.close();
      System.out.println("the model is in " + model);
    } catch (CancellationException e) {
      System.out.println("stopped; the same command resumes");
    }
  }

  /** A progress display per stage. */
  private static final class Stages implements RunListener, AutoCloseable {
    private final Map<String, ConsoleProgress> displays = new HashMap<>();
    private String loss = "";

    @Override
    public void on(RunEvent event) {
      if (event instanceof RunEvent.Metrics metrics) {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("loss", "loss");
        loss = ConsoleProgress.words(metrics.values(), names);
      } else if (event instanceof RunEvent.Progress progress && progress.total() > 0) {
        ConsoleProgress display =
            displays.computeIfAbsent(
                progress.activity(), name -> ConsoleProgress.of(name, progress.total()));
        display.say(loss);
        display.on(progress);
      }
    }

    @Override
    public void close() {
      displays.values().forEach(ConsoleProgress::close);
    }
  }
}
