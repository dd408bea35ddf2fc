package org.tastemaker.examples.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.core.Usage;
import org.tastemaker.core.page.Plot;
import org.tastemaker.examples.emoji.BundledModel;
import org.tastemaker.examples.emoji.EmojiReport;
import org.tastemaker.examples.emoji.GlyphJudge;
import org.tastemaker.examples.measure.Bias;
import org.tastemaker.examples.measure.Diversity;
import org.tastemaker.examples.measure.Estimate;
import org.tastemaker.examples.measure.Share;

class ReportValuesTest {
  private static final Seed SEED = Seed.of(1);
  private static final List<Image> THREE =
      List.of(
          Image.filled(2, 2, 1, 0, 0), Image.filled(2, 2, 0, 1, 0), Image.filled(2, 2, 0, 0, 1));

  @Test
  void theHeadlineIsTheMeanOfPairedDifferences() {
    Headline headline =
        Headline.paired(
            "reward",
            Map.of("a", new double[] {0, 1}, "b", new double[] {2, 3}),
            Map.of("a", new double[] {1, 2}, "b", new double[] {5, 6}),
            SEED);

    assertThat(headline.before()).isEqualTo(1.5);
    assertThat(headline.after()).isEqualTo(3.5);
    // Differences are 1 in prompt a and 3 in b: resampled prompts give means of 1, 2 or 3, and
    // the outer two come up in a quarter of the resamples each.
    assertThat(headline.change()).isEqualTo(new Estimate(2, 1, 3, 4));
    assertThat(headline.missing()).isZero();
    assertThat(headline.verdict()).contains("excludes 0: it rose");
  }

  @Test
  void pairsWithoutAValueAreLeftOutAndCounted() {
    Headline headline =
        Headline.paired(
            "reward",
            Map.of("a", new double[] {0, Double.NaN}, "b", new double[] {2, 100}),
            Map.of("a", new double[] {1, 2}, "b", new double[] {3, Double.NaN}),
            SEED);

    assertThat(headline.before()).isEqualTo(1);
    assertThat(headline.after()).isEqualTo(2);
    assertThat(headline.change().n()).isEqualTo(2);
    assertThat(headline.missing()).isEqualTo(2);
  }

  @Test
  void aSinglePromptHasNoInterval() {
    Headline headline =
        Headline.paired(
            "reward", Map.of("a", new double[] {0, 0}), Map.of("a", new double[] {1, 1}), SEED);

    assertThat(headline.change().value()).isEqualTo(1);
    assertThat(headline.change().low()).isNaN();
    assertThat(headline.verdict()).contains("There is no interval");
  }

  @Test
  void noPairsGiveNoNumbers() {
    Headline headline = Headline.paired("reward", Map.of(), Map.of(), SEED);

    assertThat(headline.before()).isNaN();
    assertThat(headline.change().value()).isNaN();
  }

  @Test
  void pairsMustBeOfTheSamePromptsAndSeeds() {
    Map<String, double[]> one = Map.of("a", new double[1]);

    assertThatThrownBy(() -> Headline.paired("reward", one, Map.of("b", new double[1]), SEED))
        .hasMessage("before and after must be of the same prompts, but were of [a] and [b]");
    assertThatThrownBy(() -> Headline.paired("reward", one, Map.of("a", new double[2]), SEED))
        .hasMessage(
            "before and after must be of the same seeds, but prompt 'a' has 1 values before and 2"
                + " after");
  }

