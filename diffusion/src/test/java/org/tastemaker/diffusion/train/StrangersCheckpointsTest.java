package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;

/** Checkpoints that lack a file, were damaged, or come from a stranger. */
class StrangersCheckpointsTest {
  private static final int TIMES = Effort.times(10_000, 1_000_000);
  private static final VaeTrainer.Options OPTIONS =
      new VaeTrainer.Options(OptimizerOptions.defaults(1), 1, 1, 1e-4);

  @TempDir private Path temp;
  private final AutoencoderKl vae = TinyModels.vae(Seed.of(1));
  private Path folder = Path.of("");

  @BeforeEach
  void save() throws IOException {
    folder = Files.createDirectory(temp.resolve("checkpoint"));
    VaeTrainer trainer = trainer();
    trainer.run(
        TinyModels.images(1, 8), Checkpointing.none(), RunListener.none(), new Cancellation());
    trainer.save(folder);
  }

  @AfterEach
  void closeModel() {
    vae.close();
  }

  private VaeTrainer trainer() {
    return new VaeTrainer(
        vae, TrainedPart.only(name -> name.startsWith("decoder.conv_in")), OPTIONS, Seed.of(4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"weights", "first_moments", "second_moments", "averages"})
  void aFileThatIsMissingIsNamedWithTheWayOut(String kind) throws IOException {
    Files.delete(folder.resolve(kind + ".safetensors"));
    VaeTrainer trainer = trainer();
    assertThatThrownBy(() -> trainer.restore(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(kind + ".safetensors is missing")
        .hasMessageContaining("Put it back, or use an earlier checkpoint");
    assertThat(trainer.step()).isZero();
  }

  @Test
  void aFileThatIsALinkToSomewhereElseIsRefused() throws IOException {
    Path file = folder.resolve("weights.safetensors");
    Path elsewhere = Files.move(file, temp.resolve("elsewhere"));
    Files.createSymbolicLink(file, elsewhere);
    assertThatThrownBy(() -> trainer().restore(folder)).isInstanceOf(UnsafeFileException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint.json", "first_moments.safetensors"})
  void damagedFilesAreReadOrRefused(String name) throws IOException {
    Path file = folder.resolve(name);
    Attack attack =
        new Attack(
            name,
            List.of(Files.readAllBytes(file)),
            List.of(IllegalArgumentException.class, UnsafeFileException.class));
    VaeTrainer trainer = trainer();
    Attack.Outcome outcome =
        attack.run(
            1,
            TIMES,
            bytes -> {
              Files.write(file, bytes);
              trainer.restore(folder);
            });
    assertThat(outcome.read() + outcome.refused()).isEqualTo(TIMES);
    assertThat(outcome.refused()).isPositive();
  }
}
