package org.tastemaker.examples.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Judge;
import org.tastemaker.feedback.Question;
import org.tastemaker.feedback.rubric.Rubrics;

class FaultsTest {
  private static final int DRAWS = 4000;

  /** Four standard errors of a share of so many draws. */
  private static final double CLOSE = 4 * 0.5 / Math.sqrt(DRAWS);

  private static final Image WORSE = Image.filled(2, 2, 0.2f, 0.2f, 0.2f);
  private static final Image BETTER = Image.filled(2, 2, 0.7f, 0.7f, 0.7f);

  private static double brightness(Image image, Prompt prompt) {
    return image.get(1, 0, 0);
  }

  /** How often the judge prefers what it is shown first, in so many independent draws. */
  private static double share(Faults faults, Image first, Image second) {
    Judge judge = faults.judge(FaultsTest::brightness, false, Seed.of(1));
    int won = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      won += best(judge, first, second, draw).equals(List.of(0)) ? 1 : 0;
    }
    return won / (double) DRAWS;
  }

  private static List<Integer> best(Judge judge, Image first, Image second, int draw) {
    Question question =
        Question.pair(Prompt.of("light"), first, second, Rubrics.consistency()).withSample(draw);
    return judge.ask(question).overall().order().tiers().get(0);
  }

  private static double sigma(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Test
  void noiseAndBiasAreThoseOfBradleyAndTerry() {
    Faults faults = new Faults(0.5, 0.3, 0, 0, 0);

    assertThat(share(faults, BETTER, WORSE)).isCloseTo(sigma((0.5 + 0.3) / 0.5), within(CLOSE));
    assertThat(share(faults, WORSE, BETTER)).isCloseTo(sigma((-0.5 + 0.3) / 0.5), within(CLOSE));
  }

  @Test
  void anAnswerIsTurnedRoundAtTheRate() {
    assertThat(share(new Faults(0, 0, 0, 0.3, 0), BETTER, WORSE)).isCloseTo(0.7, within(CLOSE));
  }

  @Test
  void aJudgeAskedInBothOrdersContradictsItselfTwiceTheRateTimesTheRest() {
    Judge judge = new Faults(0, 0, 0, 0.3, 0).judge(FaultsTest::brightness, false, Seed.of(1));

    int same = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
      boolean forward = best(judge, BETTER, WORSE, draw).equals(List.of(0));
      boolean backward = best(judge, WORSE, BETTER, draw).equals(List.of(1));
      same += forward == backward ? 1 : 0;
    }

    assertThat(1 - same / (double) DRAWS).isCloseTo(2 * 0.3 * 0.7, within(CLOSE));
  }

  @Test
  void scoresAndProbabilitiesAreTurnedRoundToo() {
    Judge judge = new Faults(0.5, 0, 0, 1, 0).judge(FaultsTest::brightness, true, Seed.of(1));
    Question pair = Question.pair(Prompt.of("light"), BETTER, WORSE, Rubrics.consistency());
    Question score =
        Question.score(
            new Question.Scale(0, 10), Prompt.of("light"), List.of(WORSE), Rubrics.consistency());
    Judge right = new Faults(0.5, 0, 0, 0, 0).judge(FaultsTest::brightness, true, Seed.of(1));

    assertThat(judge.ask(pair).overall().firstIsBetter().orElseThrow())
        .isCloseTo(sigma(-0.5 / 0.5), within(1e-6));
    assertThat(judge.ask(score).overall().scores().get(0).orElseThrow())
        .isEqualTo(10 - right.ask(score).overall().scores().get(0).orElseThrow());
  }

  @Test
  void differencesUpToTheThresholdTie() {
    Judge judge = new Faults(0, 0, 0.6, 0, 0).judge(FaultsTest::brightness, false, Seed.of(1));
    Judge sharper = new Faults(0, 0, 0.4, 0, 0).judge(FaultsTest::brightness, false, Seed.of(1));

    assertThat(best(judge, BETTER, WORSE, 0)).hasSize(2);
    assertThat(best(sharper, BETTER, WORSE, 0)).hasSize(1);
  }

  @Test
  void rednessIsAddedToTheTaste() {
    Image red = Image.filled(2, 2, 0.9f, 0.1f, 0.3f);

    assertThat(Faults.redness(red)).isCloseTo(0.9 - 0.2, within(1e-6));
    assertThat(Faults.redness(BETTER)).isCloseTo(0, within(1e-6));
    assertThat(
            new Faults(0, 0, 0, 0, 2)
                .taste(FaultsTest::brightness)
                .applyAsDouble(red, Prompt.of("light")))
        .isCloseTo(0.1 + 2 * 0.7, within(1e-6));
  }

  @Test
  void everyConditionHasAFileOfItsOwn() {
    List<String> ids = new ArrayList<>(Grid.judged().stream().map(Condition::id).toList());

    assertThat(ids).doesNotHaveDuplicates().hasSizeGreaterThan(100);
    assertThat(Grid.trained().stream().map(Condition::id)).doesNotHaveDuplicates();
  }
}
