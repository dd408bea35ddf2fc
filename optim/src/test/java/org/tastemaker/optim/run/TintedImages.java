package org.tastemaker.optim.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.Image;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;

/**
 * A generator of two numbers that learns whatever it is rewarded for: how light its images are, and
 * how warm. A step moves both to the mean of the better half of the images.
 */
final class TintedImages implements DiffusionSampler, PolicyOptimizer {
  private static final int SIZE = 8;
  private static final double NOISE = 0.1;

  private double light = 0.6;
  private double warmth;
  private long steps;

  @Override
  public Rollout rollout(List<Prompt> prompts, List<Seed> seeds) {
    int n = prompts.size();
    List<Image> images = new ArrayList<>();
    INDArray latents = Nd4j.create(DataType.FLOAT, 2, n, 1, 1, 2);
    for (int i = 0; i < n; i++) {
      RandomGenerator noise = seeds.get(i).generator();
      double l = light + NOISE * noise.nextGaussian();
      double w = warmth + NOISE * noise.nextGaussian();
      latents.putScalar(new int[] {1, i, 0, 0, 0}, l);
      latents.putScalar(new int[] {1, i, 0, 0, 1}, w);
      images.add(image(l, w));
    }
    return new Rollout(
        prompts, seeds, images, latents, Nd4j.create(DataType.FLOAT, 1, n), List.of(1));
  }

  private static Image image(double light, double warmth) {
    float[] chw = new float[3 * SIZE * SIZE];
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < SIZE; y++) {
        for (int x = 0; x < SIZE; x++) {
          double texture = 0.15 * ((x * 5 + y * 3) % 7 / 3.0 - 1);
          double value = light + texture + (1 - c) * warmth;
          chw[(c * SIZE + y) * SIZE + x] = (float) Math.max(0, Math.min(1, value));
        }
      }
    }
    return Image.of(3, SIZE, SIZE, chw);
  }

  @Override
  public StepReport step(Rollout rollout, Rewards rewards) {
    List<Integer> better =
        IntStream.range(0, rollout.size())
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer i) -> rewards.get(i).orElseThrow()).reversed())
            .limit(rollout.size() / 2)
            .toList();
    light = mean(rollout, better, 0);
    warmth = mean(rollout, better, 1);
    steps++;
    return StepReport.of(steps, Map.of("light", light, "warmth", warmth));
  }

  private static double mean(Rollout rollout, List<Integer> images, int number) {
    return images.stream()
        .mapToDouble(i -> rollout.latents().getFloat(1, i, 0, 0, number))
        .average()
        .orElseThrow();
  }

  @Override
  public void save(Path folder) {
    try {
      Files.writeString(folder.resolve("numbers"), light + " " + warmth + " " + steps);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<String> restore(Path folder) {
    try {
      String[] numbers = Files.readString(folder.resolve("numbers")).split(" ", -1);
      light = Double.parseDouble(numbers[0]);
      warmth = Double.parseDouble(numbers[1]);
      steps = Long.parseLong(numbers[2]);
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A reward of single images. */
  static RewardModel reward(ToDoubleFunction<Image> score) {
    return (rollout, judgements) ->
        Rewards.of(rollout.images().stream().mapToDouble(score).toArray());
  }

  /** Minus the mean of all values: what pays for dark pixels. */
  static double darkness(Image image) {
    double sum = 0;
    for (float value : image.toFloats()) {
      sum -= value;
    }
    return sum / image.toFloats().length;
  }

  /** How near the difference of red and blue is to 0.2. */
  static double warmth(Image image) {
    double sum = 0;
    for (int y = 0; y < SIZE; y++) {
      for (int x = 0; x < SIZE; x++) {
        sum += image.get(0, y, x) - image.get(2, y, x);
      }
    }
    return -Math.abs(sum / (SIZE * SIZE) - 0.2);
  }
}
