package org.tastemaker.optim.zo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGenerator;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraGains;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.optim.OpenArrays;
import org.tastemaker.optim.zo.ZoRankSgd.Options;

class ParameterProblemTest {
  private static final Rubric RUBRIC = Rubric.of("red", "1", "the redder, the better");
  private static final List<Prompt> PROMPTS =
      List.of(Prompt.of("a red cat"), Prompt.of("a blue dog"), Prompt.of("a red dog"));
  private static final List<Seed> SEEDS = Seed.of(1).splits(3);
  private static final Options OPTIONS = Options.forLatents().withRadius(0.3);

  @SuppressWarnings("NullAway.Init") // set before each test
  private LatentDiffusion model;

  @SuppressWarnings("NullAway.Init") // set before each test
  private Lora lora;

  @SuppressWarnings("NullAway.Init") // set before each test
  private LatentDiffusion adapted;

  @BeforeEach
  void make() {
    model = SmallModel.create(Seed.of(1));
    lora =
        Lora.create(
            "taste",
            LoraNetwork.UNET,
            model.components().unet().parameters(),
            Lora.Options.defaults(),
            Seed.of(2));
    adapted = model.with(FunctionOptions.inference().withAdapter(lora));
  }

  @AfterEach
  void close() {
    lora.close();
    model.close();
  }

  private ParameterProblem problem(FeedbackOracle oracle) {
    return problem(SearchSpace.of(lora.parameters()), oracle);
  }

  private ParameterProblem problem(SearchSpace space, FeedbackOracle oracle) {
    return new ParameterProblem(adapted, space, PROMPTS, SEEDS, oracle, RUBRIC);
  }

