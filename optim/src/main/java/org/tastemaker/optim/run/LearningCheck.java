package org.tastemaker.optim.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DiffusionSampler;
import org.tastemaker.core.PolicyOptimizer;
import org.tastemaker.core.RewardModel;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;

/**
 * Does it learn at all? Trains for a few rounds by a reward that must rise, and says whether it
 * rose: the first thing to try where a curve is flat.
 *
 * <pre>{@code
 * LearningCurve curve =
 *     LearningCheck.of(
 *             PromptSource.all(prompts, 8),
 *             policy.sampler(),
 *             PixelReward.brightness(),
 *             optimizer,
 *             seed)
 *         .run(10);
 * String words = curve.toString(); // It learns: the reward went from 0.52 to 0.61 ...
 * }</pre>
 *
 * <p>Such a reward needs no judge, has no noise, and every model can raise it: {@code
 * PixelReward.brightness()}, or {@code JpegReward.compressibility()}. If it rises, model, sampler
 * and optimizer work together, and what stays flat in a real run is the reward's or the judge's
 * fault, or needs more images. If it does not, the settings of the optimizer are the place to look.
 *
 * <p>The optimizer's weights are trained as in any run: give it a fresh adapter, which is thrown
 * away afterwards.
 */
public final class LearningCheck {
  private final PromptSource prompts;
  private final DiffusionSampler sampler;
  private final RewardModel reward;
  private final PolicyOptimizer optimizer;
  private final Seed seed;
  private RunListener listener = RunListener.none();
  private Cancellation cancellation = new Cancellation();

  private LearningCheck(
      PromptSource prompts,
      DiffusionSampler sampler,
      RewardModel reward,
      PolicyOptimizer optimizer,
      Seed seed) {
    this.prompts = Objects.requireNonNull(prompts, "prompts == null");
    this.sampler = Objects.requireNonNull(sampler, "sampler == null");
    this.reward = Objects.requireNonNull(reward, "reward == null");
    this.optimizer = Objects.requireNonNull(optimizer, "optimizer == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    if (reward.isRelative()) {
      throw new IllegalArgumentException(
          "a check needs a reward whose mean can rise, but this one only compares a round's images"
              + " with each other; try PixelReward.brightness()");
    }
  }

  /**
   * A check of the given parts, which the caller still owns.
   *
   * @param prompts of each round; 32 images in a round or more show a rise soon
   * @param sampler the policy, such as {@code policy.sampler()}
   * @param reward one that must rise, and asks no judge
   * @param optimizer what updates the policy
   * @param seed of the images
   * @return the check
   * @throws IllegalArgumentException if the reward is {@linkplain RewardModel#isRelative relative}
   */
  public static LearningCheck of(
      PromptSource prompts,
      DiffusionSampler sampler,
      RewardModel reward,
      PolicyOptimizer optimizer,
      Seed seed) {
    return new LearningCheck(prompts, sampler, reward, optimizer, seed);
  }

  /**
   * Tells what happens.
   *
   * @param watcher of the run
   * @return this check
   */
  public LearningCheck listener(RunListener watcher) {
    this.listener = Objects.requireNonNull(watcher, "listener == null");
    return this;
  }

  /**
   * Lets another thread stop the run.
   *
   * @param stop set by the other thread
   * @return this check
   */
  public LearningCheck cancellation(Cancellation stop) {
    this.cancellation = Objects.requireNonNull(stop, "cancellation == null");
    return this;
  }

  /**
   * Trains, and looks at the curve.
   *
   * @param rounds at least {@link LearningCurve#FEWEST_ROUNDS}; the default of tools is 10
   * @return the curve
   * @throws IllegalArgumentException if there are fewer rounds
   * @throws IllegalStateException if the run ended before that, with what it said
   */
  public LearningCurve run(int rounds) {
    if (rounds < LearningCurve.FEWEST_ROUNDS) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a check needs at least %s rounds to tell a rise from chance, but was asked for %s",
              LearningCurve.FEWEST_ROUNDS,
              rounds));
    }
    List<List<Double>> rewards = new ArrayList<>();
    RunListener noting =
        event -> {
          if (event instanceof RunEvent.Distribution told && told.name().equals("rewards")) {
            rewards.add(told.values());
          }
        };
    RunResult result =
        AlignmentRun.of(prompts, sampler, reward, optimizer, seed)
            .listener(RunListener.all(noting, listener))
            .cancellation(cancellation)
            .run(AlignmentRun.Options.rounds(rounds));
    if (rewards.size() < rounds) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the check ended after %s of %s rounds: %s",
              rewards.size(),
              rounds,
              result.message()));
    }
    return LearningCurve.of(rewards);
  }
}
