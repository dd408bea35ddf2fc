package org.tastemaker.optim.zo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.Usage;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.optim.zo.ZoRankSgd.Options;

class LatentProblemTest {
  private static final Prompt CAT = Prompt.of("a red cat");
  private static final Rubric RUBRIC = Rubric.of("red", "1", "the redder, the better");

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static LatentDiffusion model;

  @BeforeAll
  static void make() {
    model = SmallModel.create(Seed.of(1));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static ZoRankSgd search(LatentProblem problem) {
    return new ZoRankSgd(problem, problem.start(Seed.of(2)), Options.forLatents(), Seed.of(3));
  }

  @Test
  void theStartIsTheImageThatTheModelMakesOfTheSeed() {
    LatentProblem problem =
        new LatentProblem(model, CAT, new ScoreOracle(ScoreOracle::redness), RUBRIC);

    assertThat(problem.image(problem.start(Seed.of(2))))
        .isEqualTo(
            model
                .with(model.options().withBatchSize(1))
                .generate(List.of(CAT), List.of(Seed.of(2)))
                .get(0));
  }

  @Test
  void theImageComesToPleaseTheJudge() {
    ScoreOracle oracle = new ScoreOracle(ScoreOracle::redness);
    LatentProblem problem = new LatentProblem(model, CAT, oracle, RUBRIC);
    ZoRankSgd search = search(problem);
    double before = ScoreOracle.redness(problem.image(search.point()));
    for (int round = 0; round < 10; round++) {
      search.step();
    }
    double after = ScoreOracle.redness(problem.image(search.point()));

    // What ten rounds gain beside how images of random seeds differ.
    double[] others =
        model.generate(Collections.nCopies(50, CAT), Seed.of(4)).stream()
            .mapToDouble(ScoreOracle::redness)
            .toArray();
    double mean = Arrays.stream(others).average().orElseThrow();
    double deviation =
        Math.sqrt(Arrays.stream(others).map(o -> (o - mean) * (o - mean)).average().orElseThrow());
    assertThat(after).isGreaterThan(before + deviation);
    assertThat(oracle.seen()).allSatisfy(group -> assertThat(group.prompt()).isEqualTo(CAT));
    assertThat(oracle.seen()).hasSize(20).allMatch(group -> group.size() == 6);
  }

  @Test
  void aMissingJudgementMovesNothing() {
    FeedbackOracle absent =
        (groups, rubric) ->
            List.of(Judgement.missing(groups.get(0).size(), "refused", "nobody", Usage.NONE));
    LatentProblem problem = new LatentProblem(model, CAT, absent, RUBRIC);
    ZoRankSgd search = search(problem);
    StepReport report = search.step();

    assertThat(report.skippedReason()).isEqualTo("there is no answer about the probes");
    assertThat(Objects.requireNonNull(report.metrics().get("unanswered"))).isEqualTo(1);
    assertThat(search.point()).isEqualTo(problem.start(Seed.of(2)));
  }

  @Test
  void aSearchGoesOnFromAFolder(@TempDir Path folder) {
    LatentProblem problem =
        new LatentProblem(model, CAT, new ScoreOracle(ScoreOracle::redness), RUBRIC);
    ZoRankSgd whole = search(problem);
    ZoRankSgd stopped = search(problem);
    whole.step();
    stopped.step();
    stopped.save(folder);
    ZoRankSgd resumed = search(problem);
    resumed.restore(folder);
    for (int round = 0; round < 3; round++) {
      assertThat(resumed.step()).isEqualTo(whole.step());
    }
    assertThat(resumed.point()).isEqualTo(whole.point());
  }

  @Test
  void aSamplerThatDrawsNoiseAndOtherBadInputAreRefused() {
    FeedbackOracle oracle = new ScoreOracle(ScoreOracle::redness);
    LatentProblem random =
        new LatentProblem(model.with(model.options().withEta(1)), CAT, oracle, RUBRIC);
    assertThatThrownBy(() -> search(random).step())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("draws noise");

    LatentProblem problem = new LatentProblem(model, CAT, oracle, RUBRIC);
    assertThatThrownBy(() -> problem.rank(List.of(new float[3]), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a candidate must hold 64 numbers, for latents of")
        .hasMessageContaining("but holds 3");

    LatentProblem silent = new LatentProblem(model, CAT, (groups, rubric) -> List.of(), RUBRIC);
    assertThatThrownBy(() -> silent.rank(List.of(silent.start(Seed.of(1))), 1))
        .hasMessage("the oracle must give one judgement for one group, but gave 0");
  }

  @Test
  void aPartialJudgementIsUsedForWhatItSays() {
    FeedbackOracle twoOnly =
        (groups, rubric) ->
            List.of(
                Judgement.of(
                    Ranking.ofTiers(groups.get(0).size(), List.of(List.of(1), List.of(3))), "two"));
    LatentProblem problem = new LatentProblem(model, CAT, twoOnly, RUBRIC);
    Image first = problem.image(problem.start(Seed.of(5)));
    assertThat(first.width()).isEqualTo(8);
    assertThat(problem.rank(Collections.nCopies(4, problem.start(Seed.of(5))), 3).missing())
        .containsExactly(0, 2);
  }
}
