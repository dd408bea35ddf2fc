package org.tastemaker.optim.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.RolloutOptions;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.schedule.FloatBuffers;
import org.tastemaker.diffusion.schedule.StepWindow;
import org.tastemaker.diffusion.testing.TinyModel;

class RowSamplerTest {
  private static final List<Prompt> PROMPTS = TinyModel.prompts(7);
  private static final List<Seed> SEEDS = Seed.of(5).splits(7);

  @TempDir private static Path folder;
  private static ModelRecipe recipe;
  private static LatentDiffusion model;
  private static Lora lora;
  private static LatentDiffusion adapted;
  private static RowWorker worker;

  @BeforeAll
  static void open() {
    recipe = TinyRuns.recipe(folder);
    model = recipe.open();
    lora = TinyModel.lora(model, Seed.of(2));
    shift(lora, 0.01f);
    adapted = model.with(model.execution().withAdapter(lora));
    worker = RowWorker.open(RowSetup.none().withModel(recipe), "worker");
  }

  @AfterAll
  static void close() {
    worker.close();
    lora.close();
    model.close();
  }

  private static void shift(Lora lora, float by) {
    for (INDArray array : lora.parameters().arrays().values()) {
      FloatBuffer values = FloatBuffers.of(array);
      for (int i = 0; i < values.capacity(); i++) {
        values.put(i, values.get(i) + by * (1 + i % 3));
      }
    }
  }

  private static RowSampler sampler(RowCarrier carrier) {
    return RowSampler.of(
        RowDriver.of(carrier), recipe, adapted, () -> Optional.of(RowAdapter.of(lora)));
  }

  private static void assertSame(Rollout found, Rollout expected) {
    assertThat(found.images()).isEqualTo(expected.images());
    assertThat(found.timesteps()).isEqualTo(expected.timesteps());
    assertThat(found.latents().shape()).isEqualTo(expected.latents().shape());
    assertThat(FloatBlock.of(FloatBuffers.of(found.latents())))
        .isEqualTo(FloatBlock.of(FloatBuffers.of(expected.latents())));
    assertThat(FloatBlock.of(FloatBuffers.of(found.logProbabilities())))
        .isEqualTo(FloatBlock.of(FloatBuffers.of(expected.logProbabilities())));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void partitionsGiveTheRolloutOfTheModelItselfBitForBit(int partitions) {
    try (Rollout expected = adapted.rollout(PROMPTS, SEEDS);
        Rollout found = sampler(LocalCarrier.of(worker, partitions)).rollout(PROMPTS, SEEDS)) {
      assertSame(found, expected);
    }
  }

  @Test
  void anotherOrderAndRepeatedRowsChangeNothing() {
    try (Rollout expected = adapted.rollout(PROMPTS, SEEDS);
        Rollout found = sampler(new RoughCarrier(worker, 3)).rollout(PROMPTS, SEEDS)) {
      assertSame(found, expected);
    }
  }

  @Test
  void imagesAreThoseThatTheModelGenerates() {
    assertThat(sampler(LocalCarrier.of(worker, 2)).generate(PROMPTS, SEEDS))
        .isEqualTo(adapted.generate(PROMPTS, SEEDS));
  }

  @Test
  void theAdapterIsTheOneOfTheCall() {
    RowSampler sampler = sampler(LocalCarrier.of(worker, 2));
    try (Rollout before = sampler.rollout(PROMPTS, SEEDS)) {
      shift(lora, 0.02f);
      try (Rollout expected = adapted.rollout(PROMPTS, SEEDS);
          Rollout after = sampler.rollout(PROMPTS, SEEDS)) {
        assertSame(after, expected);
        assertThat(after.images()).isNotEqualTo(before.images());
      }
    }
  }

  @Test
  void withoutAnAdapterTheModelIsTheBase() {
    RowSampler sampler =
        RowSampler.of(
            RowDriver.of(LocalCarrier.of(worker, 2)), recipe, model, () -> Optional.empty());
    assertThat(sampler.generate(PROMPTS, SEEDS)).isEqualTo(model.generate(PROMPTS, SEEDS));
  }

  @Test
  void rolloutsDrawWhatTheRoundSays() {
    RolloutOptions options =
        new RolloutOptions(StepWindow.of(1, 1), Optional.of(Seed.of(9))); // MixGRPO's
    try (Rollout expected = adapted.with(options).rollout(PROMPTS, SEEDS);
        Rollout found = sampler(LocalCarrier.of(worker, 3)).with(options).rollout(PROMPTS, SEEDS)) {
      assertSame(found, expected);
    }
  }

  @Test
  void anImageThatIsAskedForTwiceIsMadeOnce() {
    int[] carried = {0};
    RowCarrier counting =
        (cargo, taker) -> {
          carried[0] += cargo.rows().size();
          LocalCarrier.of(worker, 1).carry(cargo, taker);
        };
    List<Prompt> twice = List.of(PROMPTS.get(0), PROMPTS.get(1), PROMPTS.get(0));
    List<Seed> seeds = List.of(SEEDS.get(0), SEEDS.get(1), SEEDS.get(0));
    assertThat(sampler(counting).generate(twice, seeds)).isEqualTo(adapted.generate(twice, seeds));
    assertThat(carried[0]).isEqualTo(2);
  }

  @Test
  void aWorkerRejectsRowsOfOtherSettingsBeforeAnyIsDone() {
    LatentDiffusion other = adapted.with(adapted.options().withGuidanceScale(2));
    RowSampler sampler =
        RowSampler.of(
            RowDriver.of(LocalCarrier.of(worker, 1)), recipe, other, () -> Optional.empty());
    assertThatThrownBy(() -> sampler.generate(PROMPTS, SEEDS))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("settings of sampling");
  }

  @Test
  void aRecipeRejectsAFolderWithOtherFiles(@TempDir Path other) {
    try (LatentDiffusion another = TinyModel.create(Seed.of(99))) {
      another.save(other.resolve("model"));
    }
    assertThatThrownBy(() -> recipe.in(other.resolve("model")).open())
        .isInstanceOf(RowException.class)
        .hasMessageContaining("copy the files again");
  }

  @Test
  void anAdapterComesBackBitForBit() {
    RowAdapter sent = RowAdapter.of(lora);
    try (Lora read = sent.open(model)) {
      assertThat(RowAdapter.of(read).bytes()).isEqualTo(sent.bytes());
      assertThat(read.parameters().checksum()).isEqualTo(lora.parameters().checksum());
    }
    assertThat(RowAdapter.of(lora).sha256()).isEqualTo(sent.sha256());
  }
}
