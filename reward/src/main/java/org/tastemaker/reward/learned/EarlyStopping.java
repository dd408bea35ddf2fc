package org.tastemaker.reward.learned;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.ScoreCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.earlystopping.termination.ScoreImprovementEpochTerminationCondition;
import org.deeplearning4j.earlystopping.trainer.BaseEarlyStoppingTrainer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Seed;
import org.tastemaker.reward.learned.TrainedReward.StopReason;

/**
 * Deeplearning4j's early stopping, with training steps whose loss is computed outside the network.
 *
 * <p>Deeplearning4j runs the epochs, asks for the validation loss after each, keeps the best
 * parameters and decides when to stop. What it calls a data set is here a batch of prompts, given
 * by their indices.
 */
final class EarlyStopping {
  private final RewardNetwork network;
  private final List<ScoredTerm> training;
  private final List<ScoredTerm> validation;
  private final Limits limits;
  private final EpochLosses losses;
  private final Cancellation cancellation;

  /**
   * How long to train.
   *
   * @param batchPrompts prompts per step
   * @param maxEpochs the maximum number of epochs
   * @param patience epochs without a better validation loss after which training ends
   */
  record Limits(int batchPrompts, int maxEpochs, int patience) {}

  EarlyStopping(
      RewardNetwork network,
      List<ScoredTerm> training,
      List<ScoredTerm> validation,
      Limits limits,
      EpochLosses losses,
      Cancellation cancellation) {
    this.network = network;
    this.training = training;
    this.validation = validation;
    this.limits = limits;
    this.losses = losses;
    this.cancellation = cancellation;
  }

  /** Trains until the stopping rule applies; the network then has its best parameters. */
  StopReason run(Seed order) {
    try (BestParameters best = new BestParameters()) {
      EarlyStoppingConfiguration<MultiLayerNetwork> configuration =
          new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
              .epochTerminationConditions(
                  new ScoreImprovementEpochTerminationCondition(limits.patience()),
                  new MaxEpochsTerminationCondition(limits.maxEpochs()))
              .scoreCalculator(new ValidationLoss())
              .modelSaver(best)
              .build();
      Trainer trainer =
          new Trainer(
              configuration,
              new IndexBatches(training.size(), limits.batchPrompts(), order.generator()));
      trainer.fit();
      if (trainer.failure != null) {
        throw trainer.failure; // Deeplearning4j itself would log it and continue
      }
      best.restore();
      boolean worse = losses.validation().size() - 1 - losses.best() >= limits.patience();
      return worse ? StopReason.NO_IMPROVEMENT : StopReason.MAX_EPOCHS;
    }
  }

  /** One step on the mean loss of a batch of prompts. */
  private void step(List<ScoredTerm> batch) {
    cancellation.throwIfRequested("training step " + (network.network().getIterationCount() + 1));
    double loss = network.step(rows(batch), mean(batch));
    losses.step(loss, batch.size());
  }

  /** The rows of all terms, concatenated. */
  private static double[][] rows(List<ScoredTerm> terms) {
    List<double[]> rows = new ArrayList<>();
    terms.forEach(term -> rows.addAll(List.of(term.rows())));
    return rows.toArray(double[][]::new);
  }

  /** The mean loss of terms whose rows are concatenated. */
  static RewardLoss.Value mean(List<ScoredTerm> terms) {
    return (scores, gradient) -> {
      double sum = 0;
      int from = 0;
      for (ScoredTerm term : terms) {
        int size = term.rows().length;
        double[] some = new double[size];
        double[] derivative = new double[size];
        System.arraycopy(scores, from, some, 0, size);
        sum += term.value().evaluate(some, derivative);
        for (int i = 0; i < size; i++) {
          gradient[from + i] = derivative[i] / terms.size();
        }
        from += size;
      }
      return sum / terms.size();
    };
  }

  private double validationLoss() {
    double[] scores = network.scores(rows(validation));
    double loss = mean(validation).evaluate(scores, new double[scores.length]);
    if (!Double.isFinite(loss)) {
      throw new DivergedException(
          "after training step " + network.network().getIterationCount(),
          "the validation loss is " + loss + "; lower the learning rate");
    }
    losses.endEpoch(loss);
    return loss;
  }

  /** Deeplearning4j's epochs with our steps. */
  private final class Trainer extends BaseEarlyStoppingTrainer<MultiLayerNetwork> {
    @Nullable RuntimeException failure;

    Trainer(EarlyStoppingConfiguration<MultiLayerNetwork> configuration, IndexBatches batches) {
      super(configuration, network.network(), batches, null, null);
    }

    @Override
    protected void fit(DataSet batch) {
      try {
        step(batch.getExampleMetaData(Integer.class).stream().map(training::get).toList());
      } catch (RuntimeException e) {
        failure = e;
        throw e;
      }
    }

    @Override
    protected void fit(MultiDataSet batch) {
      throw new UnsupportedOperationException("a reward network has one input");
    }

    @Override
    protected void pretrain(DataSet batch) {
      throw new UnsupportedOperationException("a reward network is not pre-trained");
    }

    @Override
    protected void pretrain(MultiDataSet batch) {
      throw new UnsupportedOperationException("a reward network is not pre-trained");
    }
  }

  /** The loss over the prompts that decide when to stop. */
  @SuppressWarnings("serial") // Deeplearning4j's interface is Serializable; nothing serialises it
  private final class ValidationLoss implements ScoreCalculator<MultiLayerNetwork> {
    @Override
    public double calculateScore(MultiLayerNetwork ignored) {
      return validationLoss();
    }

    @Override
    public boolean minimizeScore() {
      return true;
    }
  }

  /** Keeps one copy of the parameters rather than a network for each improvement. */
  @SuppressWarnings("serial") // Deeplearning4j's interface is Serializable; nothing serialises it
  private final class BestParameters
      implements EarlyStoppingModelSaver<MultiLayerNetwork>, AutoCloseable {
    private final INDArray parameters = Nd4j.zerosLike(network.network().params());

    @Override
    public void saveBestModel(MultiLayerNetwork best, double score) {
      parameters.assign(best.params());
    }

    @Override
    public void saveLatestModel(MultiLayerNetwork latest, double score) {
      // the latest one is the network itself
    }

    @Override
    public MultiLayerNetwork getBestModel() {
      return network.network();
    }

    @Override
    public MultiLayerNetwork getLatestModel() {
      return network.network();
    }

    void restore() {
      network.network().params().assign(parameters);
    }

    @Override
    public void close() {
      parameters.close();
    }
  }
}