  private static List<float[]> around(float[] point, int count) {
    List<float[]> candidates = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] candidate = new float[point.length];
      Seed.of(9).gaussian(i, candidate);
      for (int c = 0; c < candidate.length; c++) {
        candidate[c] = point[c] + 0.5f * candidate[c];
      }
      candidates.add(candidate);
    }
    return candidates;
  }

  private double redness() {
    return adapted.generate(PROMPTS, SEEDS).stream()
        .mapToDouble(ScoreOracle::redness)
        .average()
        .orElseThrow();
  }

  @Test
  void anAdapterIsMovedTowardWhatTheJudgePrefers() {
    ParameterProblem problem = problem(new ScoreOracle(ScoreOracle::redness));
    ZoRankSgd search = new ZoRankSgd(problem, problem.start(), OPTIONS, Seed.of(3));
    double before = redness();
    int moves = 0;
    for (int round = 0; round < 8; round++) {
      moves += search.step().skippedReason() == null ? 1 : 0;
    }
    assertThat(redness()).isEqualTo(before); // nothing is applied by the way
    problem.apply(search.point());

    assertThat(moves).isPositive();
    assertThat(redness()).isGreaterThan(before + 1e-3); // far above rounding
  }

  @Test
  void theGainsOfAnAdapterAreMovedTowardWhatTheJudgePrefers() {
    LoraGains gains = LoraGains.of(lora, model.components().unet().parameters(), Seed.of(4));
    ParameterProblem problem =
        problem(SearchSpace.of(gains), new ScoreOracle(ScoreOracle::redness));
    // The attention of a model that has not been trained says little: wide steps.
    Options wide =
        Options.forGains().withRadius(0.5).withStepSize(1).withStepDecay(0.5).withStepCandidates(2);
    ZoRankSgd search = new ZoRankSgd(problem, problem.start(), wide, Seed.of(3));
    double before = redness();
    for (int round = 0; round < 8; round++) {
      search.step();
    }
    problem.apply(search.point());

    assertThat(search.point()).hasSize(gains.layers().size());
    assertThat(gains.get()).containsExactly(search.point());
    assertThat(redness()).isGreaterThan(before + 1e-3); // far above rounding
  }

  @Test
  void noRoundLeavesAnArrayOpenThatItMade() {
    LoraGains gains = LoraGains.of(lora, model.components().unet().parameters(), Seed.of(4));
    ParameterProblem problem =
        problem(SearchSpace.of(gains), new ScoreOracle(ScoreOracle::redness));
    ZoRankSgd search = new ZoRankSgd(problem, problem.start(), Options.forGains(), Seed.of(3));
    for (int round = 0; round < 2; round++) {
      search.step(); // makes the graphs' arrays
    }
    OpenArrays open = new OpenArrays();
    long left = 0;
    for (int round = 0; round < 20; round++) {
      long before = open.count();
      search.step();
      problem.apply(search.point());
      left += Math.max(0, open.count() - before); // fewer where garbage was collected meanwhile
    }
    assertThat(left).isZero();
  }

  @Test
  void eachQuestionHasSeedsOfItsOwnAndHasThemAgain() {
    List<List<Seed>> asked = new ArrayList<>();
    ImageGenerator counting =
        (prompts, seeds) -> {
          asked.add(seeds);
          return adapted.generate(prompts, seeds);
        };
    ParameterProblem problem =
        new ParameterProblem(
            counting,
            SearchSpace.of(lora.parameters()),
            PROMPTS,
            Seed.of(5),
            new ScoreOracle(ScoreOracle::redness),
            RUBRIC);
    List<float[]> candidates = around(problem.start(), 4);
    problem.rank(candidates.subList(0, 2), 1);
    problem.rank(candidates.subList(2, 4), 1);
    problem.rank(candidates.subList(0, 2), 1);

    assertThat(asked).hasSize(6);
    assertThat(asked.get(0)).hasSize(3).doesNotHaveDuplicates().isEqualTo(asked.get(1));
    assertThat(asked.get(2)).isEqualTo(asked.get(3)).doesNotContainAnyElementsOf(asked.get(0));
    assertThat(asked.get(4)).isEqualTo(asked.get(0));
  }

  @Test
  void aQuestionShowsTheSamePromptAndSeedUnderEachCandidate() {
    ScoreOracle oracle = new ScoreOracle(ScoreOracle::redness);
    ParameterProblem problem = problem(oracle);
    List<float[]> candidates = around(problem.start(), 2);
    problem.rank(candidates, 1);

    assertThat(oracle.seen()).extracting(ImageGroup::prompt).isEqualTo(PROMPTS);
    for (int c = 0; c < 2; c++) {
      problem.apply(candidates.get(c));
      List<Image> images = adapted.generate(PROMPTS, SEEDS);
      for (int p = 0; p < 3; p++) {
        assertThat(oracle.seen().get(p).images().get(c)).isEqualTo(images.get(p));
      }
    }
  }

  @Test
  void theAnswersOfAllPromptsBecomeOneOrder() {
    FeedbackOracle oracle =
        (groups, rubric) ->
            List.of(
                Judgement.of(Ranking.of(2, 0, 1), "a"),
                Judgement.missing(3, "refused", "b", Usage.NONE),
                Judgement.of(Ranking.of(0, 2, 1), "c"));
    ParameterProblem problem = problem(oracle);

    assertThat(problem.rank(around(problem.start(), 3), 3).tiers())
        .containsExactly(List.of(0, 2), List.of(1));
  }

  @Test
  void theParametersAreAfterwardsWhatTheyWere() {
    ParameterProblem problem = problem(new ScoreOracle(ScoreOracle::redness));
    float[] before = problem.start();
    problem.rank(around(before, 3), 2);
    assertThat(problem.start()).isEqualTo(before);

    ImageGenerator broken =
        (prompts, seeds) -> {
          throw new IllegalStateException("out of memory");
        };
    ParameterProblem failing =
        new ParameterProblem(
            broken,
            SearchSpace.of(lora.parameters()),
            PROMPTS,
            SEEDS,
            new ScoreOracle(ScoreOracle::redness),
            RUBRIC);
    assertThatThrownBy(() -> failing.rank(around(before, 3), 2)).hasMessage("out of memory");
    assertThat(problem.start()).isEqualTo(before);
  }

  @Test
  void aGeneratorThatDoesNotReadTheParametersIsFoundOut() {
    ParameterProblem problem =
        new ParameterProblem(
            model, // without the adapter
            SearchSpace.of(lora.parameters()),
            PROMPTS,
            SEEDS,
            new ScoreOracle(ScoreOracle::redness),
            RUBRIC);

    assertThatThrownBy(() -> problem.rank(around(problem.start(), 3), 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("all 3 candidates make the same images")
        .hasMessageContaining("FunctionOptions.withAdapter");
  }

  @Test
  void badInputIsRefused() {
    FeedbackOracle oracle = new ScoreOracle(ScoreOracle::redness);
    assertThatThrownBy(
            () ->
                new ParameterProblem(
                    adapted,
                    SearchSpace.of(lora.parameters()),
                    PROMPTS,
                    Seed.of(1).splits(2),
                    oracle,
                    RUBRIC))
        .hasMessageContaining("there were 3 prompts and 2 seeds");
    assertThatThrownBy(() -> problem(oracle).apply(new float[3]))
        .hasMessageContaining("parameters, but the vector holds 3");
    assertThatThrownBy(
            () ->
                new ParameterProblem(
                    adapted,
                    SearchSpace.of(lora.parameters()),
                    List.of(),
                    Seed.of(1),
                    oracle,
                    RUBRIC))
        .hasMessageContaining("at least one prompt");
    ParameterProblem silent = problem((groups, rubric) -> List.of());
    assertThatThrownBy(() -> silent.rank(around(silent.start(), 2), 1))
        .hasMessage("the oracle must give one judgement for each of 3 groups, but gave 0");
  }
}
