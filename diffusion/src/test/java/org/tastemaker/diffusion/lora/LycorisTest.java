package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.diffusion.lora.LycorisFormulas.scaled;
import static org.tastemaker.diffusion.lora.LycorisFormulas.times;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.lora.LycorisFormulas.Element;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * LyCORIS' and DoRA's files against their formulas. Each layer has 6 outputs and 4 inputs; the
 * weights are near 1 and rounded by 6e-8, a few times over.
 */
class LycorisTest {
  private static final double BOUND = 1e-6;
  private static final double WEIGHT = 0.7;

  private static final String LINEAR = "down_blocks.0.attentions.0.proj_in";
  private static final String CONV = "down_blocks.0.resnets.0.conv1";
  private static final String NORM = "down_blocks.0.resnets.0.norm1";
  private static final String TWICE = "down_blocks.0.attentions.0.proj_out";
  private static final LycorisFormulas LINEAR_SIZE = new LycorisFormulas(6, 4, 1);
  private static final LycorisFormulas CONV_SIZE = new LycorisFormulas(6, 4, 9);

  @TempDir Path folder;
  private Path path;
  private Parameters base;
  private SafetensorsWriter writer;

  @BeforeEach
  void network() {
    path = folder.resolve("lycoris.safetensors");
    base = NamedNetworks.unet(1, 1);
    writer = new SafetensorsWriter();
  }

  @AfterEach
  void close() {
    base.close();
  }

  // ---- Files and their effect

  private static String kohya(String layer) {
    return "lora_unet_" + layer.replace('.', '_');
  }

  private float[] tensor(String name, long... shape) {
    float[] values = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    LoraFixtures.SEED.split(name).gaussian(0, values);
    writer.add(name, values, DType.F32, shape);
    return values;
  }

  private float[] magnitude(String name, int length, long... shape) {
    float[] values = new float[length];
    LoraFixtures.SEED.split(name).gaussian(0, values);
    for (int i = 0; i < length; i++) {
      values[i] = 2 + 0.3f * values[i];
    }
    writer.add(name, values, DType.F32, shape);
    return values;
  }

  private void alpha(String layer, float alpha) {
    writer.add(kohya(layer) + ".alpha", new float[] {alpha}, DType.F32);
  }

  private Map<LoraNetwork, Parameters> networks() {
    return Map.of(LoraNetwork.UNET, base);
  }

  private Lora read() {
    return requireNonNull(LoraFile.read(path, "read", networks()).get(LoraNetwork.UNET));
  }

  private double[] numbers(String parameter) {
    try (INDArray copy = base.torchLayout(parameter, base.get(parameter)).dup('c')) {
      return copy.data().asDouble();
    }
  }

  private double[] weight(String layer) {
    return numbers(layer + ".weight");
  }

  /** Reads the file and expects its effect with a weight; and again of what is written of it. */
  private void expect(String parameter, double[] delta) {
    writer.write(path);
    try (Lora lora = read()) {
      expect(lora, parameter, delta);
      LoraFile.write(path, List.of(lora), LoraFile.Options.kohya().withDtype(DType.F32));
    }
    try (Lora again = read()) {
      expect(again, parameter, delta);
    }
  }

  private void expect(Lora lora, String parameter, double[] delta) {
    double[] before = numbers(parameter);
    lora.mergeInto(base, WEIGHT);
    assertThat(error(numbers(parameter), before, delta, WEIGHT)).isLessThan(BOUND);
    lora.unmerge();
    assertThat(error(numbers(parameter), before, delta, 0)).isLessThan(BOUND);
  }

  /** How far from before + weight delta, beside the size of delta. */
  private static double error(double[] found, double[] before, double[] delta, double weight) {
    assertThat(found).hasSameSizeAs(delta);
    double error = 0;
    double size = 0;
    for (int i = 0; i < found.length; i++) {
      error += Math.pow(found[i] - before[i] - weight * delta[i], 2);
      size += delta[i] * delta[i];
    }
    assertThat(size).isPositive();
    return Math.sqrt(error / size);
  }

  // ---- LoCon

