package org.tastemaker.reward.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * The scores of given vectors. Those of an image and a text are a toy model's, which two
 * independent programs in double precision computed, with their cosine. {@code aesthetic.pth} and
 * its score of the vector 0, 1, .., 5 minus 2.3 are of this program of Python (PyTorch 1.13):
 *
 * <pre>
 * import collections, torch
 *
 * sizes, state = (6, 5, 4, 3, 2, 1), collections.OrderedDict()
 * u = torch.nn.functional.normalize(torch.arange(6, dtype=torch.float64).sub(2.3), dim=0)
 * for layer, n, m in zip((0, 2, 4, 6, 7), sizes, sizes[1:]):
 *     state[f"layers.{layer}.weight"] = torch.sin(torch.arange(n * m) * 1.7 + layer).view(m, n)
 *     state[f"layers.{layer}.bias"] = torch.cos(torch.arange(m) * 0.9 + layer)
 *     u = state[f"layers.{layer}.weight"].double() @ u + state[f"layers.{layer}.bias"].double()
 * torch.save(state, "aesthetic.pth")
 * print(u.item())
 * </pre>
 */
class ClipScoreTest {
  private static final float[] IMAGE = {.42108837f, -1.7084929f, -2.1695735f, -.5118661f};
  private static final float[] TEXT = {-.17772806f, 1.319836f, -1.707699f, 1.1196655f};
  private static final double COSINE = .11584931737995378;
  private static final double SCALE = Math.log(100);
  private static final float[] SIX = {-2.3f, -1.3f, -.3f, .7f, 1.7f, 2.7f};
  private static final double AESTHETIC = 2.09673083262302;
  private static final Offset<Double> FLOATS = within(1e-6); // the vectors are floats

  @TempDir Path folder;

  private static double score(ClipScore score, float[] image, float[]... texts) {
    return score.of(image, List.of(texts), SCALE, null);
  }

  @Test
  void clipScoreIsTheCosine() {
    assertThat(score(CosineScore.COSINE, IMAGE, TEXT)).isCloseTo(COSINE, FLOATS);
  }

  @Test
  void clipScoreOfTorchmetricsIsAHundredCosinesAndNotBelowZero() {
    float[] opposite = {.17772806f, -1.319836f, 1.707699f, -1.1196655f};
    double[] gradient = {1, 1, 1, 1};

    assertThat(score(CosineScore.TORCHMETRICS, IMAGE, TEXT)).isCloseTo(100 * COSINE, within(1e-4));
    assertThat(CosineScore.TORCHMETRICS.of(IMAGE, List.of(opposite), SCALE, gradient)).isZero();
    assertThat(gradient).containsOnly(0);
  }

  @Test
  void humanPreferenceScoreDoesNotTakeTheLogitScale() {
    for (HumanPreferenceScore version : HumanPreferenceScore.values()) {
      assertThat(score(version, IMAGE, TEXT)).isCloseTo(COSINE, FLOATS);
    }
    assertThat(HumanPreferenceScore.V2.title()).isNotEqualTo(HumanPreferenceScore.V2_1.title());
  }

  @Test
  void pickScoreTakesTheLogitScale() {
    assertThat(score(new PickScore(), IMAGE, TEXT)).isCloseTo(11.584931737995378, within(1e-4));
  }