  @Test
  void changesOfTheEmojiModelArePairedByPrompt() {
    EmojiReport before =
        emoji(
            Map.of("a", new boolean[] {false, false}, "b", new boolean[] {false, true}),
            Map.of("nurse", new int[] {0, 0}, "pilot", new int[] {1, 1}, "gone", new int[] {1}));
    EmojiReport after =
        emoji(
            Map.of("a", new boolean[] {true, true}, "b", new boolean[] {true, true}),
            Map.of("nurse", new int[] {0, 1}, "pilot", new int[] {1, 1}, "gone", new int[] {-1}));

    List<Measurement> rows = Measurement.of(before, after, SEED);

    assertThat(rows)
        .extracting(Measurement::name)
        .containsExactly(
            "consistency", "gender bias", "skin tone bias", "harm", "diversity", "unclear images");
    Measurement consistency = rows.get(0);
    assertThat(consistency.before().value()).isEqualTo(0.25);
    assertThat(consistency.after().value()).isEqualTo(1);
    // Prompt a rose by 1 and b by 0.5; a mean of two resampled prompts lies between.
    assertThat(consistency.change().value()).isEqualTo(0.75);
    assertThat(consistency.change().low()).isEqualTo(0.5);
    assertThat(consistency.change().high()).isEqualTo(1);
    assertThat(consistency.verdict()).isEqualTo("better");
    // 'gone' has no class afterwards: nurse fell by 1, pilot by 0.
    Measurement gender = rows.get(1);
    assertThat(gender.change().value()).isCloseTo(-0.5, within(1e-12));
    assertThat(gender.verdict()).isEqualTo("no clear change");
    assertThat(gender.note()).contains("left out: 0 before, 1 after");
    assertThat(rows.get(3).better()).isEqualTo(Measurement.Better.LOWER);
    assertThat(rows.get(4).better()).isEqualTo(Measurement.Better.HIGHER);
    assertThat(rows.get(5).before().value()).isEqualTo(0.5);
  }

  @Test
  void theChangeOfEveryRowIsAfterMinusBefore() {
    Random random = new Random(1);
    for (int times = 0; times < 40; times++) {
      List<Measurement> rows = Measurement.of(random(random), random(random), SEED);
      assertThat(rows).hasSize(6);
      for (Measurement row : rows) {
        double difference = row.after().value() - row.before().value();
        if (Double.isNaN(row.change().value())) {
          assertThat(difference).as(row.name()).isNaN();
        } else {
          assertThat(row.change().value()).as(row.name()).isCloseTo(difference, within(1e-12));
        }
      }
    }
  }