  @Test
  void aMiddleBecomesPartOfTheLowRankPair() {
    float[] down = tensor(kohya(CONV) + ".lora_down.weight", 3, 4, 1, 1);
    float[] mid = tensor(kohya(CONV) + ".lora_mid.weight", 3, 3, 3, 3);
    float[] up = tensor(kohya(CONV) + ".lora_up.weight", 6, 3, 1, 1);
    alpha(CONV, 2);
    float[] turned = new float[18];
    for (int i = 0; i < 18; i++) {
      turned[i % 3 * 6 + i / 3] = up[i];
    }
    expect(
        CONV + ".weight", CONV_SIZE.all(scaled(CONV_SIZE.tucker(mid, turned, down, 3), 2 / 3.0)));
    try (Lora lora = read()) {
      assertThat(lora.modules()).containsOnlyKeys(CONV);
      assertThat(lora.mergedOnly()).isEmpty();
      assertThat(lora.trainable()).isNotNull();
    }
  }

  // ---- LoHa

  @Test
  void lohaOfALinearLayer() {
    Element first = hada(LINEAR, LINEAR_SIZE, "w1");
    Element second = hada(LINEAR, LINEAR_SIZE, "w2");
    alpha(LINEAR, 1);
    expect(LINEAR + ".weight", LINEAR_SIZE.all(scaled(times(first, second), 1 / 3.0)));
  }

  @Test
  void lohaOfAConvolution() {
    Element first = hada(CONV, CONV_SIZE, "w1");
    Element second = hada(CONV, CONV_SIZE, "w2");
    alpha(CONV, 6);
    expect(CONV + ".weight", CONV_SIZE.all(scaled(times(first, second), 2)));
  }

  private Element hada(String layer, LycorisFormulas size, String half) {
    String name = kohya(layer) + ".hada_" + half;
    float[] up = tensor(name + "_a", size.out(), 3);
    float[] down = tensor(name + "_b", 3, (long) size.in() * size.places());
    return size.product(up, down, 3);
  }

  @Test
  void lohaWithMiddles() {
    Element[] halves = new Element[2];
    for (int i = 1; i <= 2; i++) {
      float[] mid = tensor(kohya(CONV) + ".hada_t" + i, 3, 3, 3, 3);
      float[] up = tensor(kohya(CONV) + ".hada_w" + i + "_a", 3, 6);
      float[] down = tensor(kohya(CONV) + ".hada_w" + i + "_b", 3, 4);
      halves[i - 1] = CONV_SIZE.tucker(mid, up, down, 3);
    }
    expect(CONV + ".weight", CONV_SIZE.all(times(halves[0], halves[1]))); // alpha is the rank
  }

  // ---- LoKr

  @Test
  void lokrOfWholeMatricesIsNotScaled() {
    float[] left = tensor(kohya(LINEAR) + ".lokr_w1", 2, 2);
    float[] right = tensor(kohya(LINEAR) + ".lokr_w2", 3, 2);
    alpha(LINEAR, 1e10f); // what LyCORIS writes for a "full dimension"
    LycorisFormulas small = new LycorisFormulas(3, 2, 1);
    expect(
        LINEAR + ".weight",
        LINEAR_SIZE.all(LINEAR_SIZE.kronecker(left, 2, 2, small, small.all(right))));
  }

