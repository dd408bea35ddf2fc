package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.DoubleModels;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;

class ClipTrainerTest {
  @TempDir Path temp;
  private final ClipModel clip = TinyClip.model(Seed.of(1));
  private final TinyModels.Recorder recorder = new TinyModels.Recorder();

  @AfterEach
  void closeModel() {
    clip.close();
  }

  private static OptimizerOptions constant(long steps, double rate) {
    return OptimizerOptions.defaults(steps)
        .withRate(new Rate(Decay.CONSTANT, rate, 0))
        .withEma(Optional.empty());
  }

  private static void run(
      ClipTrainer trainer, BatchSource<ClipBatch> batches, RunListener listener) {
    trainer.run(batches, Checkpointing.none(), listener, new Cancellation());
  }

  private static float[] numbers(INDArray array) {
    try (INDArray copy = array.dup('c')) {
      return copy.data().asFloat();
    }
  }

  // ---- The gradient, in double precision through both towers

  private static double loss(ClipPass pass, ClipBatch batch, Map<String, double[]> gradients) {
    return pass.run(
        batch,
        1,
        new ClipPass.Gradient() {
          @Override
          public void ofTower(GraphFunction function, Map<String, INDArray> cotangents) {
            function
                .backward(cotangents)
                .forEach(
                    (name, array) -> {
                      try (INDArray copy = array.dup('c')) {
                        gradients.put(name, copy.data().asDouble());
                      }
                    });
          }

          @Override
          public void ofScale(double gradient) {
            gradients.put("logit_scale", new double[] {gradient});
          }
        });
  }

  /**
   * A few numbers of every parameter, by central differences with h = 1e-5: 1e-10 of the third
   * derivative, and rounding of 1e-15 / 1e-5 of a loss of order 1.
   */
  private static void checkDifferences(ClipBatch batch) {
    double h = 1e-5;
    try (ClipModel precise = DoubleModels.clip(TinyClip.config(), Seed.of(4))) {
      // Away from the small numbers that tables begin with, whose norm bends the loss.
      precise.parameters().arrays().forEach((name, array) -> widen(name, array));
      ClipPass pass = new ClipPass(precise, FunctionOptions.training(), true, true);
      Map<String, double[]> gradients = new LinkedHashMap<>();
      double unused = loss(pass, batch, gradients);
      assertThat(gradients.keySet())
          .containsExactlyInAnyOrderElementsOf(precise.parameters().arrays().keySet());
      precise
          .parameters()
          .arrays()
          .forEach(
              (name, array) -> {
                double[] gradient = Objects.requireNonNull(gradients.get(name));
                for (long i : new long[] {0, array.length() / 2, array.length() - 1}) {
                  double kept = array.data().getDouble(i);
                  array.data().put(i, kept + h);
                  double above = loss(pass, batch, new LinkedHashMap<>());
                  array.data().put(i, kept - h);
                  double below = loss(pass, batch, new LinkedHashMap<>());
                  array.data().put(i, kept);
                  assertThat(gradient[(int) i])
                      .as("%s[%s]", name, i)
                      .isCloseTo((above - below) / (2 * h), within(1e-6));
                }
              });
    }
  }

  private static void widen(String name, INDArray array) {
    if (name.contains("embedding")) {
      array.muli(20);
    }
  }

  @Test
  void contrastiveGradientOfEveryParameterIsTheLosssSlope() {
    checkDifferences(TinyClip.captioned(3).batch(0));
  }

  @Test
  void choicesGradientOfEveryParameterIsTheLosssSlope() {
    checkDifferences(TinyClip.choices().batch(0));
  }

  // ---- Training

  @Test
  void imagesFindTheirTexts() {
    BatchSource<ClipBatch> one = number -> TinyClip.captioned(6).batch(0);
    run(new ClipTrainer(clip, FunctionOptions.training(), constant(150, 5e-3)), one, recorder);
    assertThat(recorder.value(1, "loss")).isGreaterThan(1); // ln 6 = 1.8 by chance
    assertThat(recorder.mean("loss", 141, 150)).isLessThan(0.1);
  }

  @Test
  void chosenImagesGetTheHigherScore() {
    BatchSource<ClipBatch> one = number -> TinyClip.choices().batch(0);
    run(new ClipTrainer(clip, FunctionOptions.training(), constant(100, 5e-3)), one, recorder);
    assertThat(recorder.mean("loss", 91, 100)).isLessThan(recorder.value(1, "loss") / 10);
  }

  /** Wants all logits far from 0, or near to it, whatever the vectors are: the scale decides. */
  private record Spread(int sign) implements ClipObjective {
    @Override
    public void check(int images, int texts) {}