  /** Prompts with unequal numbers of images, some of which have no label. */
  private static EmojiReport random(Random random) {
    Map<String, boolean[]> right = new TreeMap<>();
    Map<String, boolean[]> unclear = new TreeMap<>();
    Map<String, int[]> classes = new TreeMap<>();
    Map<String, List<Image>> images = new TreeMap<>();
    for (String prompt : List.of("a", "b", "c", "d")) {
      int n = 1 + random.nextInt(5);
      boolean[] flags = new boolean[n];
      boolean[] others = new boolean[n];
      int[] labels = new int[n];
      List<Image> made = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        flags[i] = random.nextBoolean();
        others[i] = random.nextBoolean();
        labels[i] = random.nextInt(3) - 1;
        made.add(THREE.get(random.nextInt(3)));
      }
      right.put(prompt, flags);
      unclear.put(prompt, others);
      classes.put(prompt, labels);
      images.put(prompt, made);
    }
    images.put("two", THREE);
    return new EmojiReport(
        Share.of(right, SEED),
        Bias.of(classes, 2, SEED),
        Bias.of(classes, 5, SEED),
        Share.of(right, SEED),
        Diversity.of(images, (a, b) -> a.equals(b) ? 0 : 1, SEED),
        Share.of(unclear, SEED),
        Map.of());
  }

  @Test
  void aRowWhoseChangeIsSomethingElseIsRefused() {
    Estimate half = new Estimate(0.5, 0.4, 0.6, 8);
    Estimate none = new Estimate(Double.NaN, Double.NaN, Double.NaN, 0);
    assertThatThrownBy(
            () -> new Measurement("harm", Measurement.Better.LOWER, half, half, half, ""))
        .hasMessage(
            "the change of 'harm' must be after minus before, of the same prompts with the same"
                + " weights, but 0.5 - 0.5 is not 0.5");
    assertThatThrownBy(() -> new Headline("score", 0.167, 0.137, half, 0))
        .hasMessageContaining("the change of 'score' must be after minus before");
    assertThat(new Measurement("harm", Measurement.Better.LOWER, none, half, none, "").verdict())
        .isEqualTo("not known");
  }

  @Test
  void imagesAreShownInTheOrderTheJudgeSawThem() {
    Judgement judgement =
        Judgement.of(Ranking.of(0, 1, 2), "j").withProvenance(Map.of("shown", "2,0,1"));

    JudgedGroup group = JudgedGroup.of(new ImageGroup(Prompt.of("p"), THREE), judgement);

    assertThat(group.asShown()).isTrue();
    assertThat(group.images()).containsExactly(THREE.get(2), THREE.get(0), THREE.get(1));
    // Item 0 is the best, and was shown second: image B.
    assertThat(group.order()).isEqualTo("B, C, A");
  }

  @Test
  void imagesAskedAboutInSeveralOrdersAreNumbered() {
    for (String shown : List.of("2,0,1;0,1,2", "0,1;1,2", "0,1", "0,0,1", "0,1,7", "")) {
      Judgement judgement =
          Judgement.of(Ranking.of(2, 0, 1), "j").withProvenance(Map.of("shown", shown));

      JudgedGroup group = JudgedGroup.of(new ImageGroup(Prompt.of("p"), THREE), judgement);

      assertThat(group.asShown()).isFalse();
      assertThat(group.images()).isEqualTo(THREE);
      assertThat(group.order()).isEqualTo("3, 1, 2");
    }
  }

  @Test
  void aMissingJudgementKeepsItsReason() {
    JudgedGroup group =
        JudgedGroup.of(
            new ImageGroup(Prompt.of("p"), THREE),
            Judgement.missing(3, "refused", "j", Usage.NONE));

    assertThat(group.missingReason()).isEqualTo("refused");
    assertThat(group.ranking().isEmpty()).isTrue();
  }

  @Test
  void imagesBeyondZHaveTwoLetters() {
    List<Image> many = java.util.Collections.nCopies(28, THREE.get(0));
    JudgedGroup group = new JudgedGroup("p", many, Ranking.topK(28, 0), "", "j", null, true);

    assertThat(group.name(25)).isEqualTo("Z");
    assertThat(group.name(26)).isEqualTo("AA");
    assertThat(group.name(27)).isEqualTo("AB");
  }

  @Test
  void aJudgedGroupMustFitItsRanking() {
    assertThatThrownBy(() -> new JudgedGroup("p", THREE, Ranking.of(1, 0), "", "j", null, true))
        .hasMessage("the ranking of 'p' must be of its 3 images, but is of 2");
    assertThatThrownBy(() -> new JudgedGroup("p", THREE, Ranking.none(3), "", "j", null, true))
        .hasMessageContaining("either a ranking or a reason");
  }

  @Test
  void badCurvesAreRejected() {
    double[] two = {0, 1};
    assertThatThrownBy(() -> Plot.Curve.of("c", two, new double[1]))
        .hasMessageContaining("has 2 x values and must have as many of y");
    assertThatThrownBy(() -> Plot.Curve.of("c", new double[] {1, 0}, two))
        .hasMessage("the x values of curve 'c' must ascend, but value 1 is 0.0 after 1.0");
    assertThatThrownBy(() -> Plot.Curve.of("c", new double[0], new double[0]))
        .hasMessage("curve 'c' needs at least one point");
    assertThatThrownBy(() -> Plot.Curve.of("c", new double[] {Double.NaN}, new double[1]))
        .hasMessage("a point's x must be finite, but was NaN");
    Plot.Curve curve = Plot.Curve.of("c", two, two);
    assertThatThrownBy(() -> new Plot("p", "x", List.of(curve, curve)))
        .hasMessage("the curves of plot 'p' need different names, but there are two 'c'");
  }

  private static EmojiReport emoji(Map<String, boolean[]> right, Map<String, int[]> genders) {
    GlyphJudge.Label clear =
        new GlyphJudge.Label(BundledModel.glyphs().glyphs().get(0), 0, 1, true);
    GlyphJudge.Label unclear =
        new GlyphJudge.Label(BundledModel.glyphs().glyphs().get(0), 1, 0.1, false);
    return new EmojiReport(
        Share.of(right, SEED),
        Bias.of(genders, 2, SEED),
        Bias.of(new TreeMap<>(genders), 5, SEED),
        Share.of(right, SEED),
        Diversity.of(Map.of("a", THREE), (a, b) -> a.equals(b) ? 0 : 1, SEED),
        Share.of(Map.of("a", new boolean[] {false, true}), SEED),
        Map.of(
            "a",
            List.of(
                new EmojiReport.Labelled(THREE.get(0), clear),
                new EmojiReport.Labelled(THREE.get(1), unclear))));
  }
}
