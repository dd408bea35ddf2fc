package org.tastemaker.reward.learned;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.PlackettLuce.Tail;
import org.tastemaker.diffusion.engine.OpenMpThreads;
import org.tastemaker.reward.Rollouts;

class RewardNetworkTest {
  private static final int INPUTS = 3;

  @Test
  void theGradientByEveryParameterIsThatOfTheLoss() {
    PromptPerturbation colours =
        PromptPerturbation.replacing(List.of(List.of("red", "green", "blue")));
    JudgedGroup group =
        JudgedGroup.labelled(
            Prompt.of("a red cat"),
            List.of(Rollouts.grey(0), Rollouts.grey(0.5f), Rollouts.grey(1)),
            List.of(OptionalDouble.of(1), OptionalDouble.of(0), OptionalDouble.of(0)));
    for (RewardLoss loss :
        List.of(
            new BradleyTerryLoss(),
            PlackettLuceLoss.full(Tail.TIED),
            PlackettLuceLoss.topK(1, Tail.TIED),
            new PromptClassificationLoss(colours, PromptClassificationLoss.Options.defaults()))) {
      RewardLoss.Term term = loss.of(group).orElseThrow();
      ScoredTerm one = new ScoredTerm(rows(term.images().size(), 1), term.value());
      ScoredTerm other = new ScoredTerm(rows(term.images().size(), 2), term.value());
      double[][] rows = concat(one.rows(), other.rows());

      checkGradient(rows, EarlyStopping.mean(List.of(one, other)));
    }
  }

  private static void checkGradient(double[][] rows, RewardLoss.Value loss) {
    try (RewardNetwork network = random(Activation.TANH, 4, 2)) {
      double[] gradient = network.gradient(rows, loss);
      INDArray parameters = network.network().params();
      double h = 1e-5;
      for (int p = 0; p < gradient.length; p++) {
        double kept = parameters.getDouble(p);
        parameters.putScalar(p, kept + h);
        double up = value(network, rows, loss);
        parameters.putScalar(p, kept - h);
        double down = value(network, rows, loss);
        parameters.putScalar(p, kept);
        // h^2 = 1e-10 times third derivatives of order 10, and rounding 1e-15 / h
        assertThat(gradient[p]).isCloseTo((up - down) / (2 * h), within(1e-8));
      }
    }
  }

  @Test
  void aStepOfGradientDescentGoesAgainstTheGradient() {
    double[][] rows = rows(2, 1);
    RewardLoss.Value loss = twoImages();
    try (RewardNetwork network = random(Activation.TANH, 4)) {
      double[] before = network.network().params().dup().data().asDouble();
      double[] gradient = network.gradient(rows, loss);

      network.step(rows, loss);

      double[] after = network.network().params().dup().data().asDouble();
      for (int p = 0; p < before.length; p++) {
        // one multiplication and one subtraction in double
        assertThat(after[p]).isCloseTo(before[p] - 0.1 * gradient[p], within(1e-15));
      }
    }
  }

  @Test
  void aStepComputesWithOneOpenMpThreadWhateverTheCallersNumber() {
    int before = OpenMpThreads.number();
    List<Integer> seen = new ArrayList<>();
    RewardLoss.Value loss =
        (scores, gradient) -> {
          seen.add(OpenMpThreads.number());
          return 0;
        };
    try (RewardNetwork network = random(Activation.TANH, 4)) {
      OpenMpThreads.use(3);
      double unused = network.step(rows(2, 1), loss);
      assertThat(seen).containsExactly(1);
      assertThat(OpenMpThreads.number()).isEqualTo(3);
    } finally {
      OpenMpThreads.use(before);
    }
  }

  @Test
  void scoresDoNotDependOnWhatIsScoredWithThem() {
    double[][] rows = rows(600, 3);
    try (RewardNetwork network = random(Activation.RELU, 16)) {
      double[] together = network.scores(rows);

      assertThat(together).hasSize(600);
      for (int i : new int[] {0, 255, 256, 599}) {
        // sums of 16 products in another order
        assertThat(network.scores(new double[][] {rows[i]})[0])
            .isCloseTo(together[i], within(1e-13));
      }
    }
  }

  @Test
  void theSameSeedDrawsTheSameWeightsWhateverTheGlobalGenerator() {
    double[][] rows = rows(5, 3);
    Nd4j.getRandom().setSeed(5);
    try (RewardNetwork one = random(Activation.RELU, 16)) {
      Nd4j.getRandom().setSeed(6);
      try (RewardNetwork other = random(Activation.RELU, 16)) {
        assertThat(one.scores(rows)).isEqualTo(other.scores(rows));
      }
    }
  }

  @Test
  void aLinearRewardHasNoHiddenLayer() {
    try (RewardNetwork network = random(Activation.RELU)) {
      double[][] rows = {{1, 0, 0}, {0, 1, 0}, {1, 1, 0}, {0, 0, 0}};
      double[] s = network.scores(rows);

      assertThat(s[0] + s[1] - s[3]).isCloseTo(s[2], within(1e-14));
    }
  }

  @Test
  void aLossThatIsNotFiniteStopsAndSaysWhere() {
    try (RewardNetwork network = random(Activation.RELU, 4)) {
      network.step(rows(2, 1), twoImages());

      assertThatThrownBy(() -> network.step(rows(2, 1), (scores, gradient) -> Double.NaN))
          .isInstanceOf(DivergedException.class)
          .hasMessage(
              "training step 2: the loss is NaN, or its gradient is not finite; lower the learning"
                  + " rate");
    }
  }

  private static RewardLoss.Value twoImages() {
    return new BradleyTerryLoss()
        .of(
            JudgedGroup.compared(
                Prompt.of("cat"),
                List.of(Rollouts.grey(0), Rollouts.grey(1)),
                org.tastemaker.core.aggregate.Ballots.ofRankings(List.of(Ranking.of(1, 0)))))
        .orElseThrow()
        .value();
  }

  private static RewardNetwork random(Activation activation, Integer... hidden) {
    return RewardNetwork.random(INPUTS, List.of(hidden), activation, new Sgd(0.1), 0, Seed.of(4));
  }

  private static double value(RewardNetwork network, double[][] rows, RewardLoss.Value loss) {
    return loss.evaluate(network.scores(rows), new double[rows.length]);
  }

  private static double[][] rows(int count, long key) {
    double[][] rows = new double[count][INPUTS];
    float[] draws = new float[INPUTS];
    for (int i = 0; i < count; i++) {
      Seed.of(key).gaussian(i, draws);
      for (int f = 0; f < INPUTS; f++) {
        rows[i][f] = draws[f];
      }
    }
    return rows;
  }

  private static double[][] concat(double[][] one, double[][] other) {
    double[][] all = java.util.Arrays.copyOf(one, one.length + other.length);
    System.arraycopy(other, 0, all, one.length, other.length);
    return all;
  }
}
