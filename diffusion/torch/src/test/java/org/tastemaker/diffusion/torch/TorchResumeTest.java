package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Rewards;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.optim.ddpo.Ddpo;
import org.tastemaker.optim.ddpo.PromptStatistics;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** A run on LibTorch that is broken off and goes on in new objects ends with the same bytes. */
class TorchResumeTest {
  private static final int ROUNDS = 2;

  @TempDir Path temp;

  /** Trains from a checkpoint, or from the start, and saves after each round. */
  private void train(Engine engine, boolean adapter, Optional<Integer> from, Path folder)
      throws IOException {
    // Other weights of the adapter: those of the checkpoint must come in their place.
    Seed start = from.isPresent() ? Seed.of(77) : Seed.of(2);
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        Lora lora = TinyModel.lora(model, start);
        DiffusionPolicy policy = policy(model, engine, adapter, lora)) {
      Ddpo ddpo =
          new Ddpo(
              policy,
              Ddpo.Options.importanceSampling()
                  .withPromptStatistics(Optional.of(new PromptStatistics.Options(4, 2))),
              Seed.of(4));
      from.ifPresent(round -> ddpo.restore(temp.resolve("whole").resolve("round" + round)));
      for (int round = from.orElse(0) + 1; round <= ROUNDS; round++) {
        try (Rollout rollout =
            policy.sampler().rollout(TinyModel.prompts(4), Seed.of(8).split(round))) {
          assertThat(ddpo.step(rollout, Rewards.of(1, 2 + round, 0.3, -1)).step()).isEqualTo(round);
        }
        ddpo.save(Files.createDirectories(folder.resolve("round" + round)));
      }
    }
  }

  private static DiffusionPolicy policy(
      LatentDiffusion model, Engine engine, boolean adapter, Lora lora) {
    LatentDiffusion view = model.with(FunctionOptions.inference().withEngine(engine));
    return adapter ? DiffusionPolicy.lora(view, lora) : DiffusionPolicy.fullWeights(view);
  }

  @ParameterizedTest
  @CsvSource({"float32, true", "float32, false", "bfloat16, true", "bfloat16, false"})
  void aResumedRunGoesOnBitForBit(String precision, boolean adapter) throws IOException {
    Engine engine = TestEngines.of(precision);
    Path whole = temp.resolve("whole");
    Path resumed = temp.resolve("resumed");
    train(engine, adapter, Optional.empty(), whole);
    train(engine, adapter, Optional.of(1), resumed);
    Folders.assertSame(resumed.resolve("round2"), whole.resolve("round2"));
    assertThat(digests(whole.resolve("round2"))).isNotEqualTo(digests(whole.resolve("round1")));
  }

  /** Of the weights, among others. */
  private static String digests(Path folder) throws IOException {
    return Files.readString(folder.resolve("policy/checkpoint.json"));
  }
}
