package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.weights.DType;

/**
 * The time from nothing to a first image, and the memory of the functions for several batch sizes,
 * in a new process.
 *
 * <pre>
 * java -cp benchmarks.jar org.tastemaker.benchmarks.StartUp model=FOLDER steps=1
 * </pre>
 *
 * <p>{@code model=sd15} writes a folder of Stable Diffusion 1.5's size with random weights in half
 * precision to {@code folder} first, and ends. For each of {@code batches}, images are made twice:
 * the first time compiles the graphs for that size, the second does not.
 */
public final class StartUp {
  private StartUp() {}

  /**
   * Runs the measurement.
   *
   * @param args settings: {@code model}, {@code folder}, {@code steps}, {@code batches}, {@code
   *     precision}
   * @throws IOException if memory cannot be read (Linux only)
   */
  public static void main(String[] args) throws IOException {
    long start = System.nanoTime();
    Arguments arguments =
        Arguments.parse(
            args, "model", "", "folder", "", "steps", "1", "batches", "1", "precision", "float32");
    if (arguments.get("model").equals("sd15")) {
      try (LatentDiffusion model = RandomModels.stableDiffusion15(Seed.of(1))) {
        model.save(Path.of(arguments.get("folder")), DType.F16);
      }
      return;
    }
    Consumer<String> said =
        what ->
            System.out.printf(
                Locale.ROOT,
                "%8.0f ms after the start, %s%n",
                (System.nanoTime() - start) / 1e6,
                what);
    try (LatentDiffusion loaded = LatentDiffusion.load(Path.of(arguments.get("model")))) {
      LatentDiffusion model =
          loaded
              .on(Engines.named("onednn").on(Placement.of("cpu", arguments.get("precision"))))
              .with(
                  SamplingOptions.ddpo().withSteps(arguments.count("steps")).withGuidanceScale(5));
      said.accept(String.format(Locale.ROOT, "%.0f MB: loaded", resident()));
      for (String batch : List.of(arguments.get("batches").split(",", -1))) {
        int images = Integer.parseInt(batch);
        for (String which : List.of("first", "second")) {
          long before = System.nanoTime();
          List<Image> made =
              model.generate(
                  Collections.nCopies(images, Prompt.of("a red dog")),
                  Collections.nCopies(images, Seed.of(7)));
          said.accept(
              String.format(
                  Locale.ROOT,
                  "%.0f MB: the %s %d image(s) took %.0f ms",
                  resident(),
                  which,
                  made.size(),
                  (System.nanoTime() - before) / 1e6));
        }
      }
    }
  }

  /** Megabytes now. */
  private static double resident() throws IOException {
    return PeakMemory.kilobytes("VmRSS") / 1000.0;
  }
}
