package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;
import org.tastemaker.diffusion.weights.SafetensorsFile;

class VaeTrainerTest {
  private static final Seed SEED = Seed.of(8);

  @TempDir Path temp;
  private final AutoencoderKl vae = TinyModels.vae(Seed.of(1));
  private final TinyModels.Recorder recorder = new TinyModels.Recorder();

  @AfterEach
  void closeModel() {
    vae.close();
  }

  private static OptimizerOptions constant(long steps, double rate, long warmUp) {
    return new OptimizerOptions(
        steps,
        1,
        new Rate(Decay.CONSTANT, rate, warmUp),
        AdamW.Options.defaults(),
        Double.POSITIVE_INFINITY,
        Optional.empty());
  }

  private void run(VaeTrainer trainer, BatchSource<Samples> images) {
    trainer.run(images, Checkpointing.none(), recorder, new Cancellation());
  }

  @Test
  void anAutoencoderLearnsAHandfulOfImages() {
    VaeTrainer trainer =
        new VaeTrainer(
            vae,
            TrainedPart.everything(),
            new VaeTrainer.Options(constant(150, 5e-3, 0), 1, 1, 1e-4),
            SEED);
    run(trainer, number -> TinyModels.images(4, 8).batch(0));
    // The images have the mean square 0.5, which is the error of an empty answer.
    assertThat(recorder.mean("mse", 1, 5)).isGreaterThan(0.4);
    assertThat(recorder.mean("mse", 131, 150)).isLessThan(0.1);
    assertThat(recorder.mean("l1", 131, 150)).isLessThan(recorder.mean("l1", 1, 5) / 2);
  }

  @Test
  void theLossIsTheWeightedSumOfItsTerms() {
    run(
        new VaeTrainer(
            vae,
            TrainedPart.everything(),
            new VaeTrainer.Options(constant(1, 1, 1), 2, 3, 5),
            SEED),
        TinyModels.images(2, 8));
    // The same products in the same order.
    assertThat(recorder.value(1, "loss"))
        .isEqualTo(
            2 * recorder.value(1, "l1")
                + 3 * recorder.value(1, "mse")
                + 5 * recorder.value(1, "kl"));
  }

  /** The norm of the gradient is the slope of the loss along it. */
  private void checkSlope(TrainedPart part) throws IOException {
    // The first step has rate 0: the weights stay, and the moments hold the gradient. No L1, whose
    // kinks have no slope.
    VaeTrainer.Options options = new VaeTrainer.Options(constant(1, 1, 1), 0, 1, 0.5);
    VaeTrainer trainer = new VaeTrainer(vae, part, options, SEED);
    run(trainer, TinyModels.images(2, 8));
    trainer.save(temp);
    double norm = recorder.value(1, "gradientNorm");

    double h = 0.005;
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      try (SafetensorsFile moments =
          SafetensorsFile.open(temp.resolve("first_moments.safetensors"))) {
        for (String name : moments.names()) {
          FloatBuffer weight =
              FloatBuffers.of(vae.parameters().get(name.substring(name.indexOf('/') + 1)));
          float[] moment = moments.floats(name); // (1 - beta1) times the gradient
          double by = (side == 0 ? h : -2 * h) / 0.1 / norm;
          for (int i = 0; i < moment.length; i++) {
            weight.put(i, (float) (weight.get(i) + by * moment[i]));
          }
        }
      }
      run(new VaeTrainer(vae, part, options, SEED), TinyModels.images(2, 8));
      losses[side] = recorder.value(1, "loss");
    }
    // Single precision of the loss, 1e-7, over 2 h is 1e-5; the rest is its third derivative.
    assertThat((losses[0] - losses[1]) / (2 * h)).isCloseTo(norm, within(0.01 * norm));
  }

  @Test
  void theWholeGradientIsTheLosssSlope() throws IOException {
    checkSlope(TrainedPart.everything());
  }

  @Test
  void theEncodersGradientComesThroughTheSample() throws IOException {
    checkSlope(TrainedPart.only(name -> name.startsWith("encoder.")));
  }

  @Test
  void theDecoderCanBeTrainedAlone() {
    float[] before = vae.parameters().get("encoder.conv_in.weight").dup().data().asFloat();
    float[] decoder = vae.parameters().get("decoder.conv_in.weight").dup().data().asFloat();
    run(
        new VaeTrainer(
            vae,
            TrainedPart.only(name -> name.startsWith("decoder.")),
            new VaeTrainer.Options(constant(2, 1e-2, 0), 1, 1, 1e-4),
            SEED),
        TinyModels.images(2, 8));
    assertThat(vae.parameters().get("encoder.conv_in.weight").data().asFloat()).isEqualTo(before);
    assertThat(
            Arrays.equals(vae.parameters().get("decoder.conv_in.weight").data().asFloat(), decoder))
        .isFalse();
  }

  @Test
  void aLossThatIsNoNumberStopsTheRunNamingTheStep() {
    VaeTrainer trainer =
        new VaeTrainer(
            vae,
            TrainedPart.only(name -> name.startsWith("decoder.")),
            VaeTrainer.Options.defaults(5),
            SEED);
    BatchSource<Samples> images =
        number -> {
          if (number == 1) {
            INDArray frozen = vae.parameters().get("encoder.conv_in.bias");
            frozen.putScalar(0, Float.POSITIVE_INFINITY);
          }
          return TinyModels.images(2, 8).batch(number);
        };
    assertThatThrownBy(() -> run(trainer, images))
        .isInstanceOf(DivergedException.class)
        .hasMessageStartingWith(
            "training the autoencoder, step 2 of 5 (the weights stay those after step 1): the ");
    assertThat(trainer.step()).isEqualTo(1);
  }

  @Test
  void badImagesAndSettingsAreErrors() {
    VaeTrainer trainer =
        new VaeTrainer(vae, TrainedPart.everything(), VaeTrainer.Options.defaults(5), SEED);
    assertThatThrownBy(() -> run(trainer, n -> new Samples(1, 1, 8, 8, FloatBuffer.allocate(64))))
        .hasMessage("batch 0: images must have 3 channels, but have 1");
    assertThatThrownBy(() -> run(trainer, n -> new Samples(1, 3, 7, 8, FloatBuffer.allocate(168))))
        .hasMessageContaining("multiples of 2");
    OptimizerOptions optimizer = OptimizerOptions.defaults(1);
    assertThatThrownBy(() -> new VaeTrainer.Options(optimizer, 0, 0, 1))
        .hasMessage("l1 or mse must be above 0, but both were 0");
    assertThatThrownBy(() -> new VaeTrainer.Options(optimizer, 1, 1, -1))
        .hasMessage("kl must be at least 0 and finite, but was -1.0");
  }
}
