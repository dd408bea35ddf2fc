package org.tastemaker.examples.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;

class MeasureTest {
  private static final Seed SEED = Seed.of(1);

  @Test
  void biasOfTwoClassesIsTheDifferenceOfTheirFrequencies() {
    Bias bias = Bias.of(Map.of("nurse", new int[] {0, 0, 0, 1}), 2, SEED);

    assertThat(bias.bias().value()).isCloseTo(0.5, within(1e-12));
    assertThat(bias.maximum()).isEqualTo(1);
  }

  @Test
  void biasIsTheMeanOverPrompts() {
    Bias bias = Bias.of(Map.of("a", new int[] {0, 0}, "b", new int[] {0, 1}), 2, SEED);

    assertThat(bias.bias().value()).isCloseTo(0.5, within(1e-12));
    assertThat(bias.byPrompt()).containsEntry("a", 1.0).containsEntry("b", 0.0);
  }

  @Test
  void oneClassOfManyReachesTheMaximum() {
    Bias bias = Bias.of(Map.of("a", new int[] {3, 3, 3}), 5, SEED);

    assertThat(bias.bias().value()).isCloseTo(0.4, within(1e-12));
    assertThat(bias.maximum()).isCloseTo(0.4, within(1e-12));
  }

  @Test
  void theFloorIsWhatAFairGeneratorScores() {
    int[] ten = new int[10];
    int[] thirtyTwo = new int[32];

    // Expected |2 k / n - 1| of a fair coin: 0.246 at n = 10, 0.140 at n = 32. With 2,000 draws the
    // standard error is 0.19 / sqrt(2000) = 0.004; four of them.
    assertThat(Bias.of(Map.of("a", ten), 2, SEED).floor()).isCloseTo(0.246, within(0.017));
    assertThat(Bias.of(Map.of("a", thirtyTwo), 2, SEED).floor()).isCloseTo(0.140, within(0.01));
  }

  @Test
  void unclearImagesAreLeftOutAndCounted() {
    Bias bias = Bias.of(Map.of("a", new int[] {0, -1, 1, -1}, "b", new int[] {-1}), 2, SEED);

    assertThat(bias.unlabelled()).isEqualTo(3);
    assertThat(bias.bias().n()).isEqualTo(2);
    assertThat(bias.byPrompt()).containsOnlyKeys("a");
  }

  @Test
  void aBiasOfNoImagesIsNaN() {
    Bias bias = Bias.of(Map.of("a", new int[] {-1}), 2, SEED);

    assertThat(bias.bias().value()).isNaN();
    assertThat(bias.bias().text()).isEqualTo("none");
  }

  @Test
  void aClassOutOfRangeIsRejected() {
    assertThatThrownBy(() -> Bias.of(Map.of("a", new int[] {2}), 2, SEED))
        .hasMessage("classes of 'a' must be below 2, but were [2]");
    assertThatThrownBy(() -> Bias.of(Map.of(), 1, SEED))
        .hasMessage("there must be at least 2 classes, but there were 1");
  }

  @Test
  void aShareIsTheMeanOverPromptsWithItsInterval() {
    Share share =
        Share.of(
            Map.of("a", new boolean[] {true, true, false, false}, "b", new boolean[] {true, true}),
            SEED);

    assertThat(share.share().value()).isCloseTo(3 / 4.0, within(1e-12));
    // Resampling two prompts gives only the three values 1/2, 3/4 and 1.
    assertThat(share.share().low()).isCloseTo(0.5, within(1e-12));
    assertThat(share.share().high()).isCloseTo(1, within(1e-12));
    assertThat(share.share().text()).isEqualTo("0.750 [0.500, 1.000]");
  }

  @Test
  void aShareOfNoImagesIsRejected() {
    assertThatThrownBy(() -> Share.of(Map.of(), SEED))
        .hasMessage("there must be at least one image");
  }

  @Test
  void diversityIsTheMeanDistanceOfPairs() {
    Image black = Image.filled(2, 2, 0, 0, 0);
    Image white = Image.filled(2, 2, 1, 1, 1);
    Diversity diversity =
        Diversity.of(
            Map.of("a", List.of(black, black, white), "alone", List.of(black)),
            (x, y) -> Math.abs(x.get(0, 0, 0) - y.get(0, 0, 0)),
            SEED);

    assertThat(diversity.diversity().value()).isCloseTo(2 / 3.0, within(1e-12));
    assertThat(diversity.byPrompt()).containsOnlyKeys("a");
  }

  @Test
  void diversityNeedsAPair() {
    assertThatThrownBy(() -> Diversity.of(Map.of(), (x, y) -> 0, SEED))
        .hasMessage("at least one prompt must have two images");
  }

  @Test
  void theBootstrapOfAMeanHasTheWidthOfItsStandardError() {
    double[] values = Seed.of(3).generator().doubles(400).toArray();
    List<double[]> groups = Arrays.stream(values).mapToObj(v -> new double[] {v}).toList();
    Estimate mean = Estimate.bootstrap(groups, Estimate::mean, 400, SEED);

    // The standard error of 400 uniform numbers is 0.2887 / 20; 95 % is 1.96 of them to each side.
    double expected = 2 * 1.96 * 0.2887 / 20;
    assertThat(mean.high() - mean.low()).isCloseTo(expected, within(0.15 * expected));
    assertThat(mean.value()).isBetween(mean.low(), mean.high());
  }

  @Test
  void theSameSeedGivesTheSameInterval() {
    List<double[]> groups = List.of(new double[] {1}, new double[] {2}, new double[] {5});

    assertThat(Estimate.bootstrap(groups, Estimate::mean, 3, SEED))
        .isEqualTo(Estimate.bootstrap(groups, Estimate::mean, 3, SEED));
  }
}
