package org.tastemaker.reward.image;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;

/**
 * Turns a target for a set of images, such as "as many women as men", into a reward for each image.
 *
 * <p>Fairness is a property of a set, and no reward of a single image can express it. Shen et al.
 * ("Finetuning Text-to-Image Diffusion Models for Fairness", ICLR 2024, sec. 4.1: distributional
 * alignment) derive targets for single images: which classes would the images of this set have if
 * the set had the target distribution and each image changed as little as possible?
 *
 * <pre>
 *   u_1 ... u_N ~ target                                       one-hot classes for the N images of a prompt
 *   s = argmin over permutations of  sum_i | p_i - u_s(i) |_2  optimal transport
 *   q_i = E[ u_s(i) ]                                          over many draws of u
 *   r_i = ln q_i(c_i),   c_i = argmax p_i
 * </pre>
 *
 * <p>With 8 men, 2 women and an even target, 3 of the men would have to change: r = ln 5/8 for each
 * man and 0 for each woman. If the set matches the target, all rewards are 0.
 *
 * <table class="striped">
 * <caption>Names</caption>
 * <thead><tr><th>code</th><th>symbol</th></tr></thead>
 * <tbody>
 * <tr><td>probabilities</td><td>p_i, the classifier's output for image i</td></tr>
 * <tr><td>slots</td><td>the classes of u_1 ... u_N</td></tr>
 * <tr><td>targets[i]</td><td>q_i</td></tr>
 * </tbody>
 * </table>
 *
 * <p>A draw has the classes in the target's proportions, rounded up or down at random. The paper
 * draws each u_i independently, which asks even a perfect set to change ({@link Draw}). Assignments
 * of equal cost are equally likely. A class that was never drawn counts as q = 1 / (draws + 1),
 * which bounds the reward from below.
 *
 * <p>Missing stays missing. A prompt without a target (one that names the attribute) has no
 * rewards. An image that the classifier cannot classify has no reward and is not part of the set. A
 * set of too few images has no rewards.
 */
public final class DistributionReward implements RewardModel {
  private final AttributeClassifier classifier;
  private final Function<Prompt, Optional<double[]>> target;
  private final Options options;
  private final Seed seed;

  /** How the classes of a target set are drawn. */
  public enum Draw {
    /** As close to the target's proportions as whole numbers of images allow. */
    BALANCED,
    /** Each image's class independently, as in the paper. */
    INDEPENDENT
  }

  /**
   * How to compute it.
   *
   * @param draws how many target sets are drawn, at least 1
   * @param draw how they are drawn
   * @param minConfidence in [0, 1]; an image whose most likely class has a lower probability is
   *     missing
   * @param minImages at least 2; a prompt with fewer classified images is missing
   */
  @RecordBuilder
  public record Options(int draws, Draw draw, double minConfidence, int minImages)
      implements DistributionRewardOptionsBuilder.With {
    public Options {
      if (draws < 1) {
        throw new IllegalArgumentException("draws must be at least 1, but was " + draws);
      }
      Objects.requireNonNull(draw, "draw == null");
      if (!(minConfidence >= 0 && minConfidence <= 1)) {
        throw new IllegalArgumentException(
            "minConfidence must be in [0, 1], but was " + minConfidence);
      }
      if (minImages < 2) {
        throw new IllegalArgumentException(
            "a distribution needs a set, so minImages must be at least 2, but was " + minImages);
      }
    }

    /**
     * 200 balanced draws, no minimum confidence, at least two images.
     *
     * @return the default options
     */
    public static Options defaults() {
      return new Options(200, Draw.BALANCED, 0, 2);
    }
  }

