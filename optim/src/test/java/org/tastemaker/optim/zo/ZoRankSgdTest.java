package org.tastemaker.optim.zo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.optim.zo.ZoRankSgd.Options;

class ZoRankSgdTest {
  private static final Options OPTIONS = Options.defaults();
  private static final RankingProblem QUADRATIC = RankingProblem.minimizing(ZoRankSgdTest::squares);

  private static double squares(float[] x) {
    double sum = 0;
    for (float value : x) {
      sum += (double) value * value;
    }
    return sum;
  }

  private static float[] normal(int dimension, long seed) {
    float[] x = new float[dimension];
    Seed.of(seed).gaussian(0, x);
    return x;
  }

  /** Keeps the questions and answers with another problem, or as told. */
  private static final class Recorded implements RankingProblem {
    final List<List<float[]>> questions = new ArrayList<>();
    final RankingProblem answers;

    Recorded(RankingProblem answers) {
      this.answers = answers;
    }

    @Override
    public Ranking rank(List<float[]> candidates, int best) {
      questions.add(candidates.stream().map(float[]::clone).toList());
      return answers.rank(candidates, best);
    }
  }

  private static double metric(StepReport report, String name) {
    return Objects.requireNonNull(report.metrics().get(name));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 10})
  void descendsOnAQuadratic(int best) {
    float[] start = normal(20, 1);
    ZoRankSgd search =
        new ZoRankSgd(QUADRATIC, start, OPTIONS.with(o -> o.probes(10).best(best)), Seed.of(2));
    double before = squares(start);
    for (int round = 0; round < 200; round++) {
      search.step();
      double after = squares(search.point());
      assertThat(after).isLessThanOrEqualTo(before); // x is among the candidates
      before = after;
    }
    // Seeded: it ends below 1e-5 of the start with each k; a random walk would not leave 20.
    assertThat(before).isLessThan(1e-3 * squares(start));
  }

  @ParameterizedTest
  @EnumSource(RankWeights.class)
  void theDirectionIsTheMeanOverTheEdges(RankWeights weights) {
    Recorded problem = new Recorded(QUADRATIC);
    float[] x = normal(7, 3);
    new ZoRankSgd(
            problem, x, OPTIONS.with(o -> o.probes(6).best(3)).withWeights(weights), Seed.of(4))
        .step();

    List<float[]> probes = problem.questions.get(0);
    int[] order = QUADRATIC.rank(probes, 3).permutation();
    double[] expected = new double[7]; // 1/|E| sum over (i, j) of (x_i - x_j)/mu
    for (int r = 0; r < 3; r++) {
      for (int s = r + 1; s < 6; s++) {
        for (int c = 0; c < 7; c++) {
          expected[c] += (probes.get(order[r])[c] - probes.get(order[s])[c]) / 1e-3 / 12;
        }
      }
      for (int c = 0; c < 7 && weights == RankWeights.PUBLISHED_CODE; c++) {
        expected[c] += (probes.get(order[r])[c] - x[c]) / 1e-3 / 12; // one more for each ranked
      }
    }
    float[] first = problem.questions.get(1).get(0);
    for (int c = 0; c < 7; c++) {
      // Float differences of numbers near 1, over a radius of 1e-3: 1e-7 / 1e-3 / 12 * 15.
      assertThat((first[c] - x[c]) / 0.3).isCloseTo(expected[c], within(1e-3));
    }
  }

  @Test
  void onALinearFunctionTheDirectionPointsDownhillAsFarAsTheTheorySays() {
    // For f = <g, x> with |g| = 1 and all m ranked, -<g, d> is the mean over all pairs of
    // |<g, xi_i> - <g, xi_j>|, whose expectation is that of |N(0, 2)|: 2 / sqrt(pi).
    RankingProblem linear = RankingProblem.minimizing(x -> x[0]);
    double sum = 0;
    int repeats = 2000;
    for (int i = 0; i < repeats; i++) {
      Recorded problem = new Recorded(linear);
      float[] x = new float[5];
      new ZoRankSgd(problem, x, OPTIONS.with(o -> o.probes(8).best(8)), Seed.of(i)).step();
      sum -= problem.questions.get(1).get(0)[0] / 0.3;
    }
    // One estimate deviates by about 0.35, the mean of 2,000 by 0.008: this is four times that.
    assertThat(sum / repeats).isCloseTo(2 / Math.sqrt(Math.PI), within(0.032));
  }

  @Test
  void theLineSearchShowsShrinkingStepsTheBestProbeAndWhereItStands() {
    Recorded problem = new Recorded(QUADRATIC);
    float[] x = normal(3, 5);
    new ZoRankSgd(
            problem,
            x,
            OPTIONS.withStepSize(0.8).withStepDecay(0.5).withStepCandidates(3),
            Seed.of(6))
        .step();

    List<float[]> probes = problem.questions.get(0);
    List<float[]> candidates = problem.questions.get(1);
    assertThat(candidates).hasSize(5);
    assertThat(candidates.get(3))
        .isEqualTo(probes.get(QUADRATIC.rank(probes, 1).tiers().get(0).get(0)));
    assertThat(candidates.get(4)).isEqualTo(x);
    for (int c = 0; c < 3; c++) {
      double whole = candidates.get(0)[c] - x[c];
      // Float rounding of numbers near 1.
      assertThat(candidates.get(1)[c] - x[c]).isCloseTo((float) (whole / 2), within(1e-6f));
      assertThat(candidates.get(2)[c] - x[c]).isCloseTo((float) (whole / 4), within(1e-6f));
    }
  }

  @Test
  void directionsAreAveragedUntilAStepSucceedsAndThenForgotten() {
    int[] asked = {0};
    // Probes by their first coordinate; the current point is best, except in round 4.
    Recorded problem =
        new Recorded(
            (candidates, best) -> {
              asked[0]++;
              if (asked[0] % 2 == 1) {
                return RankingProblem.minimizing(x -> x[0]).rank(candidates, best);
              }
              return Ranking.topK(candidates.size(), asked[0] == 8 ? 0 : candidates.size() - 1);
            });
    ZoRankSgd search = new ZoRankSgd(problem, new float[4], OPTIONS, Seed.of(7));

    double[] sum = new double[4];
    for (int round = 1; round <= 4; round++) {
      StepReport report = search.step();
      assertThat(metric(report, "averagedDirections")).isEqualTo(round);
      assertThat(report.skippedReason() == null).isEqualTo(round == 4);
      float[] fresh = ownDirection(problem.questions.get(2 * round - 2), round);
      for (int c = 0; c < 4; c++) {
        sum[c] += fresh[c];
        assertThat(problem.questions.get(2 * round - 1).get(0)[c] / 0.3)
            .isCloseTo(sum[c] / round, within(1e-5)); // float rounding of numbers near 1
      }
    }
    assertThat(metric(search.step(), "averagedDirections")).isEqualTo(1);
  }

  /** The direction of one round of the test above, by an independent search at the same point. */
  private static float[] ownDirection(List<float[]> probes, int round) {
    assertThat(probes).hasSize(10);
    float[] direction = new float[4];
    float[] xi = new float[4];
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Seed.of(7).split(round - 1).gaussian(i, xi);
      all.add(xi.clone());
    }
    all.sort((a, b) -> Float.compare(a[0], b[0]));
    for (int r = 0; r < 10; r++) {
      for (int c = 0; c < 4; c++) {
        direction[c] += (9 - 2 * r) * all.get(r)[c] / 45;
      }
    }
    return direction;
  }

  @Test
  void aJudgeWhoIsOftenWrongStillLeadsDownhill() {
    // Values of typical probes deviate by 0.9 at first (2 * radius * sqrt(20)); the judge by 0.5.
    RandomGenerator noise = Seed.of(8).generator();
    RankingProblem noisy = RankingProblem.minimizing(x -> squares(x) + noise.nextGaussian() * 0.5);
    float[] start = normal(20, 9);
    ZoRankSgd search =
        new ZoRankSgd(
            noisy,
            start,
            OPTIONS.withRadius(0.1).withStepSize(0.3).withStepDecay(0.5).withStepCandidates(4),
            Seed.of(10));
    for (int round = 0; round < 100; round++) {
      search.step();
    }
    // Seeded: from about 20 down to about the noise itself.
    assertThat(squares(search.point())).isLessThan(0.15 * squares(start));
  }

  @Test
  void tiesMoveOnlyWhereThereIsAClearWinner() {
    // A judge who sees values in steps of 2 alone.
    RankingProblem coarse = RankingProblem.minimizing(x -> Math.floor(squares(x) / 2));
    float[] start = normal(20, 11);
    ZoRankSgd search = new ZoRankSgd(coarse, start, OPTIONS.withRadius(0.3), Seed.of(12));
    for (int round = 0; round < 150; round++) {
      search.step();
    }
    assertThat(squares(search.point())).isLessThan(8); // a few of the judge's steps, from about 20
  }

  @Test
  void aJudgeWhoSeesNoDifferenceMovesNothingAndIsCounted() {
    float[] start = normal(5, 13);
    ZoRankSgd search =
        new ZoRankSgd(RankingProblem.minimizing(x -> 1), start, OPTIONS, Seed.of(14));
    search.step();
    StepReport report = search.step();

    assertThat(search.point()).isEqualTo(start);
    assertThat(report.skippedReason()).isEqualTo("the answer about the probes has no preference");
    assertThat(metric(report, "undecided")).isEqualTo(2);
    assertThat(metric(report, "unanswered")).isZero();
    assertThat(metric(report, "evaluations")).isEqualTo(20);
  }

  @Test
  void whereTheSearchIsTiedWithTheBestItStays() {
    Recorded problem =
        new Recorded(
            (candidates, best) ->
                candidates.size() == 10
                    ? Ranking.topK(10, 4)
                    : Ranking.ofTiers(7, List.of(List.of(0, 6), List.of(1, 2, 3, 4, 5))));
    ZoRankSgd search = new ZoRankSgd(problem, new float[3], OPTIONS, Seed.of(1));

    assertThat(search.step().skippedReason()).isEqualTo("no step is better than the current point");
    assertThat(search.point()).containsExactly(0, 0, 0);
  }

  @Test
  void whereNothingIsKnownOfTheCurrentPointItStays() {
    RankingProblem problem =
        (candidates, best) ->
            candidates.size() == 10
                ? Ranking.topK(10, 4)
                : Ranking.ofTiers(7, List.of(List.of(0), List.of(1, 2)));
    ZoRankSgd search = new ZoRankSgd(problem, new float[3], OPTIONS, Seed.of(1));

    assertThat(search.step().skippedReason())
        .isEqualTo("the answer about the steps has no preference");
    assertThat(search.point()).containsExactly(0, 0, 0);
  }

  @Test
  void aMissingAnswerIsCountedAndLosesNoDirection() {
    int[] asked = {0};
    // Probes are answered in rounds 1 and 3, the steps never.
    RankingProblem problem =
        (candidates, best) -> {
          asked[0]++;
          return candidates.size() == 10 && asked[0] != 3
              ? QUADRATIC.rank(candidates, best)
              : Ranking.none(candidates.size());
        };
    ZoRankSgd search = new ZoRankSgd(problem, normal(4, 15), OPTIONS, Seed.of(16));

    StepReport first = search.step(); // probes, steps without answer
    StepReport second = search.step(); // probes without answer: no second question
    StepReport third = search.step();

    assertThat(first.skippedReason()).isEqualTo("there is no answer about the steps");
    assertThat(second.skippedReason()).isEqualTo("there is no answer about the probes");
    assertThat(metric(second, "averagedDirections")).isEqualTo(1);
    assertThat(asked[0]).isEqualTo(5);
    assertThat(metric(third, "averagedDirections")).isEqualTo(2);
    assertThat(metric(third, "unanswered")).isEqualTo(3);
    assertThat(search.point()).isEqualTo(normal(4, 15));
  }

  @Test
  void aJudgeWhoAnswersHalfTheTimeStillLeadsDownhill() {
    RandomGenerator coin = Seed.of(17).generator();
    RankingProblem moody =
        (candidates, best) ->
            coin.nextBoolean() ? QUADRATIC.rank(candidates, best) : Ranking.none(candidates.size());
    float[] start = normal(10, 18);
    ZoRankSgd search = new ZoRankSgd(moody, start, OPTIONS, Seed.of(19));
    for (int round = 0; round < 200; round++) {
      search.step();
    }
    // Seeded: a quarter of the rounds are whole, which is 50 of them.
    assertThat(squares(search.point())).isLessThan(0.05 * squares(start));
  }

  @Test
  void aFailureLeavesTheRoundOpenAndTheSameQuestionIsAskedAgain() {
    int[] asked = {0};
    Recorded problem =
        new Recorded(
            (candidates, best) -> {
              asked[0]++;
              if (asked[0] == 1 || asked[0] == 3) {
                throw new IllegalStateException("no credit");
              }
              return QUADRATIC.rank(candidates, best);
            });
    ZoRankSgd broken = new ZoRankSgd(problem, normal(4, 20), OPTIONS, Seed.of(21));
    assertThatThrownBy(broken::step).hasMessage("no credit"); // the probes
    assertThatThrownBy(broken::step).hasMessage("no credit"); // the steps
    StepReport report = broken.step();

    assertThat(report.step()).isEqualTo(1);
    assertThat(problem.questions.get(1))
        .usingRecursiveComparison()
        .isEqualTo(problem.questions.get(0));
    assertThat(problem.questions.get(3))
        .usingRecursiveComparison()
        .isEqualTo(problem.questions.get(2));
    ZoRankSgd whole = new ZoRankSgd(QUADRATIC, normal(4, 20), OPTIONS, Seed.of(21));
    assertThat(whole.step()).isEqualTo(report);
    assertThat(whole.point()).isEqualTo(broken.point());
  }

  @Test
  void aSearchThatWasStoppedGoesOnBitForBit(@TempDir Path folder) {
    // Noisy enough that several rounds are averaged at the time of the save.
    RankingProblem stubborn =
        RankingProblem.minimizing(x -> squares(x) + Math.sin(1e4 * x[0]) * 0.5);
    Options options = OPTIONS.with(o -> o.probes(6).best(2));
    ZoRankSgd whole = new ZoRankSgd(stubborn, normal(8, 22), options, Seed.of(23));
    ZoRankSgd stopped = new ZoRankSgd(stubborn, normal(8, 22), options, Seed.of(23));
    for (int round = 0; round < 31; round++) {
      whole.step();
      stopped.step();
    }
    stopped.save(folder);
    ZoRankSgd resumed = new ZoRankSgd(stubborn, new float[8], options, Seed.of(23));
    resumed.restore(folder);

    assertThat(resumed.rounds()).isEqualTo(31);
    List<StepReport> expected = new ArrayList<>();
    List<StepReport> found = new ArrayList<>();
    for (int round = 0; round < 20; round++) {
      expected.add(whole.step());
      found.add(resumed.step());
    }
    assertThat(found).isEqualTo(expected);
    assertThat(resumed.point()).isEqualTo(whole.point());
    assertThat(expected).anyMatch(report -> metric(report, "averagedDirections") > 1);
  }

  @Test
  void aSearchThatWasStoppedBetweenItsQuestionsGoesOnBitForBit(@TempDir Path folder) {
    int[] asked = {0};
    RankingProblem failing =
        (candidates, best) -> {
          if (++asked[0] == 6) {
            throw new IllegalStateException("no credit");
          }
          return QUADRATIC.rank(candidates, best);
        };
    ZoRankSgd stopped = new ZoRankSgd(failing, normal(8, 24), OPTIONS, Seed.of(25));
    ZoRankSgd whole = new ZoRankSgd(QUADRATIC, normal(8, 24), OPTIONS, Seed.of(25));
    for (int round = 0; round < 2; round++) {
      stopped.step();
      whole.step();
    }
    assertThatThrownBy(stopped::step).hasMessage("no credit");
    stopped.save(folder);
    Recorded rest = new Recorded(QUADRATIC);
    ZoRankSgd resumed = new ZoRankSgd(rest, new float[8], OPTIONS, Seed.of(25));
    resumed.restore(folder);

    assertThat(resumed.step()).isEqualTo(whole.step());
    assertThat(resumed.point()).isEqualTo(whole.point());
    assertThat(rest.questions).hasSize(1); // the probes were paid for
  }

  @Test
  void aStateOfAnotherSearchOrADamagedOneIsRefused(@TempDir Path folder) throws IOException {
    ZoRankSgd search = new ZoRankSgd(QUADRATIC, normal(4, 26), OPTIONS, Seed.of(27));
    assertThatThrownBy(() -> search.restore(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it has no zo-rank-sgd.safetensors");
    search.step();
    search.save(folder);

    assertThatThrownBy(
            () -> new ZoRankSgd(QUADRATIC, new float[4], OPTIONS, Seed.of(1)).restore(folder))
        .hasMessageContaining("is of another search: seed is 27 there and 1 now");
    assertThatThrownBy(
            () ->
                new ZoRankSgd(QUADRATIC, new float[4], OPTIONS.withStepDecay(0.7), Seed.of(27))
                    .restore(folder))
        .hasMessageContaining("is of another search: stepDecay is ")
        .hasMessageContaining(" there and 0.7 now");
    assertThat(
            new ZoRankSgd(QUADRATIC, new float[4], OPTIONS.withStepSize(0.01), Seed.of(27))
                .restore(folder))
        .singleElement()
        .asString()
        .endsWith(" there and 0.01 now");
    assertThatThrownBy(
            () -> new ZoRankSgd(QUADRATIC, new float[5], OPTIONS, Seed.of(27)).restore(folder))
        .hasMessageContaining("its point has 4 elements, but this search has 5");
    Path file = folder.resolve("zo-rank-sgd.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 3));
    float[] before = search.point();
    assertThatThrownBy(() -> search.restore(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is damaged");
    assertThat(search.point()).isEqualTo(before);
  }

  @Test
  void badOptionsAreRefused() {
    assertThatThrownBy(() -> OPTIONS.with(o -> o.probes(1).best(1)))
        .hasMessage("probes must be at least 2, but was 1");
    assertThatThrownBy(() -> OPTIONS.with(o -> o.probes(5).best(6)))
        .hasMessage("best must be in [1, probes] = [1, 5], but was 6");
    assertThatThrownBy(() -> OPTIONS.with(o -> o.probes(5).best(0)))
        .hasMessageContaining("but was 0");
    assertThatThrownBy(() -> OPTIONS.withRadius(0))
        .hasMessage("radius must be above 0 and finite, but was 0.0");
    assertThatThrownBy(() -> OPTIONS.withRadius(Double.NaN)).hasMessageContaining("but was NaN");
    assertThatThrownBy(() -> OPTIONS.withStepSize(-1).withStepDecay(0.5).withStepCandidates(1))
        .hasMessage("stepSize must be above 0 and finite, but was -1.0");
    assertThatThrownBy(() -> OPTIONS.withStepSize(1).withStepDecay(1).withStepCandidates(1))
        .hasMessage("stepDecay must be in (0, 1), but was 1.0");
    assertThatThrownBy(() -> OPTIONS.withStepSize(1).withStepDecay(0.5).withStepCandidates(0))
        .hasMessage("stepCandidates must be at least 1, but was 0");
  }

  @Test
  void aBadStartIsRefused() {
    assertThatThrownBy(() -> new ZoRankSgd(QUADRATIC, new float[0], OPTIONS, Seed.of(1)))
        .hasMessage("the start must hold at least one number, but is empty");
    assertThatThrownBy(
            () -> new ZoRankSgd(QUADRATIC, new float[] {1, Float.NaN}, OPTIONS, Seed.of(1)))
        .hasMessage("the start must be finite, but its element 1 is NaN");
  }

  @Test
  void aRankingOfAnotherNumberOfItemsIsRefused() {
    ZoRankSgd search =
        new ZoRankSgd((candidates, best) -> Ranking.of(0, 1), new float[3], OPTIONS, Seed.of(1));

    assertThatThrownBy(search::step)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "round 1: the answer must be a ranking of the 10 candidates, but is one of 2 items");
  }

  @Test
  void aCandidateOutOfRangeIsNotShown() {
    ZoRankSgd search =
        new ZoRankSgd(
            QUADRATIC,
            normal(3, 28),
            OPTIONS.withStepSize(1e39).withStepDecay(0.1).withStepCandidates(2),
            Seed.of(1));

    assertThatThrownBy(search::step)
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("round 1: a candidate holds")
        .hasMessageContaining("lower stepSize (1.0E39)");
    assertThat(search.point()).isEqualTo(normal(3, 28));
  }

  @Test
  void whereAFunctionIsNotANumberNothingIsKnown() {
    RankingProblem problem = RankingProblem.minimizing(x -> Math.sqrt(x[0]));

    assertThat(problem.rank(List.of(new float[] {4}, new float[] {-1}, new float[] {1}), 3))
        .isEqualTo(Ranking.ofTiers(3, List.of(List.of(2), List.of(0))));
  }
}
