package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.examples.emoji.BundledModel;

class PeerAgreementTest {
  private static final int LATENT = 4 * 8 * 8;
  private static final Protocol PROTOCOL =
      new Protocol(List.of(Prompt.of("rocket")), 40, 8, 3, 1.5);

  private static LatentDiffusion model;

  @TempDir private Path folder;

  @BeforeAll
  static void load() {
    model = BundledModel.load();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private final PeerTask task = new PeerTask(Path.of("model"), PROTOCOL, Method.DDPO_IS.tuned(), 5);

  @Test
  void theRolloutBeginsWithTheNoiseAndTheUpdatesMoveTheWholeAdapter() {
    PeerAgreement.write(folder, model, task);

    try (SafetensorsFile rollout = SafetensorsFile.open(folder.resolve("rollout.safetensors"));
        SafetensorsFile before = SafetensorsFile.open(folder.resolve("lora.safetensors"));
        SafetensorsFile after = SafetensorsFile.open(folder.resolve("after.safetensors"))) {
      assertThat(rollout.shape("latents").asList()).containsExactly(11L, 2L, 4L, 8L, 8L);
      assertThat(rollout.shape("noise")).isEqualTo(rollout.shape("latents"));
      assertThat(rollout.shape("logProbabilities").asList()).containsExactly(10L, 2L);
      assertThat(rollout.shape("images").asList()).containsExactly(2L, 3L, 32L, 32L);
      assertThat(Arrays.copyOf(rollout.floats("latents"), 2 * LATENT))
          .isEqualTo(Arrays.copyOf(rollout.floats("noise"), 2 * LATENT));
      assertThat(rollout.floats("gradientNorm")[0]).isPositive();
      assertThat(after.names()).isEqualTo(before.names());
      for (String name : before.names()) {
        assertThat(after.floats(name)).as(name).isNotEqualTo(before.floats(name));
      }
    }
  }

  @Test
  void theTaskHasTheSettingsOfOurOwnTraining() {
    task.write(folder, model, 7);

    JsonObject json = Json.readObject(folder.resolve("task.json"));
    assertThat(json.texts("prompts")).containsExactly("rocket");
    assertThat(json.number("learningRate")).isEqualTo(1e-3);
    assertThat(json.number("clipRange")).isEqualTo(1e-3);
    assertThat(json.number("weightDecay")).isEqualTo(1e-4);
    assertThat(json.integer("updates")).isEqualTo(4);
    assertThat(json.integer("steps")).isEqualTo(10);
    assertThat(json.integer("statisticsSize")).isEqualTo(32);
    assertThat(json.integer("statisticsLeast")).isEqualTo(8);
    assertThat(json.longInteger("seed")).isEqualTo(7);
  }

  @Test
  void theHeldOutNoiseIsThatOfOurOwnHeldOutImages() {
    float[] third = new float[LATENT];
    task.heldOutSeeds(Seed.of(7)).get(2).gaussian(10, third);
    task.write(folder, model, 7);

    try (SafetensorsFile noise = SafetensorsFile.open(folder.resolve("noise.safetensors"))) {
      float[] all = noise.floats("noise"); // [11, 3, 4, 8, 8]
      assertThat(Arrays.copyOfRange(all, all.length - LATENT, all.length)).isEqualTo(third);
    }
  }
}
