package org.tastemaker.examples.ideas;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.feedback.mock.MockOracle;
import org.tastemaker.feedback.rubric.Rubrics;
import org.tastemaker.optim.run.AlignmentRun;
import org.tastemaker.optim.run.PromptSource;
import org.tastemaker.reward.ranking.WinRateReward;

/**
 * A generator of your own: a {@link DiffusionSampler} is one method from prompts and seeds to a
 * {@link Rollout}. This one walks a black disc over a white square, in four noisy steps.
 *
 * <pre>
 * ./mvnw -q -pl examples -am compile exec:java -Dexec.mainClass=org.tastemaker.examples.ideas.OwnSampler
 * </pre>
 *
 * <p>prints how the disc comes to the middle, which is where a judge prefers it: judge, reward and
 * loop are the library's, the optimizer is this generator's own. For real: wrap your generator; the
 * library's optimizers work on {@link org.tastemaker.diffusion.LatentDiffusion}, all else on any
 * sampler, and what needs images alone on an {@link org.tastemaker.core.ImageGenerator}.
 */
public final class OwnSampler {
  private static final int STEPS = 4;
  private static final double SIGMA = 0.08;
  private static final int SIDE = 16;

  private OwnSampler() {}

  /**
   * Runs the loop for 30 rounds.
   *
   * @param args none
   */
  public static void main(String[] args) {
    align(30, System.out);
  }

  /** The sampler: x[t+1] = x[t] + drift[t] + sigma * noise, from the upper left corner. */
  static final class Walk implements DiffusionSampler {
    final double[][] drift = new double[STEPS][2];

    @Override
    public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
      int n = prompts.size();
      INDArray latents = Nd4j.zeros(STEPS + 1, n, 2, 1, 1); // [T+1, N, C, H, W]
      INDArray logProbabilities = Nd4j.zeros(STEPS, n); // [T, N]
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        double[] x = {0.2, 0.2};
        float[] noise = new float[2];
        for (int t = 0; t < STEPS; t++) {
          seeds.get(i).gaussian(t, noise);
          for (int c = 0; c < 2; c++) {
            latents.putScalar(new int[] {t, i, c, 0, 0}, x[c]);
            x[c] += drift[t][c] + SIGMA * noise[c];
            latents.putScalar(new int[] {t + 1, i, c, 0, 0}, x[c]);
          }
          double square = noise[0] * noise[0] + noise[1] * noise[1];
          logProbabilities.putScalar(t, i, -square / 2 - Math.log(2 * Math.PI * SIGMA * SIGMA));
        }
        images.add(disc(x[0], x[1]));
      }
      return new Rollout(prompts, seeds, images, latents, logProbabilities, List.of(3, 2, 1, 0));
    }

    private static Image disc(double cx, double cy) {
      float[] chw = new float[3 * SIDE * SIDE];
      for (int i = 0; i < chw.length; i++) {
        double dx = (i % SIDE + 0.5) / SIDE - cx;
        double dy = (i / SIDE % SIDE + 0.5) / SIDE - cy;
        chw[i] = dx * dx + dy * dy < 0.04 ? 0 : 1;
      }
      return Image.of(3, SIDE, SIDE, chw);
    }
  }

  /**
   * An optimizer for it, reward-weighted regression: each drift becomes the mean of the moves,
   * weighted by reward.
   */
  private static final class Rwr implements PolicyOptimizer {
    private final Walk walk;
    private long steps;

    Rwr(Walk walk) {
      this.walk = walk;
    }

    @Override
    public StepReport step(Rollout rollout, Rewards rewards) {
      steps++;
      double[] weights = // an image without a reward has no weight
          rewards.values().stream()
              .mapToDouble(r -> r.isPresent() ? Math.exp(4 * r.getAsDouble()) : 0)
              .toArray();
      double sum = Arrays.stream(weights).sum();
      if (sum == 0) {
        return StepReport.skipped(steps, "no image has a reward");
      }
      for (int t = 0; t < STEPS; t++) {
        for (int c = 0; c < 2; c++) {
          double mean = 0;
          for (int i = 0; i < weights.length; i++) {
            INDArray x = rollout.latents();
            mean +=
                weights[i] / sum * (x.getDouble(t + 1, i, c, 0, 0) - x.getDouble(t, i, c, 0, 0));
          }
          walk.drift[t][c] = mean;
        }
      }
      return StepReport.of(
          steps, Map.of("weightOfTheBest", Arrays.stream(weights).max().orElse(0) / sum));
    }

    @Override
    public void save(Path folder) {
      throw new UnsupportedOperationException("a run in a folder needs this: see FourLines");
    }

    @Override
    public List<String> restore(Path folder) {
      throw new UnsupportedOperationException("a run in a folder needs this: see FourLines");
    }
  }

  /** How dark the middle is, in [0, 1]: what the judge ranks by and what is measured. */
  static double darkness(Image image) {
    double sum = 0;
    for (int i = 0; i < 36; i++) {
      sum += 1 - image.get(0, SIDE / 2 - 3 + i / 6, SIDE / 2 - 3 + i % 6);
    }
    return sum / 36;
  }

  /** The darkness of the middle on held-out seeds. */
  record Result(double before, double after) {}

  static Result align(int rounds, PrintStream out) {
    Walk walk = new Walk();
    FeedbackOracle judge = MockOracle.of((image, prompt) -> darkness(image));
    PromptSource prompts = PromptSource.all(List.of(Prompt.of("a disc in the middle")), 32);
    double before = mean(walk.generate(prompts.prompts(1), Seed.of(-1)));
    AlignmentRun.of(prompts, walk, WinRateReward.overall(), new Rwr(walk), Seed.of(1))
        .judgedBy(judge, Rubrics.quality())
        .run(AlignmentRun.Options.rounds(rounds));
    double after = mean(walk.generate(prompts.prompts(1), Seed.of(-1)));
    out.printf(
        Locale.ROOT,
        "darkness of the middle on held-out seeds: %.3f before, %.3f after%n",
        before,
        after);
    return new Result(before, after);
  }

  private static double mean(List<Image> images) {
    return images.stream().mapToDouble(OwnSampler::darkness).average().orElseThrow();
  }
}
