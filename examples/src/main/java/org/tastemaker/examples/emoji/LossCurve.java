package org.tastemaker.examples.emoji;

import java.util.ArrayList;
import java.util.List;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.core.run.RunFolder;
import org.tastemaker.plot.LinePlot;

/** Draws the training loss into the run's folder whenever a checkpoint is written. */
final class LossCurve {
  private LossCurve() {}

  static RunListener of(RunFolder folder, String name) {
    return event -> {
      if (event instanceof RunEvent.CheckpointSaved saved && saved.step() >= 100) {
        List<RunEvent.Metrics> all = folder.metrics();
        int window = 50;
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (int i = window; i <= all.size(); i += window) {
          x.add((double) all.get(i - 1).step());
          y.add(
              all.subList(i - window, i).stream()
                  .mapToDouble(m -> m.values().getOrDefault("loss", 0.0))
                  .average()
                  .orElseThrow());
        }
        LinePlot plot = LinePlot.of("Training the " + name, "step", "loss, mean of 50 steps");
        plot.line(
            "loss",
            x.stream().mapToDouble(Double::doubleValue).toArray(),
            y.stream().mapToDouble(Double::doubleValue).toArray());
        AtomicFiles.write(folder.path().resolve("loss.png"), plot.draw(800, 500).toPng());
      }
    };
  }
}
