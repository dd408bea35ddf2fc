package org.tastemaker.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.SamplingOptions;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;

/**
 * How much images change when products are computed in bfloat16: the mean difference of a pixel, 1
 * being white, between images of the same prompts and seeds, and between neighbours of the same
 * prompt for comparison.
 *
 * <pre>
 * java -cp benchmarks.jar org.tastemaker.benchmarks.PrecisionChange model=FOLDER prompts=fox,rocket
 * </pre>
 */
public final class PrecisionChange {
  private PrecisionChange() {}

  /**
   * Runs the comparison.
   *
   * @param args settings: {@code model}, {@code prompts}, {@code images} of each, {@code steps}
   */
  public static void main(String[] args) {
    Arguments arguments =
        Arguments.parse(
            args,
            "model",
            "",
            "prompts",
            "fox,penguin,robot,rocket,butterfly,strawberry,dog face,sleeping face",
            "images",
            "16",
            "steps",
            "20");
    int each = arguments.count("images");
    List<Prompt> prompts = new ArrayList<>();
    for (String prompt : arguments.get("prompts").split(",", -1)) {
      for (int i = 0; i < each; i++) {
        prompts.add(Prompt.of(prompt));
      }
    }
    try (LatentDiffusion model = LatentDiffusion.load(Path.of(arguments.get("model")))) {
      List<Image> exact = images(model, "float32", prompts, arguments.count("steps"));
      List<Image> rounded = images(model, "bfloat16", prompts, arguments.count("steps"));
      double[] changes = new double[exact.size()];
      double[] neighbours = new double[exact.size()];
      for (int i = 0; i < changes.length; i++) {
        changes[i] = difference(exact.get(i), rounded.get(i));
        int next = i / each * each + (i + 1) % each; // of the same prompt
        neighbours[i] = difference(exact.get(i), exact.get(next));
      }
      System.out.printf(
          Locale.ROOT,
          "%d images: bfloat16 changes a pixel by %.4f in the mean, %.4f in the image that changes"
              + " most; another seed by %.4f%n",
          changes.length,
          Arrays.stream(changes).average().orElseThrow(),
          Arrays.stream(changes).max().orElseThrow(),
          Arrays.stream(neighbours).average().orElseThrow());
    }
  }

  private static List<Image> images(
      LatentDiffusion model, String precision, List<Prompt> prompts, int steps) {
    List<Seed> seeds = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      seeds.add(Seed.of(1000).split(i));
    }
    return model
        .on(Engines.named("onednn").on(Placement.of("cpu", precision)))
        .with(SamplingOptions.ddpo().withSteps(steps).withGuidanceScale(4).withBatchSize(32))
        .generate(prompts, seeds);
  }

  private static double difference(Image a, Image b) {
    float[] x = a.toFloats();
    float[] y = b.toFloats();
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += Math.abs(x[i] - y[i]);
    }
    return sum / x.length;
  }
}
