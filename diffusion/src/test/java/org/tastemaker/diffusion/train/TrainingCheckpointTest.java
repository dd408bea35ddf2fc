package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.train.OptimizerOptions.Decay;
import org.tastemaker.diffusion.train.OptimizerOptions.Rate;

class TrainingCheckpointTest {
  private static final OptimizerOptions OPTIMIZER =
      OptimizerOptions.defaults(2).withRate(new Rate(Decay.CONSTANT, 1e-3, 0));
  private static final VaeTrainer.Options OPTIONS = new VaeTrainer.Options(OPTIMIZER, 1, 1, 1e-4);
  private static final Seed SEED = Seed.of(4);

  @TempDir Path temp;
  private final AutoencoderKl vae = TinyModels.vae(Seed.of(1));
  private Path folder;

  TrainingCheckpointTest() {
    folder = Path.of("");
  }

  @BeforeEach
  void save() throws IOException {
    folder = Files.createDirectory(temp.resolve("checkpoint"));
    VaeTrainer trainer = new VaeTrainer(vae, decoder(), OPTIONS, SEED);
    trainer.run(
        TinyModels.images(1, 8), Checkpointing.none(), RunListener.none(), new Cancellation());
    trainer.save(folder);
  }

  @AfterEach
  void closeModel() {
    vae.close();
  }

  private static TrainedPart decoder() {
    return TrainedPart.only(name -> name.startsWith("decoder."));
  }

  private void rejected(VaeTrainer trainer, String message) {
    float[] before = vae.parameters().get("decoder.conv_in.weight").data().asFloat();
    assertThatThrownBy(() -> trainer.restore(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(trainer.step()).isZero();
    assertThat(vae.parameters().get("decoder.conv_in.weight").data().asFloat()).isEqualTo(before);
  }

  private VaeTrainer trainer(VaeTrainer.Options options) {
    return new VaeTrainer(vae, decoder(), options, SEED);
  }

  @Test
  void aCheckpointSaysWhatItIs() {
    TrainingCheckpoint checkpoint = TrainingCheckpoint.read(folder);
    assertThat(checkpoint.trainer()).isEqualTo("vae");
    assertThat(checkpoint.step()).isEqualTo(2);
    assertThat(checkpoint.settings().values())
        .containsEntry("seed", "4")
        .containsEntry("kl", "1.0E-4")
        .containsEntry("ema.decay", "0.9999");
    assertThat(checkpoint.digests())
        .containsOnlyKeys("weights", "first_moments", "second_moments", "averages");
  }

  @Test
  void otherSettingsAreListed() {
    rejected(
        trainer(
            new VaeTrainer.Options(
                OPTIMIZER.withAccumulation(3).withEma(Optional.empty()), 1, 2, 1e-4)),
        "of a run with other settings: accumulation is 1 in the checkpoint and 3 now; ema is not set"
            + " in the checkpoint and none now; ema.decay is 0.9999 in the checkpoint and not set"
            + " now; ema.warmUp is true in the checkpoint and not set now; mse is 1.0 in the checkpoint and 2.0 now. Use the same settings");
  }

  @Test
  void anotherSeedIsAnotherRun() {
    rejected(
        new VaeTrainer(vae, decoder(), OPTIONS, Seed.of(5)),
        "seed is 4 in the checkpoint and 5 now");
  }

  @Test
  void anotherFrozenPartIsAnotherRun() {
    vae.parameters().get("encoder.conv_in.bias").putScalar(0, 3f);
    rejected(trainer(OPTIONS), "frozen is ");
  }

  @Test
  void otherTrainedParametersAreListed() {
    rejected(
        new VaeTrainer(
            vae, TrainedPart.only(name -> name.equals("decoder.conv_in.bias")), OPTIONS, SEED),
        "frozen is ");
    try (AutoencoderKl other = TinyModels.vae(Seed.of(1))) {
      VaeTrainer whole = new VaeTrainer(other, TrainedPart.everything(), OPTIONS, SEED);
      assertThatThrownBy(() -> whole.restore(folder)).hasMessageContaining("frozen is ");
    }
  }

  @Test
  void aRunWithAConstantRateCanBeMadeLongerAndNotShorter() {
    OptimizerOptions longer =
        new OptimizerOptions(9, 1, OPTIMIZER.rate(), OPTIMIZER.adamW(), 1, OPTIMIZER.ema());
    VaeTrainer trainer = trainer(new VaeTrainer.Options(longer, 1, 1, 1e-4));
    trainer.restore(folder);
    assertThat(trainer.step()).isEqualTo(2);
    OptimizerOptions shorter =
        new OptimizerOptions(1, 1, OPTIMIZER.rate(), OPTIMIZER.adamW(), 1, OPTIMIZER.ema());
    rejected(
        trainer(new VaeTrainer.Options(shorter, 1, 1, 1e-4)),
        "has done 2 steps, but the run is to end after 1");
  }

  @Test
  void aFlippedBitIsFound() throws IOException {
    Path file = folder.resolve("second_moments.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 2] ^= 1;
    Files.write(file, bytes);
    rejected(trainer(OPTIONS), "second_moments.safetensors is damaged");
  }

  @Test
  void aTruncatedFileIsFound() throws IOException {
    Path file = folder.resolve("averages.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 9));
    rejected(trainer(OPTIONS), "is damaged");
  }

  @Test
  void tensorsOfOtherNamesAreListed() throws IOException {
    Path other = Files.createDirectory(temp.resolve("other"));
    try (AutoencoderKl model = TinyModels.vae(Seed.of(1))) {
      new VaeTrainer(
              model, TrainedPart.only(name -> name.equals("decoder.conv_in.bias")), OPTIONS, SEED)
          .save(other);
    }
    Files.delete(folder.resolve("weights.safetensors"));
    Files.copy(other.resolve("weights.safetensors"), folder.resolve("weights.safetensors"));
    rejected(trainer(OPTIONS), "is of other weights");
  }

  @Test
  void otherFoldersAreNoCheckpoints() throws IOException {
    assertThatThrownBy(() -> trainer(OPTIONS).restore(temp))
        .hasMessageStartingWith("there is no training checkpoint in " + temp);
    Path file = folder.resolve("checkpoint.json");
    String json = Files.readString(file);
    Files.writeString(file, json.replace("\"trainer\": \"vae\"", "\"trainer\": \"denoising\""));
    rejected(trainer(OPTIONS), "of the trainer \"denoising\", but this is the trainer \"vae\"");
    Files.writeString(file, json.replace("\"format\": 1", "\"format\": 2"));
    rejected(trainer(OPTIONS), "is of format 2, and this version reads up to format 1");
    Files.writeString(file, json.replace("\"step\": 2", "\"step\": -2"));
    rejected(trainer(OPTIONS), "expected a number of at least 0 at $.step, but it is -2");
    Files.writeString(file, json.substring(0, 40));
    rejected(trainer(OPTIONS), "checkpoint.json is not JSON");
    Files.writeString(file, json.replaceFirst("\"digests\": \\{", "\"digests\": { \"a\": null,"));
    rejected(trainer(OPTIONS), "expected a text at $.digests.a, but it is missing or null");
  }
}
