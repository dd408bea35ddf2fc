package org.tastemaker.reward.learned;

import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;

/**
 * Trains a {@link LearnedReward}.
 *
 * <p>The prompts are split into three parts: training, validation (which decides when to stop) and
 * held-out. The held-out part is used once, at the end, so that the epoch is not chosen to suit it.
 * The result depends only on the data, the options and the seed.
 */
public final class RewardTrainer {
  private final Features features;
  private final RewardLoss loss;
  private final Options options;
  private final Seed seed;

  /**
   * How to train.
   *
   * @param hiddenLayers their widths, each at least 1; empty for a linear reward
   * @param activation of the hidden layers
   * @param updater of Deeplearning4j, with its learning rate
   * @param l2 weight of the squared weights, at least 0 and finite
   * @param batchPrompts prompts per step, at least 1
   * @param maxEpochs at least 1
   * @param patience epochs without a better validation loss after which training ends, at least 1
   * @param validationShare share of the prompts that decide when to stop, in (0, 1)
   * @param heldOutShare share of the prompts that are held out, in (0, 1)
   * @param evaluation of the held-out prompts
   */
  @RecordBuilder
  public record Options(
      List<Integer> hiddenLayers,
      Activation activation,
      IUpdater updater,
      double l2,
      int batchPrompts,
      int maxEpochs,
      int patience,
      double validationShare,
      double heldOutShare,
      RewardEvaluation.Options evaluation)
      implements RewardTrainerOptionsBuilder.With {
    public Options {
      hiddenLayers = List.copyOf(hiddenLayers);
      require(
          hiddenLayers.stream().allMatch(w -> w >= 1),
          "hidden layers must be at least 1 wide, but were " + hiddenLayers);
      Objects.requireNonNull(activation, "activation == null");
      Objects.requireNonNull(updater, "updater == null");
      require(
          l2 >= 0 && l2 < Double.POSITIVE_INFINITY,
          "l2 must be finite and at least 0, but was " + l2);
      require(batchPrompts >= 1, "batchPrompts must be at least 1, but was " + batchPrompts);
      require(maxEpochs >= 1, "maxEpochs must be at least 1, but was " + maxEpochs);
      require(patience >= 1, "patience must be at least 1, but was " + patience);
      require(
          validationShare > 0 && heldOutShare > 0 && validationShare + heldOutShare < 1,
          "validationShare and heldOutShare must be above 0 and leave something to train on, but were "
              + validationShare
              + " and "
              + heldOutShare);
      Objects.requireNonNull(evaluation, "evaluation == null");
    }

    /**
     * Two hidden layers of 256, ReLU, Adam with 1e-3, l2 1e-4, 16 prompts per step, at most 100
     * epochs and a patience of 10; 15 % of the prompts for validation, 20 % held out.
     *
     * @return the default options
     */
    public static Options defaults() {
      return new Options(
          List.of(256, 256),
          Activation.RELU,
          new Adam(1e-3),
          1e-4,
          16,
          100,
          10,
          0.15,
          0.2,
          RewardEvaluation.Options.defaults());
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new IllegalArgumentException(message);
      }
    }
  }

  /**
   * A trainer.
   *
   * @param features the network's input; the reward uses them as long as it lives
   * @param loss what to train on
   * @param options how to train
   * @param seed of the split, the initial weights, the order of prompts and the bootstrap
   */
  public RewardTrainer(Features features, RewardLoss loss, Options options, Seed seed) {
    this.features = Objects.requireNonNull(features, "features == null");
    this.loss = Objects.requireNonNull(loss, "loss == null");
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
  }

  /**
   * Trains without a listener.
   *
   * @param data judged images of at least three prompts from which the loss can learn
   * @return the reward, with its evaluation on held-out prompts
   */
  public TrainedReward train(PreferenceSet data) {
    return train(data, RunListener.none(), new Cancellation());
  }

  /**
   * Trains.
   *
   * @param data judged images of at least three prompts from which the loss can learn
   * @param listener receives the losses of each epoch
   * @param cancellation checked before each step
   * @return the reward, with its evaluation on held-out prompts
   * @throws DivergedException if the loss is NaN or infinite; the message names the step
   */
  public TrainedReward train(PreferenceSet data, RunListener listener, Cancellation cancellation) {
    // 1. Only prompts from which the loss can learn are split, so that each part has some of them.
    List<JudgedGroup> useful = data.groups().stream().filter(g -> loss.of(g).isPresent()).toList();
    if (useful.size() < 3) {
      throw new IllegalArgumentException(
          useful.size()
              + " of "
              + data.size()
              + " prompts have judgements from which this loss can learn, but at least 3 are needed:"
              + " one to train on, one for validation and one to hold out");
    }
    List<PreferenceSet> parts =
        PreferenceSet.of(useful)
            .split(
                new double[] {
                  1 - options.validationShare() - options.heldOutShare(),
                  options.validationShare(),
                  options.heldOutShare()
                },
                seed.split("split"));
    // 2. The features, computed once and scaled by those of the training part.
    List<float[][]> raw = new ArrayList<>();
    List<RewardLoss.Term> terms = terms(parts.get(0));
    for (RewardLoss.Term term : terms) {
      cancellation.throwIfRequested("the features of the training prompts");
      raw.add(FeatureScale.extract(features, term.prompts(), term.images()));
    }
    FeatureScale scale = FeatureScale.fit(raw.stream().flatMap(Arrays::stream).toList());
    List<ScoredTerm> training = new ArrayList<>();
    for (int t = 0; t < terms.size(); t++) {
      training.add(new ScoredTerm(scale.apply(raw.get(t)), terms.get(t).value()));
    }
    List<ScoredTerm> validation = new ArrayList<>();
    for (RewardLoss.Term term : terms(parts.get(1))) {
      float[][] rows = FeatureScale.extract(features, term.prompts(), term.images());
      validation.add(new ScoredTerm(scale.apply(rows), term.value()));
    }
    // 3. Epochs, until the validation loss no longer improves.
    RewardNetwork network =
        RewardNetwork.random(
            features.size(),
            options.hiddenLayers(),
            options.activation(),
            options.updater(),
            options.l2(),
            seed.split("weights"));
    LearnedReward reward = new LearnedReward(features, scale, network);
    try {
      EpochLosses losses =
          new EpochLosses(
              (epoch, ofTraining, ofValidation) ->
                  listener.on(
                      new RunEvent.Metrics(
                          epoch,
                          Map.of("trainingLoss", ofTraining, "validationLoss", ofValidation))));
      EarlyStopping.Limits limits =
          new EarlyStopping.Limits(options.batchPrompts(), options.maxEpochs(), options.patience());
      TrainedReward.StopReason stop =
          new EarlyStopping(network, training, validation, limits, losses, cancellation)
              .run(seed.split("order"));
      // 4. The evaluation on the held-out prompts.
      return new TrainedReward(
          reward,
          reward.evaluate(parts.get(2), options.evaluation(), seed.split("bootstrap")),
          losses.training(),
          losses.validation(),
          losses.best(),
          stop);
    } catch (RuntimeException | Error e) {
      reward.close();
      throw e;
    }
  }

  private List<RewardLoss.Term> terms(PreferenceSet part) {
    return part.groups().stream().map(loss::of).flatMap(Optional::stream).toList();
  }
}