    @Override
    public double evaluate(double[][] logits, double[][] gradient) {
      double loss = 0;
      for (int m = 0; m < logits.length; m++) {
        for (int n = 0; n < logits[m].length; n++) {
          loss -= sign * Math.abs(logits[m][n]);
          gradient[m][n] = -sign * Math.signum(logits[m][n]);
        }
      }
      return loss;
    }
  }

  private void trainScale(float from, int sign) {
    clip.logitScale().putScalar(0, from);
    FunctionOptions scale =
        FunctionOptions.inference().withTrainable(LastClipLayers.of(clip.config(), 0, 0));
    run(
        new ClipTrainer(clip, scale, constant(20, 1e-2)),
        number -> new ClipBatch(TinyClip.images(2, 0), TinyClip.texts(2), new Spread(sign)),
        recorder);
  }

  @Test
  void logitScaleIsTrainedUpToTheLogarithmOfAHundred() {
    trainScale(4.55f, 1);
    assertThat(recorder.value(2, "logitScale")).isGreaterThan(recorder.value(1, "logitScale"));
    assertThat(clip.logitScale().getFloat(0)).isEqualTo((float) Math.log(100));
  }

  @Test
  void logitScaleIsTrainedDownToZero() {
    trainScale(0.05f, -1);
    assertThat(recorder.value(2, "logitScale")).isLessThan(recorder.value(1, "logitScale"));
    assertThat(clip.logitScale().getFloat(0)).isZero();
  }

  @Test
  void frozenLogitScaleStaysWhateverItIs() {
    clip.logitScale().putScalar(0, 5);
    FunctionOptions towers =
        FunctionOptions.inference().withTrainable(name -> !name.equals("logit_scale"));
    run(new ClipTrainer(clip, towers, constant(2, 1e-3)), TinyClip.captioned(2), recorder);
    assertThat(clip.logitScale().getFloat(0)).isEqualTo(5);
  }

  private Set<String> changed(FunctionOptions options) {
    Map<String, float[]> before = new LinkedHashMap<>();
    clip.parameters().arrays().forEach((name, array) -> before.put(name, numbers(array)));
    run(new ClipTrainer(clip, options, constant(2, 1e-2)), TinyClip.captioned(3), recorder);
    Set<String> changed = new TreeSet<>();
    clip.parameters()
        .arrays()
        .forEach(
            (name, array) -> {
              if (!Arrays.equals(numbers(array), before.get(name))) {
                changed.add(name);
              }
            });
    return changed;
  }

  @Test
  void lastLayersOfBothTowersAreTrainedWithWhatFollowsThem() {
    LastClipLayers last = LastClipLayers.of(clip.config(), 1, 1);
    Set<String> changed = changed(FunctionOptions.inference().withTrainable(last));
    assertThat(changed)
        .containsExactlyInAnyOrderElementsOf(
            clip.parameters().arrays().keySet().stream().filter(last).toList())
        .contains(
            "logit_scale",
            "visual_projection.weight",
            "text_projection.weight",
            "vision_model.post_layernorm.weight",
            "text_model.final_layer_norm.bias",
            "vision_model.encoder.layers.1.mlp.fc1.weight",
            "text_model.encoder.layers.1.self_attn.v_proj.weight")
        .noneMatch(name -> name.contains("layers.0.") || name.contains("embeddings"))
        .doesNotContain("vision_model.pre_layrnorm.weight");
  }

  @Test
  void towerOfWhichNothingIsTrainedStaysAsItIs() {
    Set<String> changed =
        changed(FunctionOptions.inference().withTrainable(LastClipLayers.of(clip.config(), 1, 0)));
    assertThat(changed).isNotEmpty().noneMatch(name -> name.startsWith("text_"));
  }

  @Test
  void logitScaleAloneCanBeTrained() {
    assertThat(
            changed(
                FunctionOptions.inference().withTrainable(LastClipLayers.of(clip.config(), 0, 0))))
        .containsExactly("logit_scale");
  }

