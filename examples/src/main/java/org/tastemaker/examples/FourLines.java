package org.tastemaker.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.picture.ImageGrid;
import org.tastemaker.core.run.AtomicFiles;

/**
 * The loop of the whole library in four lines, with each port implemented in the fewest lines that
 * work: what a user writes to plug in a sampler, a judge, a reward or an optimizer of their own.
 *
 * <p>The "model" paints one flat colour: a random walk of {@value #STEPS} Gaussian steps over red,
 * green and blue, whose drift is all that is learned. It is here to show the ports, not to make
 * pictures.
 */
public final class FourLines {
  private static final int STEPS = 4;
  private static final double SIGMA = 0.6;

  private FourLines() {}

  /**
   * Runs 60 rounds and writes the colours before and after.
   *
   * @param args the output folder; by default {@code runs/four-lines}
   * @throws IOException if the folder cannot be created
   */
  public static void main(String[] args) throws IOException {
    run(Path.of(args.length > 0 ? args[0] : "runs/four-lines"), System.out);
  }

  static Result run(Path folder, PrintStream out) throws IOException {
    List<Prompt> prompts = Collections.nCopies(16, Prompt.of("a green wall"));
    Rubric rubric = Rubric.of("consistency", "1", "shows what the prompt says");
    Walk sampler = new Walk();
    FeedbackOracle oracle = new GreenJudge();
    RewardModel reward = new WinRate();
    PolicyOptimizer optimizer = new Reinforce(sampler);

    List<Image> before = sampler.generate(prompts, Seed.of(-1));
    for (int round = 0; round < 60; round++) {
      try (Rollout rollout = sampler.rollout(prompts, Seed.of(round))) {
        List<Judgement> judgements = oracle.rank(rollout.groups(), rubric);
        Rewards rewards = reward.score(rollout, judgements);
        StepReport report = optimizer.step(rollout, rewards);
        if (report.step() % 10 == 0) {
          out.printf(
              Locale.ROOT,
              "round %2d  greenness %.3f%n",
              report.step(),
              greenness(rollout.images()));
        }
      }
    }
    List<Image> after = sampler.generate(prompts, Seed.of(-1)); // the same noise as before

    Files.createDirectories(folder);
    AtomicFiles.write(folder.resolve("before.png"), ImageGrid.of(before).draw().toPng());
    AtomicFiles.write(folder.resolve("after.png"), ImageGrid.of(after).draw().toPng());
    Result result = new Result(greenness(before), greenness(after));
    out.printf(
        Locale.ROOT,
        "greenness on held-out seeds: %.3f before, %.3f after; pictures in %s%n",
        result.before,
        result.after,
        folder);
    return result;
  }

  /** Greenness on held-out seeds: green minus the mean of red and blue, in [-1, 1]. */
  record Result(double before, double after) {}

  static double greenness(List<Image> images) {
    return images.stream().mapToDouble(FourLines::greenness).average().orElseThrow();
  }

  private static double greenness(Image image) {
    return image.get(1, 0, 0) - (image.get(0, 0, 0) + image.get(2, 0, 0)) / 2;
  }

  /** A sampler: x[t+1] = x[t] + drift[t] + sigma * noise, decoded by the logistic function. */
  private static final class Walk implements DiffusionSampler {
    final double[][] drift = new double[STEPS][3];

    @Override
    public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
      int n = prompts.size();
      INDArray latents = Nd4j.zeros(STEPS + 1, n, 3, 1, 1); // [T+1, N, C, H, W]
      INDArray logProbabilities = Nd4j.zeros(STEPS, n); // [T, N]
      List<Image> images = new ArrayList<>();
      float[] noise = new float[3];
      for (int i = 0; i < n; i++) {
        double[] x = new double[3];
        for (int t = 0; t < STEPS; t++) {
          seeds.get(i).gaussian(t, noise);
          double logProbability = 0;
          for (int c = 0; c < 3; c++) {
            x[c] += drift[t][c] + SIGMA * noise[c];
            logProbability -= noise[c] * noise[c] / 2 + Math.log(SIGMA * Math.sqrt(2 * Math.PI));
            latents.putScalar(new int[] {t + 1, i, c, 0, 0}, x[c]);
          }
          logProbabilities.putScalar(t, i, logProbability / 3);
        }
        images.add(Image.filled(16, 16, logistic(x[0]), logistic(x[1]), logistic(x[2])));
      }
      return new Rollout(prompts, seeds, images, latents, logProbabilities, List.of(3, 2, 1, 0));
    }

