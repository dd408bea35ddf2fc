package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.ImmutableDoubleArray;
import com.google.common.primitives.ImmutableIntArray;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ClipObjectiveTest {
  private static final double SCALE = Math.log(1 / 0.07);

  /** Two independent programs in double precision. */
  private static final Offset<Double> DOUBLE = within(1e-12);

  private static double[][] vectors(int count, int size, double a, double b) {
    double[][] vectors = new double[count][size];
    for (int k = 0; k < count; k++) {
      for (int i = 0; i < size; i++) {
        vectors[k][i] = Math.sin(a * (k * size + i) + b);
      }
    }
    return vectors;
  }

  private static double[][] images() {
    return vectors(3, 4, 0.7, 0.2);
  }

  private static double[][] texts() {
    return vectors(3, 4, 1.3, 0.5);
  }

  private static ChoiceLoss.Choice pair(int text, int first, int second, double y, double weight) {
    return new ChoiceLoss.Choice(
        text, ImmutableIntArray.of(first, second), ImmutableDoubleArray.of(y, 1 - y), weight);
  }

  private static ChoiceLoss.Choice chosen(int text, int image, int among) {
    double[] shares = new double[among];
    int[] all = new int[among];
    for (int i = 0; i < among; i++) {
      all[i] = i;
    }
    shares[image] = 1;
    return new ChoiceLoss.Choice(
        text, ImmutableIntArray.copyOf(all), ImmutableDoubleArray.copyOf(shares), 1);
  }

  private static double loss(
      ClipObjective objective, double[][] images, double[][] texts, double scale) {
    double[][] l = new ClipLogits(images, texts, scale).values();
    return objective.evaluate(l, new double[images.length][texts.length]);
  }

  /** The loss, its slope along s, and its gradients by an image and a text. */
  private static void check(
      ClipObjective objective,
      double loss,
      double byScale,
      double[] byImage1,
      int text,
      double[] byText) {
    ClipLogits logits = new ClipLogits(images(), texts(), SCALE);
    double[][] byLogits = new double[3][3];
    assertThat(objective.evaluate(logits.values(), byLogits)).isCloseTo(loss, DOUBLE);
    assertThat(logits.byScale(byLogits)).isCloseTo(byScale, DOUBLE);
    assertThat(logits.byImages(byLogits)[1]).containsExactly(byImage1, DOUBLE);
    assertThat(logits.byTexts(byLogits)[text]).containsExactly(byText, DOUBLE);
  }

  // ---- PyTorch 1.13 in float64, by cross_entropy and autograd

  @Test
  void contrastiveLossIsPytorchs() {
    check(
        new ContrastiveLoss(),
        6.53043112985246,
        6.3217345475724445,
        new double[] {
          2.1895982547617097, 1.25885236796291, -0.5510202940373314, 0.17969330199831557
        },
        2,
        new double[] {
          0.017402185194091337, 0.02726080886175015, 0.023252006330266372, 0.010654948834207499
        });
  }

  @Test
  void choiceOfOneOfThreeIsPytorchs() {
    check(
        new ChoiceLoss(List.of(chosen(2, 1, 3))),
        21.486126555106537,
        21.47486230539487,
        new double[] {
          5.771869923369273, 4.69543296248397, -0.8832330211121517, -0.8995292383123301
        },
        2,
        new double[] {4.9298533864306275, 8.08637153505082, 4.233530473271395, 5.58359968042679});
  }

  @Test
  void pairsWithATieAndWeightsAreThoseOfPickScoresProgramInPytorch() {
    check(
        new ChoiceLoss(List.of(pair(0, 0, 1, 1, 1.0 / 2), pair(1, 1, 2, 0.5, 1.0 / 3))),
        4.045847171396944,
        4.0303318267409525,
        new double[] {
          2.2624555584752497, 3.0084834172785984, 0.1366355799461214, -1.5173103486141566
        },
        0,
        new double[] {
          -0.33106014515298937, -4.628020925743143, -6.423265938036524, -5.183668353219132
        });
  }

  // ---- Finite differences

  /**
   * Of every number of the vectors and of the scale. With h = 1e-5 the third derivative is off by
   * 1e-10 times itself, which the scale of 14 makes large, and rounding by 1e-15 / 1e-5.
   */
  private static void checkDifferences(ClipObjective objective) {
    double h = 1e-5;
    Offset<Double> bound = within(1e-6);
    double[][] images = images();
    double[][] texts = texts();
    ClipLogits logits = new ClipLogits(images, texts, SCALE);
    double[][] byLogits = new double[3][3];
    double unused = objective.evaluate(logits.values(), byLogits);
    double slope =
        (loss(objective, images, texts, SCALE + h) - loss(objective, images, texts, SCALE - h))
            / (2 * h);
    assertThat(logits.byScale(byLogits)).isCloseTo(slope, bound);
    double[][][] gradients = {logits.byImages(byLogits), logits.byTexts(byLogits)};
    double[][][] vectors = {images, texts};
    for (int side = 0; side < 2; side++) {
      for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 4; i++) {
          double kept = vectors[side][k][i];
          vectors[side][k][i] = kept + h;
          double above = loss(objective, images, texts, SCALE);
          vectors[side][k][i] = kept - h;
          double below = loss(objective, images, texts, SCALE);
          vectors[side][k][i] = kept;
          assertThat(gradients[side][k][i]).isCloseTo((above - below) / (2 * h), bound);
        }
      }
    }
  }

  @Test
  void contrastiveGradientIsTheLosssSlope() {
    checkDifferences(new ContrastiveLoss());
  }

  @Test
  void choicesGradientIsTheLosssSlope() {
    checkDifferences(
        new ChoiceLoss(
            List.of(
                pair(0, 0, 1, 1, 2),
                pair(1, 2, 1, 0.5, 1),
                pair(1, 0, 2, 0.3, 1),
                chosen(2, 1, 3))));
  }

  // ---- Cases with a known answer

  @Test
  void equalLogitsCostTheLogarithmOfTheNumberToChooseFrom() {
    double[][] equal = new double[7][7];
    assertThat(new ContrastiveLoss().evaluate(equal, new double[7][7]))
        .isCloseTo(Math.log(7), DOUBLE);
    assertThat(new ChoiceLoss(List.of(chosen(0, 2, 5))).evaluate(equal, new double[7][7]))
        .isCloseTo(Math.log(5), DOUBLE);
    assertThat(new ChoiceLoss(List.of(pair(0, 0, 1, 0, 1))).evaluate(equal, new double[7][7]))
        .isCloseTo(Math.log(2), DOUBLE);
  }

  @Test
  void tieOfEqualScoresCostsNothingAndMovesNothing() {
    double[][] gradient = new double[2][1];
    double loss =
        new ChoiceLoss(List.of(pair(0, 0, 1, 0.5, 1)))
            .evaluate(new double[][] {{3}, {3}}, gradient);
    assertThat(loss).isCloseTo(0, DOUBLE);
    assertThat(gradient).isDeepEqualTo(new double[][] {{0}, {0}});
  }

  @Test
  void choiceThatIsSureCostsNothing() {
    double[][] logits = {{1000}, {-1000}};
    assertThat(new ChoiceLoss(List.of(pair(0, 0, 1, 1, 1))).evaluate(logits, new double[2][1]))
        .isZero();
    assertThat(new ChoiceLoss(List.of(pair(0, 1, 0, 1, 1))).evaluate(logits, new double[2][1]))
        .isCloseTo(2000, DOUBLE);
  }

  @Test
  void imagesOutsideOfAChoiceGetNoGradient() {
    double[][] gradient = new double[3][2];
    double unused =
        new ChoiceLoss(List.of(pair(1, 0, 2, 1, 1)))
            .evaluate(new double[][] {{1, 2}, {3, 4}, {5, 6}}, gradient);
    assertThat(gradient[1]).containsExactly(0, 0);
    assertThat(gradient[0][0]).isZero();
    assertThat(gradient[0][1]).isNegative();
    assertThat(gradient[2][1]).isPositive();
  }

  // ---- Bad input

  @Test
  void contrastiveLossNeedsATextForEachImage() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ContrastiveLoss().check(3, 2))
        .withMessageContaining("3 images and 2 texts");
    assertThatIllegalArgumentException().isThrownBy(() -> new ContrastiveLoss().check(1, 1));
  }

  @Test
  void sharesThatAreNoDistributionAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pair(0, 0, 1, 1.5, 1))
        .withMessageContaining("sum to 1")
        .withMessageContaining("1.5");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new ChoiceLoss.Choice(
                    0, ImmutableIntArray.of(0, 1), ImmutableDoubleArray.of(1, 1), 1))
        .withMessageContaining("sum to 1");
  }

  @Test
  void choiceOfOneImageIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> chosen(0, 0, 1))
        .withMessageContaining("at least 2 images");
  }

  @Test
  void weightsMustBePositive() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pair(0, 0, 1, 1, 0))
        .withMessageContaining("weight");
  }

  @Test
  void imagesThatTheBatchHasNotAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ChoiceLoss(List.of(pair(0, 1, 3, 1, 1))).check(3, 1))
        .withMessageContaining("[1, 3]")
        .withMessageContaining("3 images and 1 texts");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ChoiceLoss(List.of(pair(1, 0, 2, 1, 1))).check(3, 1));
  }

  @Test
  void noChoiceIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ChoiceLoss(List.of()))
        .withMessageContaining("at least one choice");
  }
}