  @Test
  void moreLayersThanThereAreAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LastClipLayers.hps(clip.config()))
        .withMessageContaining("image tower has 2 layers")
        .withMessageContaining("10");
  }

  @Test
  void gradientOfAnUpdateIsTheMeanOverItsBatches() throws IOException {
    OptimizerOptions still =
        constant(1, 1).withRate(new Rate(Decay.CONSTANT, 1, 1)).withMaxGradientNorm(1e9);
    Map<String, Double> losses = new LinkedHashMap<>();
    for (int first = 0; first < 2; first++) {
      long number = first;
      run(
          new ClipTrainer(clip, FunctionOptions.training(), still),
          unused -> TinyClip.captioned(3).batch(number),
          recorder);
      losses.put("loss" + first, recorder.value(1, "loss"));
    }
    run(
        new ClipTrainer(clip, FunctionOptions.training(), still.withAccumulation(2)),
        TinyClip.captioned(3),
        recorder);
    assertThat(recorder.value(1, "loss"))
        .isCloseTo(
            losses.values().stream().mapToDouble(x -> x).average().orElseThrow(), within(1e-12));
  }

  // ---- Runs

  @Test
  void runIsStoppedAtAStepAndGoesOn() throws IOException {
    OptimizerOptions optimizer = OptimizerOptions.defaults(6);
    ClipTrainer parts = new ClipTrainer(clip, FunctionOptions.training(), optimizer);
    for (long step : new long[] {2, 3, 6}) {
      parts.runUntil(
          step, TinyClip.captioned(3), Checkpointing.none(), recorder, new Cancellation());
      assertThat(parts.step()).isEqualTo(step);
    }
    try (ClipModel other = TinyClip.model(Seed.of(1))) {
      ClipTrainer whole = new ClipTrainer(other, FunctionOptions.training(), optimizer);
      run(whole, TinyClip.captioned(3), RunListener.none());
      Path a = Files.createDirectory(temp.resolve("a"));
      Path b = Files.createDirectory(temp.resolve("b"));
      parts.save(a);
      whole.save(b);
      for (String kind : List.of("weights", "first_moments", "averages")) {
        assertThat(a.resolve(kind + ".safetensors"))
            .hasSameBinaryContentAs(b.resolve(kind + ".safetensors"));
      }
    }
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                parts.runUntil(
                    7, TinyClip.captioned(3), Checkpointing.none(), recorder, new Cancellation()))
        .withMessageContaining("6 steps");
  }

  @Test
  void lossThatIsNoNumberStopsTheRunNamingTheStep() {
    ClipTrainer trainer =
        new ClipTrainer(
            clip,
            FunctionOptions.inference()
                .withTrainable(name -> !name.equals("vision_model.embeddings.class_embedding")),
            constant(5, 1e-3));
    INDArray frozen = clip.parameters().get("vision_model.embeddings.class_embedding");
    BatchSource<ClipBatch> batches =
        number -> {
          if (number == 1) {
            frozen.putScalar(0, Float.NaN);
          }
          return TinyClip.captioned(3).batch(number);
        };
    assertThatThrownBy(() -> run(trainer, batches, recorder))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith(
            "training CLIP, step 2 of 5 (the weights stay those after step 1): the loss is NaN");
    assertThat(trainer.step()).isEqualTo(1);
  }

  // ---- Bad input

  private void refused(ClipBatch batch, String... words) {
    ClipTrainer trainer =
        new ClipTrainer(clip, FunctionOptions.training(), OptimizerOptions.defaults(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> run(trainer, number -> batch, recorder))
        .withMessageContainingAll(words);
    assertThat(trainer.step()).isZero();
  }

  @Test
  void imagesOfAnotherSizeAreRefused() {
    refused(
        new ClipBatch(TinyModels.images(2, 4).batch(0), TinyClip.texts(2), new ContrastiveLoss()),
        "3 x 8 x 8",
        "3 x 4 x 4");
  }

  @Test
  void imagesThatAreNoNumbersAreRefused() {
    float[] values = new float[2 * 3 * 8 * 8];
    values[100] = Float.NaN;
    refused(
        new ClipBatch(
            new Samples(2, 3, 8, 8, FloatBuffer.wrap(values)),
            TinyClip.texts(2),
            new ContrastiveLoss()),
        "batch 0: images must be finite");
  }

  @Test
  void textWithoutAnEndIsRefused() {
    refused(
        new ClipBatch(
            TinyClip.images(2, 0),
            ImmutableList.of(ImmutableIntArray.of(9, 1, 2), ImmutableIntArray.of(9, 1, 10)),
            new ContrastiveLoss()),
        "end token, 10",
        "[9, 1, 2]");
  }

  @Test
  void unknownTokensAreRefused() {
    refused(
        new ClipBatch(
            TinyClip.images(2, 0),
            ImmutableList.of(ImmutableIntArray.of(9, 11, 10), ImmutableIntArray.of(9, 1, 10)),
            new ContrastiveLoss()),
        "batch 0: texts",
        "[0, 11)");
  }

  @Test
  void textsOfSeveralLengthsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new ClipBatch(
                    TinyClip.images(2, 0),
                    ImmutableList.of(ImmutableIntArray.of(9, 10), ImmutableIntArray.of(9, 1, 10)),
                    new ContrastiveLoss()))
        .withMessageContaining("[2, 3]");
  }

  @Test
  void batchWhoseObjectiveDoesNotFitIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new ClipBatch(TinyClip.images(3, 0), TinyClip.texts(2), new ContrastiveLoss()))
        .withMessageContaining("3 images and 2 texts");
  }

  @Test
  void adaptersAreRefused() {
    FunctionOptions options = FunctionOptions.training().withAdapter(site -> null);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClipTrainer(clip, options, OptimizerOptions.defaults(1)))
        .withMessageContaining("adapter");
  }
}
