package org.tastemaker.reward.learned;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * A reward that a network computes from features of an image and its prompt. {@link RewardTrainer}
 * trains it.
 *
 * <p>It needs no judgements and gives every image a reward. If it was trained on comparisons, only
 * differences between images of one prompt have a meaning, in units of log-odds.
 *
 * <p>A saved reward is a folder with {@value #NETWORK}, the weights and biases of each layer, and
 * {@value #FEATURES}, with the features' name, means and scales. Not thread-safe.
 */
public final class LearnedReward implements RewardModel, AutoCloseable {
  private static final String NETWORK = "network.safetensors";
  private static final String FEATURES = "features.safetensors";
  private static final String FORMAT = "tastemaker-reward-2"; // 1 had a zip

  private final Features features;
  private final FeatureScale scale;
  private final RewardNetwork network;

  LearnedReward(Features features, FeatureScale scale, RewardNetwork network) {
    this.features = features;
    this.scale = scale;
    this.network = network;
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    return Rewards.of(score(rollout.prompts(), rollout.images()));
  }

  /**
   * Scores pairs of prompt and image.
   *
   * @param prompts N prompts
   * @param images N images
   * @return N scores, higher is better; finite
   */
  public double[] score(List<Prompt> prompts, List<Image> images) {
    Pairs.require(prompts, images);
    double[] scores = network.scores(scale.apply(FeatureScale.extract(features, prompts, images)));
    for (int i = 0; i < scores.length; i++) {
      if (!Double.isFinite(scores[i])) {
        throw new ArithmeticException(
            String.format(
                Locale.ROOT,
                "the score of image %s, of prompt '%s', is %s",
                i,
                prompts.get(i).text(),
                scores[i]));
      }
    }
    return scores;
  }

  /**
   * This reward as one with a gradient, which reads latents: no decoder and no encoder is run.
   *
   * <p>It is the same function of the features. Those of the latents that a U-Net made differ a
   * little from those of their image, as the features say ({@link LatentFeatures}), and so does the
   * score.
   *
   * @return a view of this reward, which stays open as long as it is used
   * @throws IllegalStateException if the features cannot be had of latents
   */
  public DifferentiableReward onLatents() {
    if (features instanceof DifferentiableFeatures differentiable) {
      return new LatentReward(differentiable, scale, network);
    }
    throw new IllegalStateException(
        String.format(
            Locale.ROOT,
            "the features '%s' have no gradient by latents: train the reward on LatentFeatures",
            features.name()));
  }

  /**
   * Evaluates this reward on judged images.
   *
   * @param set preferably of prompts that it was not trained on
   * @param options how to evaluate
   * @param seed of the bootstrap
   * @return accuracy and calibration
   */
  public RewardEvaluation evaluate(PreferenceSet set, RewardEvaluation.Options options, Seed seed) {
    List<Prompt> prompts = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    for (JudgedGroup group : set.groups()) {
      prompts.addAll(Collections.nCopies(group.size(), group.prompt()));
      images.addAll(group.images());
    }
    double[] all = images.isEmpty() ? new double[0] : score(prompts, images);
    List<double[]> scores = new ArrayList<>();
    int from = 0;
    for (JudgedGroup group : set.groups()) {
      scores.add(Arrays.copyOfRange(all, from, from + group.size()));
      from += group.size();
    }
    return RewardEvaluation.of(set.groups(), scores, options, seed);
  }

  /**
   * The features that are the network's input.
   *
   * @return the features
   */
  public Features features() {
    return features;
  }

  FeatureScale scale() {
    return scale;
  }

  RewardNetwork network() {
    return network;
  }

  /**
   * Writes the reward. Either the whole folder is written, or nothing.
   *
   * @param folder must not exist yet
   */
  public void save(Path folder) {
    AtomicFiles.writeFolder(
        folder,
        target -> {
          RewardNetworkFile.write(network, target.resolve(NETWORK));
          try (INDArray mean = Nd4j.createFromArray(scale.mean());
              INDArray factor = Nd4j.createFromArray(scale.factor())) {
            new SafetensorsWriter()
                .metadata("format", FORMAT)
                .metadata("features", features.name())
                .add("mean", mean, DType.F64)
                .add("factor", factor, DType.F64)
                .write(target.resolve(FEATURES));
          }
        });
  }

  /**
   * Reads a reward that {@link #save} wrote. Its scores are bit-identical.
   *
   * @param folder with {@value #NETWORK} and {@value #FEATURES}
   * @param features those that it was trained on, or equal ones
   * @return the reward; the caller closes it
   * @throws IllegalArgumentException if the folder holds no reward, or one over other features
   */
  public static LearnedReward load(Path folder, Features features) {
    Objects.requireNonNull(features, "features == null");
    for (String file : List.of(NETWORK, FEATURES)) {
      if (!Files.isRegularFile(folder.resolve(file))) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s has no file %s; expected a folder that LearnedReward.save wrote",
                folder,
                file));
      }
    }
    FeatureScale scale = readScale(folder, features);
    RewardNetwork network = RewardNetworkFile.read(folder.resolve(NETWORK));
    if (network.inputs() != features.size()) {
      int inputs = network.inputs();
      network.close();
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: the network has %s inputs, but there are %s features; the files are of different rewards",
              folder,
              inputs,
              features.size()));
    }
    return new LearnedReward(features, scale, network);
  }

  private static FeatureScale readScale(Path folder, Features features) {
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve(FEATURES))) {
      String format = file.metadata().getOrDefault("format", "none");
      if (!format.equals(FORMAT)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: expected the format %s, but found %s; write it with this version of the library",
                folder,
                FORMAT,
                format));
      }
      String name = file.metadata().getOrDefault("features", "");
      if (!name.equals(features.name())) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: the reward was trained on the features '%s', but was given '%s'",
                folder,
                name,
                features.name()));
      }
      try (INDArray mean = file.array("mean", DataType.DOUBLE);
          INDArray factor = file.array("factor", DataType.DOUBLE)) {
        if (mean.length() != features.size() || factor.length() != features.size()) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "%s: the reward was trained on %s features, but '%s' has %s",
                  folder,
                  mean.length(),
                  features.name(),
                  features.size()));
        }
        return new FeatureScale(mean.data().asDouble(), factor.data().asDouble());
      }
    }
  }

  /** Frees the network; the caller still owns the features. */
  @Override
  public void close() {
    network.close();
  }
}