  @Test
  void pickScoresOfTwoImagesAreAProbability() {
    assertThat(PickScore.probability(20, 20)).isEqualTo(0.5);
    assertThat(PickScore.probability(20 + Math.log(3), 20)).isCloseTo(0.75, within(1e-12));
    assertThat(PickScore.probability(-2000, 2000)).isZero(); // no overflow
    assertThat(PickScore.probability(2000, -2000)).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PickScore.probability(Double.NaN, 1))
        .withMessageContaining("finite");
  }

  @Test
  void clipIqaComparesATextWithItsOpposite() {
    ClipIqa quality = ClipIqa.named("quality");
    float[] other = {.3f, 1.1f, -1.9f, 1};
    double p = score(quality, IMAGE, TEXT, other);
    double first = Math.exp(100 * score(CosineScore.COSINE, IMAGE, TEXT));
    double second = Math.exp(100 * score(CosineScore.COSINE, IMAGE, other));

    assertThat(quality.texts("anything")).containsExactly("Good photo.", "Bad photo.");
    assertThat(p).isStrictlyBetween(1e-9, 1 - 1e-9).isCloseTo(first / (first + second), FLOATS);
    assertThat(p + score(quality, IMAGE, other, TEXT)).isCloseTo(1, FLOATS);
  }

  @Test
  void clipIqaHasSixteenPairsAndNamesThemWhereOneIsMissing() {
    assertThat(ClipIqa.names()).hasSize(16).contains("colorfullness", "beautiful", "relaxing");
    assertThat(ClipIqa.named("beautiful").texts(""))
        .containsExactly("Beautiful photo.", "Ugly photo.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClipIqa.named("nice"))
        .withMessageContaining("'nice'")
        .withMessageContaining("relaxing");
    assertThatIllegalArgumentException().isThrownBy(() -> new ClipIqa("mine", "Good.", " "));
  }

  @Test
  void thePublishedPredictorIsFoldedToOneVector() {
    AestheticScore predictor = AestheticScore.read(resource());

    assertThat(predictor.size()).isEqualTo(6);
    assertThat(score(predictor, SIX)).isCloseTo(AESTHETIC, FLOATS);
  }

  @Test
  void theAestheticScoreDoesNotDependOnTheLengthOfTheVector() {
    float[] twice = SIX.clone();
    for (int i = 0; i < twice.length; i++) {
      twice[i] *= 2;
    }
    assertThat(score(AestheticScore.read(resource()), twice)).isCloseTo(AESTHETIC, FLOATS);
  }

  @Test
  void aFoldedPredictorIsWrittenAndReadWithoutAChange() throws Exception {
    AestheticScore predictor = AestheticScore.read(resource());
    Path file = folder.resolve("folded.safetensors");
    predictor.save(file);

    assertThat(score(AestheticScore.read(file), SIX)).isEqualTo(score(predictor, SIX));
    assertThat(Files.size(file)).isLessThan(300);
  }

  @Test
  void aFileThatIsNoPredictorIsNamed() {
    Path file = folder.resolve("other.safetensors");
    new SafetensorsWriter().add("layers.0.weight", new float[6], DType.F32, 2, 3).write(file);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> AestheticScore.read(file))
        .withMessageContaining("other.safetensors is no aesthetic predictor")
        .withMessageContaining("layers.7.bias");
  }

  @Test
  void layersThatDoNotFitAreNamed() {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int layer : new int[] {0, 2, 4, 6, 7}) {
      int outputs = layer == 7 ? 1 : 2;
      writer.add("layers." + layer + ".weight", new float[3 * outputs], DType.F32, outputs, 3);
      writer.add("layers." + layer + ".bias", new float[1], DType.F32, 1);
    }
    Path file = folder.resolve("wrong.safetensors");
    writer.write(file);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> AestheticScore.read(file))
        .withMessageContaining("wrong.safetensors: layer 6 must have 3 outputs");
  }

  @Test
  void aPredictorThatIsNotFiniteIsRejected() {
    Path file = folder.resolve("nan.safetensors");
    new SafetensorsWriter()
        .add("weight", new float[] {1, Float.NaN}, DType.F32, 2)
        .add("bias", new float[1], DType.F32, 1)
        .write(file);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> AestheticScore.read(file))
        .withMessageContaining("finite");
  }

  @Test
  void aVectorOfAnotherModelIsRejected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> score(AestheticScore.read(resource()), IMAGE))
        .withMessageContaining("ViT-L/14");
    assertThatThrownBy(() -> score(CosineScore.COSINE, IMAGE, SIX))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4 and 6");
  }

  @TestFactory
  Stream<DynamicTest> gradientsAreThoseOfFiniteDifferences() {
    float[] other = {.3f, 1.1f, -1.9f, 1};
    return Stream.of(
            CosineScore.COSINE,
            CosineScore.TORCHMETRICS,
            HumanPreferenceScore.V2_1,
            new PickScore(),
            new ClipIqa("a pair", "this", "that"))
        .map(
            score ->
                DynamicTest.dynamicTest(
                    score.title(), () -> assertGradient(score, IMAGE, List.of(TEXT, other))));
  }

  @Test
  void theGradientOfTheAestheticScoreIsThatOfFiniteDifferences() {
    assertGradient(AestheticScore.read(resource()), SIX, List.of());
  }

  /** Central differences with a step that floats hold exactly. */
  private static void assertGradient(ClipScore score, float[] image, List<float[]> texts) {
    double[] gradient = new double[image.length];
    double value = score.of(image, texts, SCALE, gradient);
    assertThat(value).isEqualTo(score.of(image, texts, SCALE, null));
    float step = 1 / 1024f;
    for (int i = 0; i < image.length; i++) {
      float[] more = image.clone();
      float[] less = image.clone();
      more[i] += step;
      less[i] -= step;
      double difference =
          (score.of(more, texts, SCALE, null) - score.of(less, texts, SCALE, null))
              / ((double) more[i] - less[i]);
      // The second order of a step of 1e-3, times the factor of the score.
      assertThat(gradient[i]).isCloseTo(difference, within(2e-4 * Math.max(1, Math.abs(value))));
    }
  }

  private static Path resource() {
    try {
      return Path.of(
          Objects.requireNonNull(ClipScoreTest.class.getResource("aesthetic.pth")).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
