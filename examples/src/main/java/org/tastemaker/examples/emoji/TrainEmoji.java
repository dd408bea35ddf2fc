package org.tastemaker.examples.emoji;

import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;

/** Trains the bundled model; the same command goes on with an interrupted run. */
public final class TrainEmoji {
  private TrainEmoji() {}

  /**
   * Trains.
   *
   * @param args the folder of the glyphs and the folder of the run
   */
  public static void main(String[] args) {
    if (args.length != 2) {
      System.err.println("usage: TrainEmoji GLYPHS RUN");
      System.exit(2);
    }
    Cancellation cancellation = new Cancellation();
    long[] last = {System.nanoTime(), 0};
    RunListener progress =
        event -> {
          if (event instanceof RunEvent.Metrics m && System.nanoTime() - last[0] > 20e9) {
            System.out.printf(
                "step %d: %s, %.2f s a step%n",
                m.step(), m.values(), (System.nanoTime() - last[0]) / 1e9 / (m.step() - last[1]));
            last[0] = System.nanoTime();
            last[1] = m.step();
          }
        };
    try {
      Path model =
          new EmojiTraining(
                  GlyphSheet.read(Path.of(args[0])),
                  Path.of(args[1]),
                  EmojiTraining.Options.defaults(),
                  Seed.of(1),
                  progress,
                  cancellation)
              .train();
      System.out.println("the model is in " + model);
    } catch (CancellationException e) {
      System.out.println("stopped; the same command goes on");
    }
  }
}