    private static float logistic(double x) {
      return (float) (1 / (1 + Math.exp(-x)));
    }
  }

  /** A judge: the greener image is the better one. */
  private static final class GreenJudge implements FeedbackOracle {
    @Override
    public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
      return groups.stream()
          .map(
              group ->
                  Judgement.of(
                      Ranking.ofScores(
                          group.images().stream().mapToDouble(FourLines::greenness).toArray()),
                      "green-judge"))
          .toList();
    }
  }

  /** A reward: the share of the group's other images that an image beats; a tie counts half. */
  private static final class WinRate implements RewardModel {
    @Override
    public Rewards score(Rollout rollout, List<Judgement> judgements) {
      double[] wins = new double[rollout.size()];
      double[] games = new double[rollout.size()];
      for (int g = 0; g < judgements.size(); g++) {
        List<Integer> group = rollout.groupIndices().get(g);
        for (Preference pair : judgements.get(g).ranking().pairs()) {
          wins[group.get(pair.first())] += pair.probability();
          wins[group.get(pair.second())] += 1 - pair.probability();
          games[group.get(pair.first())]++;
          games[group.get(pair.second())]++;
        }
      }
      List<OptionalDouble> rewards = new ArrayList<>();
      for (int i = 0; i < wins.length; i++) {
        rewards.add(games[i] == 0 ? OptionalDouble.empty() : OptionalDouble.of(wins[i] / games[i]));
      }
      return new Rewards(rewards);
    }
  }

  /** An optimizer: REINFORCE with the mean reward as baseline. */
  private static final class Reinforce implements PolicyOptimizer {
    private final Walk policy;
    private long steps;

    Reinforce(Walk policy) {
      this.policy = policy;
    }

    @Override
    public StepReport step(Rollout rollout, Rewards rewards) {
      steps++;
      OptionalDouble baseline = rewards.mean();
      if (baseline.isEmpty()) {
        return StepReport.skipped(steps, "no image has a reward");
      }
      double norm = 0;
      for (int t = 0; t < STEPS; t++) {
        for (int c = 0; c < 3; c++) {
          double gradient = 0; // of the mean of advantage * log p(x[t+1] | x[t]), by drift[t][c]
          for (int i = 0; i < rollout.size(); i++) {
            if (rewards.get(i).isPresent()) {
              double advantage = rewards.get(i).getAsDouble() - baseline.getAsDouble();
              double move =
                  rollout.latents().getDouble(t + 1, i, c, 0, 0)
                      - rollout.latents().getDouble(t, i, c, 0, 0);
              gradient += advantage * (move - policy.drift[t][c]) / (SIGMA * SIGMA);
            }
          }
          gradient /= rewards.present();
          policy.drift[t][c] += 0.1 * gradient;
          norm += gradient * gradient;
        }
      }
      return StepReport.of(steps, Map.of("gradientNorm", Math.sqrt(norm)));
    }

    @Override
    public void save(Path folder) {
      StringBuilder lines = new StringBuilder(steps + "\n");
      for (double[] step : policy.drift) {
        for (double value : step) {
          lines.append(value).append('\n');
        }
      }
      AtomicFiles.write(folder.resolve("policy.txt"), lines.toString());
    }

    @Override
    public List<String> restore(Path folder) {
      try {
        Iterator<String> lines = Files.readAllLines(folder.resolve("policy.txt")).iterator();
        steps = Long.parseLong(lines.next());
        for (double[] step : policy.drift) {
          Arrays.setAll(step, c -> Double.parseDouble(lines.next()));
        }
        return List.of(); // there is no setting that may change
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read the policy of " + folder, e);
      }
    }
  }
}