  @Test
  void lokrOfTwoProducts() {
    float[] left = tensor(kohya(LINEAR) + ".lokr_w1_a", 2, 3);
    float[] left2 = tensor(kohya(LINEAR) + ".lokr_w1_b", 3, 4);
    float[] right = tensor(kohya(LINEAR) + ".lokr_w2_a", 3, 3);
    float[] right2 = tensor(kohya(LINEAR) + ".lokr_w2_b", 3, 1);
    alpha(LINEAR, 1.5f);
    LycorisFormulas large = new LycorisFormulas(2, 4, 1);
    LycorisFormulas small = new LycorisFormulas(3, 1, 1);
    float[] product = floats(large.all(large.product(left, left2, 3)));
    expect(
        LINEAR + ".weight",
        LINEAR_SIZE.all(
            scaled(
                LINEAR_SIZE.kronecker(product, 2, 4, small, small.product(right, right2, 3)),
                0.5)));
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void lokrOfAConvolution(boolean flat) {
    float[] left = tensor(kohya(CONV) + ".lokr_w1", 3, 2);
    float[] right = tensor(kohya(CONV) + ".lokr_w2_a", 2, 2);
    float[] right2 =
        flat
            ? tensor(kohya(CONV) + ".lokr_w2_b", 2, 18)
            : tensor(kohya(CONV) + ".lokr_w2_b", 2, 2, 3, 3);
    alpha(CONV, 1);
    LycorisFormulas small = new LycorisFormulas(2, 2, 9);
    expect(
        CONV + ".weight",
        CONV_SIZE.all(
            scaled(CONV_SIZE.kronecker(left, 3, 2, small, small.product(right, right2, 2)), 0.5)));
  }

  @Test
  void lokrOfAConvolutionWithAWholeSecondMatrixAndOneWithAMiddle() {
    LycorisFormulas small = new LycorisFormulas(2, 2, 9);
    float[] left = tensor(kohya(CONV) + ".lokr_w1", 3, 2);
    float[] right = tensor(kohya(CONV) + ".lokr_w2", 2, 2, 3, 3);
    expect(
        CONV + ".weight", CONV_SIZE.all(CONV_SIZE.kronecker(left, 3, 2, small, small.all(right))));

    writer = new SafetensorsWriter();
    float[] mid = tensor(kohya(CONV) + ".lokr_t2", 4, 4, 3, 3);
    float[] up = tensor(kohya(CONV) + ".lokr_w2_a", 4, 2);
    float[] down = tensor(kohya(CONV) + ".lokr_w2_b", 4, 2);
    writer.add(kohya(CONV) + ".lokr_w1", left, DType.F32, 3, 2);
    alpha(CONV, 1);
    expect(
        CONV + ".weight",
        CONV_SIZE.all(
            scaled(CONV_SIZE.kronecker(left, 3, 2, small, small.tucker(mid, up, down, 4)), 0.25)));
  }

  // ---- DoRA

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lora_unet_%s.dora_scale 6 1",
        "lora_unet_%s.dora_scale 6",
        "unet.%s.lora_magnitude_vector 6",
        "base_model.model.%s.lora_magnitude_vector.default.weight 6",
        "unet.%s.lora_magnitude_vector.weight 6"
      })
  void doraOfALinearLayerInEverySpelling(String spelling) {
    float[] down = tensor("unet." + LINEAR + ".lora_A.weight", 3, 4);
    float[] up = tensor("unet." + LINEAR + ".lora_B.weight", 6, 3);
    String[] words = spelling.split(" ");
    String layer = words[0].startsWith("lora_unet") ? LINEAR.replace('.', '_') : LINEAR;
    float[] magnitude =
        magnitude(
            words[0].formatted(layer),
            6,
            Arrays.stream(words).skip(1).mapToLong(Long::parseLong).toArray());
    alpha(LINEAR, 2);
    expect(
        LINEAR + ".weight",
        LINEAR_SIZE.dora(
            weight(LINEAR), scaled(LINEAR_SIZE.product(up, down, 3), 2 / 3.0), magnitude, true));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void doraOfAConvolutionByOutputs(boolean peft) {
    float[] down = tensor(kohya(CONV) + ".lora_down.weight", 3, 4, 3, 3);
    float[] up = tensor(kohya(CONV) + ".lora_up.weight", 6, 3, 1, 1);
    float[] magnitude =
        peft
            ? magnitude("unet." + CONV + ".lora_magnitude_vector", 6, 1, 6, 1, 1)
            : magnitude(kohya(CONV) + ".dora_scale", 6, 6, 1, 1, 1);
    expect(
        CONV + ".weight",
        CONV_SIZE.dora(weight(CONV), CONV_SIZE.product(up, down, 3), magnitude, true));
  }

  @Test
  void doraByInputsAsTheFirstVersionsOfLycorisHadIt() {
    float[] down = tensor(kohya(CONV) + ".lora_down.weight", 3, 4, 3, 3);
    float[] up = tensor(kohya(CONV) + ".lora_up.weight", 6, 3, 1, 1);
    float[] magnitude = magnitude(kohya(CONV) + ".dora_scale", 4, 1, 4, 1, 1);
    expect(
        CONV + ".weight",
        CONV_SIZE.dora(weight(CONV), CONV_SIZE.product(up, down, 3), magnitude, false));
  }

  @Test
  void doraOfLohaAndWithAMiddle() {
    Element first = hada(LINEAR, LINEAR_SIZE, "w1");
    Element second = hada(LINEAR, LINEAR_SIZE, "w2");
    float[] magnitude = magnitude(kohya(LINEAR) + ".dora_scale", 6, 6, 1);
    expect(
        LINEAR + ".weight",
        LINEAR_SIZE.dora(weight(LINEAR), times(first, second), magnitude, true));

    writer = new SafetensorsWriter();
    float[] down = tensor(kohya(CONV) + ".lora_down.weight", 1, 4, 1, 1);
    float[] mid = tensor(kohya(CONV) + ".lora_mid.weight", 1, 1, 3, 3);
    float[] up = tensor(kohya(CONV) + ".lora_up.weight", 6, 1, 1, 1);
    float[] lengths = magnitude(kohya(CONV) + ".dora_scale", 6, 6, 1, 1, 1);
    expect(
        CONV + ".weight",
        CONV_SIZE.dora(weight(CONV), CONV_SIZE.tucker(mid, up, down, 1), lengths, true));
  }

  @Test
  void aRowWithoutDirectionChangesNothing() {
    double[] weight = weight(LINEAR);
    writer.add(kohya(LINEAR) + ".diff", negative(weight), DType.F32, 6, 4);
    magnitude(kohya(LINEAR) + ".dora_scale", 6, 6, 1);
    writer.write(path);
    try (Lora lora = read()) {
      assertThatThrownBy(() -> lora.mergeInto(base, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("row or column 0 of the changed weight is 0");
      assertThat(weight(LINEAR)).containsExactly(weight);
      assertThat(lora.isMerged()).isFalse();
    }
  }

  private static float[] negative(double[] values) {
    return floats(Arrays.stream(values).map(value -> -value).toArray());
  }

  // ---- Whole differences

  @Test
  void differencesOfWeightsAndBiases() {
    float[] diff = tensor(kohya(CONV) + ".diff", 6, 4, 3, 3);
    float[] bias = tensor(kohya(CONV) + ".diff_b", 6);
    float[] scale = tensor(kohya(NORM) + ".w_norm", 6);
    float[] shift = tensor(kohya(NORM) + ".b_norm", 6);
    expect(CONV + ".weight", doubles(diff));
    expect(CONV + ".bias", doubles(bias));
    expect(NORM + ".weight", doubles(scale));
    expect(NORM + ".bias", doubles(shift));
    try (Lora lora = read()) {
      assertThat(lora.mergedOnly()).containsOnlyKeys(CONV, NORM).containsValue("difference");
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  @Test
  void aBiasMayChangeBesideALowRankPair() {
    tensor(kohya(LINEAR) + ".lora_down.weight", 3, 4);
    tensor(kohya(LINEAR) + ".lora_up.weight", 6, 3);
    float[] bias = tensor(kohya(LINEAR) + ".diff_b", 6);
    expect(LINEAR + ".bias", doubles(bias));
  }

  // ---- What such a LoRA cannot do

  @Test
  void whatIsNoLowRankPairActsMergedAloneAndIsNotTrained() {
    hada(LINEAR, LINEAR_SIZE, "w1");
    hada(LINEAR, LINEAR_SIZE, "w2");
    writer.write(path);
    try (Lora lora = read()) {
      assertThat(lora.mergedOnly()).containsExactly(Map.entry(LINEAR, "LoHa"));
      assertThatThrownBy(lora::trainable)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("1 layers that are no low-rank pairs, such as \"" + LINEAR)
          .hasMessageContaining("they cannot be trained further");
      assertThatThrownBy(() -> new LoraDropout(lora, 0.1, LoraFixtures.SEED))
          .hasMessageContaining("they cannot be trained further");
      assertThatThrownBy(() -> LoraFile.write(path, List.of(lora), LoraFile.Options.diffusers()))
          .hasMessageContaining("has no place for them; write kohya's");
      assertThatThrownBy(() -> LoraFile.write(folder, List.of(lora), LoraFile.Options.peftFolder()))
          .hasMessageContaining("has no place for them; write kohya's");
    }
  }

  @Test
  void whatIsNoLowRankPairIsNoBranch() {
    base.close();
    try (var unet = LoraFixtures.unet()) {
      String layer = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
      writer.add(kohya(layer) + ".diff", new float[64], DType.F32, 8, 8).write(path);
      Map<LoraNetwork, Parameters> given = Map.of(LoraNetwork.UNET, unet.parameters());
      try (LoraContents read = LoraFile.contents(path, "read", given)) {
        Lora lora = requireNonNull(read.loras().get(LoraNetwork.UNET));
        assertThatThrownBy(() -> LoraFixtures.run(unet, LoraFixtures.with(lora)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("they act only when it is merged; call mergeInto");
      }
    }
  }

  // ---- Damaged files

  @Test
  void noTensorIsLeftOutInSilence() {
    Path whole = folder.resolve("whole.safetensors");
    hada(LINEAR, LINEAR_SIZE, "w1");
    hada(LINEAR, LINEAR_SIZE, "w2");
    tensor(kohya(LINEAR) + ".dora_scale", 6, 1);
    alpha(LINEAR, 1);
    tensor(kohya(CONV) + ".lokr_w1", 3, 2);
    tensor(kohya(CONV) + ".lokr_w2_a", 2, 2);
    tensor(kohya(CONV) + ".lokr_w2_b", 2, 18);
    tensor(kohya(TWICE) + ".lora_down.weight", 2, 4);
    tensor("unet." + TWICE + ".lora_B.weight", 6, 2);
    tensor("unet." + TWICE + ".lora_B.bias", 6);
    tensor(kohya("conv_out") + ".lora_down.weight", 2, 4, 1, 1);
    tensor(kohya("conv_out") + ".lora_mid.weight", 2, 2, 3, 3);
    tensor(kohya("conv_out") + ".lora_up.weight", 6, 2, 1, 1);
    tensor(kohya("conv_out") + ".diff_b", 6);
    tensor(kohya(NORM) + ".w_norm", 6);
    tensor(kohya(NORM) + ".b_norm", 6);
    writer.write(whole);
    LoraFile.contents(whole, "read", networks()).close();
    try (SafetensorsFile file = SafetensorsFile.open(whole)) {
      for (String changed : file.names()) {
        for (String name : List.of(changed + "_more", "more_" + changed)) {
          writer = new SafetensorsWriter();
          for (String key : file.names()) {
            writer.add(
                key.equals(changed) ? name : key,
                file.floats(key),
                DType.F32,
                file.shape(key).toArray());
          }
          writer.write(path);
          assertThatThrownBy(this::read)
              .isInstanceOf(LoraMismatchException.class)
              .hasMessageContaining("\"" + name + "\"");
        }
      }
    }
  }

  @Test
  void emptyTensorsAreNoMatrices() {
    writer.add(kohya(LINEAR) + ".lokr_w1", new float[0], DType.F32, 2, 0);
    tensor(kohya(LINEAR) + ".lokr_w2", 3, 2);
    writer.write(path);
    assertThatThrownBy(this::read)
        .isInstanceOf(LoraMismatchException.class)
        .hasMessageContaining("lokr_w1\" is empty: its shape is [2, 0]");
  }

  @Test
  void everyWrongShapeAndEveryMissingMatrixIsNamed() {
    tensor(kohya(LINEAR) + ".hada_w1_a", 6, 3);
    tensor(kohya(LINEAR) + ".hada_w1_b", 3, 5); // 4 inputs
    tensor(kohya(LINEAR) + ".hada_w2_a", 6, 3); // no w2_b
    tensor(kohya(CONV) + ".lokr_w1", 4, 2); // 6 outputs
    tensor(kohya(CONV) + ".lokr_w2", 2, 2, 3, 3);
    tensor(kohya("conv_out") + ".lora_down.weight", 2, 4, 3, 3);
    tensor(kohya("conv_out") + ".lora_up.weight", 6, 2, 1, 1);
    tensor(kohya("conv_out") + ".dora_scale", 5, 1, 1, 1);
    tensor(kohya(TWICE) + ".lokr_w1", 2, 2);
    tensor(kohya(TWICE) + ".lokr_w1_a", 2, 1);
    tensor(kohya(TWICE) + ".lokr_w2", 3, 2);
    tensor(kohya("conv_in") + ".diff", 6, 4, 3, 3);
    tensor(kohya("conv_in") + ".hada_w1_a", 6, 3);
    tensor(kohya(NORM) + ".lora_down.weight", 2, 6);
    tensor(kohya("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q") + ".diff_b", 6);
    writer.write(path);
    assertThatThrownBy(this::read)
        .isInstanceOf(LoraMismatchException.class)
        .satisfies(
            e ->
                assertThat(((LoraMismatchException) e).problems())
                    .hasSize(8)
                    .anyMatch(problem -> problem.endsWith("lokr_w1_a\" are for the same matrix"))
                    .anyMatch(
                        problem -> problem.endsWith("hada_w1_b\" expected [3, 4], found [3, 5]"))
                    .anyMatch(problem -> problem.endsWith("but no hada_w2_b"))
                    .anyMatch(
                        problem -> problem.contains("lokr_w1 of shape [4, 2] does not divide"))
                    .anyMatch(problem -> problem.contains("expected [6, 1] or [1, 4], found [5, 1"))
                    .anyMatch(problem -> problem.contains("has tensors of LoHa and of difference"))
                    .anyMatch(
                        problem -> problem.endsWith("belongs to no linear layer or convolution"))
                    .anyMatch(
                        problem -> problem.contains("a bias that the network's layer does not")));
  }

  @Test
  void bundledEmbeddingsAreReported() {
    tensor(kohya(LINEAR) + ".lora_down.weight", 3, 4);
    tensor(kohya(LINEAR) + ".lora_up.weight", 6, 3);
    tensor("bundle_emb.my-style.string_to_param.*", 2, 8);
    tensor("bundle_emb.other.clip_l", 1, 8);
    tensor("bundle_emb.other.clip_g", 1, 16);
    writer.write(path);
    try (LoraContents contents = LoraFile.contents(path, "read", networks())) {
      assertThat(contents.loras()).containsOnlyKeys(LoraNetwork.UNET);
      assertThat(contents.embeddings().get("my-style"))
          .containsExactly("bundle_emb.my-style.string_to_param.*");
      assertThat(contents.embeddings().get("other"))
          .containsExactlyInAnyOrder("bundle_emb.other.clip_l", "bundle_emb.other.clip_g");
    }
    new SafetensorsWriter().add("bundle_emb.a.clip_l", new float[8], DType.F32, 1, 8).write(path);
    assertThatThrownBy(this::read).hasMessageContaining("only embeddings: [a]");
  }

  @Test
  void whatIsWrittenHasTheNamesOfLycoris() {
    hada(LINEAR, LINEAR_SIZE, "w1");
    hada(LINEAR, LINEAR_SIZE, "w2");
    magnitude("unet." + LINEAR + ".lora_magnitude_vector", 6, 6);
    tensor(kohya(NORM) + ".w_norm", 6);
    writer.write(path);
    try (Lora lora = read()) {
      LoraFile.write(path, List.of(lora), LoraFile.Options.kohya());
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      String layer = kohya(LINEAR);
      assertThat(file.names())
          .containsExactlyInAnyOrder(
              layer + ".hada_w1_a",
              layer + ".hada_w1_b",
              layer + ".hada_w2_a",
              layer + ".hada_w2_b",
              layer + ".dora_scale",
              layer + ".alpha",
              kohya(NORM) + ".w_norm");
      assertThat(file.shape(layer + ".dora_scale").asList()).containsExactly(6L, 1L);
      assertThat(file.metadata()).containsEntry("ss_network_module", "lycoris.kohya");
    }
  }
}