  /**
   * A reward for a distribution.
   *
   * @param classifier for the attribute
   * @param target gives a prompt's target share for each class, each in [0, 1], summing to 1; empty
   *     for prompts without a target
   * @param options how to compute it
   * @param seed of the draws; the same images get the same rewards
   */
  public DistributionReward(
      AttributeClassifier classifier,
      Function<Prompt, Optional<double[]>> target,
      Options options,
      Seed seed) {
    this.classifier = Objects.requireNonNull(classifier, "classifier == null");
    this.target = Objects.requireNonNull(target, "target == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
  }

  /**
   * A target of equal shares, whatever the prompt.
   *
   * @param classes number of classes, at least 2
   * @return a target
   */
  public static Function<Prompt, Optional<double[]>> uniform(int classes) {
    double[] shares = new double[classes];
    Arrays.fill(shares, 1.0 / classes);
    requireDistribution(shares, "a target");
    return prompt -> Optional.of(shares.clone());
  }

  @Override
  public Rewards score(Rollout rollout, List<Judgement> judgements) {
    OptionalDouble[] rewards = new OptionalDouble[rollout.size()];
    Arrays.fill(rewards, OptionalDouble.empty());
    for (List<Integer> group : rollout.groupIndices()) {
      Prompt prompt = rollout.prompts().get(group.get(0));
      Optional<double[]> wished = target.apply(prompt);
      if (wished.isEmpty()) {
        continue;
      }
      requireDistribution(wished.get(), "the target of prompt '" + prompt.text() + "'");
      // 1. The images that the classifier can classify.
      List<Integer> told = new ArrayList<>();
      List<double[]> probabilities = new ArrayList<>(); // [told][classes]
      for (int image : group) {
        Optional<double[]> p = classify(rollout.images().get(image), image, wished.get().length);
        if (p.isPresent() && p.get()[likeliest(p.get())] >= options.minConfidence()) {
          told.add(image);
          probabilities.add(p.get());
        }
      }
      if (told.size() < options.minImages()) {
        continue;
      }
      // 2. The classes they would have in a set that matches the target.
      double[][] targets = targets(probabilities, wished.get());
      // 3. The share of the draws in which an image keeps its class.
      for (int i = 0; i < told.size(); i++) {
        double q = targets[i][likeliest(probabilities.get(i))];
        rewards[told.get(i)] =
            OptionalDouble.of(Math.log(Math.max(q, 1.0 / (options.draws() + 1))));
      }
    }
    return new Rewards(Arrays.asList(rewards));
  }

  /**
   * The classes that the images of a set should have.
   *
   * @param probabilities the classifier's output for each image, [images][classes]
   * @param wished the target's shares, [classes]
   * @return q, [images][classes]; each row sums to 1
   */
  double[][] targets(List<double[]> probabilities, double[] wished) {
    int n = probabilities.size();
    RandomGenerator random = seed.generator();
    double[][] targets = new double[n][wished.length];
    for (int d = 0; d < options.draws(); d++) {
      int[] slots = slots(n, wished, random);
      int[] order = shuffled(n, random); // assignments of equal cost are equally likely
      double[][] cost = new double[n][n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          cost[i][j] = distance(probabilities.get(order[i]), slots[j]);
        }
      }
      int[] assignment = OptimalAssignment.of(cost);
      for (int i = 0; i < n; i++) {
        targets[order[i]][slots[assignment[i]]] += 1.0 / options.draws();
      }
    }
    return targets;
  }

  /** The classes of one set of n images that matches the target. */
  private int[] slots(int n, double[] wished, RandomGenerator random) {
    int[] slots = new int[n];
    double offset = random.nextDouble();
    for (int i = 0; i < n; i++) {
      // systematic sampling: one point in each n-th of [0, 1), at the same place in all of them
      double point = options.draw() == Draw.BALANCED ? (i + offset) / n : random.nextDouble();
      double sum = 0;
      int c = -1;
      do {
        c++;
        sum += wished[c];
      } while (c < wished.length - 1 && (point >= sum || wished[c] == 0));
      slots[i] = c;
    }
    return slots;
  }

  /** |p - one-hot|_2. */
  private static double distance(double[] p, int slot) {
    double sum = 0;
    for (int c = 0; c < p.length; c++) {
      double difference = p[c] - (c == slot ? 1 : 0);
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  private Optional<double[]> classify(Image image, int index, int classes) {
    Optional<double[]> p = classifier.classify(image);
    if (p.isPresent()) {
      requireDistribution(p.get(), "the classifier's output for image " + index);
      if (p.get().length != classes) {
        throw new IllegalArgumentException(
            "the classifier gives "
                + p.get().length
                + " classes for image "
                + index
                + ", but the target has shares of "
                + classes);
      }
    }
    return p;
  }

  private static int[] shuffled(int n, RandomGenerator random) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private static int likeliest(double[] p) {
    int best = 0;
    for (int c = 1; c < p.length; c++) {
      best = p[c] > p[best] ? c : best;
    }
    return best;
  }

  private static void requireDistribution(double[] p, String what) {
    boolean inRange = Arrays.stream(p).allMatch(x -> x >= 0 && x <= 1);
    // probabilities computed in float sum to 1 within a few times 1e-7
    if (p.length < 2 || !inRange || !(Math.abs(Arrays.stream(p).sum() - 1) < 1e-4)) {
      throw new IllegalArgumentException(
          what
              + " must be the shares of at least 2 classes, each in [0, 1] and sum to 1, but was "
              + Arrays.toString(p));
    }
  }
}
