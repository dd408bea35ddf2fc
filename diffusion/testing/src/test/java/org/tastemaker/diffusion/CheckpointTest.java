package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.schedule.SchedulerKind;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.weights.DType;

/** Whole models in one file. */
class CheckpointTest {
  private static final int TEXT = 64;
  private static final SamplingOptions OPTIONS =
      SamplingOptions.defaults().withSteps(3).withHeight(16).withWidth(16);

  @TempDir Path folder;

  /** A Stable Diffusion 1.x of two levels; random, but for the tokenizer of a tiny model. */
  static LatentDiffusion model() {
    ClipTokenizer tokenizer;
    try (LatentDiffusion tiny = TinyModel.create(Seed.of(1))) {
      tokenizer = tiny.components().tokenizer();
    }
    UNetConfig unet =
        new UNetConfig(
            64,
            4,
            4,
            ImmutableList.of(32, 64),
            ImmutableList.of("CrossAttnDownBlock2D", "DownBlock2D"),
            ImmutableList.of("UpBlock2D", "CrossAttnUpBlock2D"),
            ImmutableList.of(1, 1),
            ImmutableList.of(1, 1),
            ImmutableList.of(8, 8),
            TEXT,
            32,
            1e-5,
            3,
            3,
            1,
            true,
            0,
            128,
            false);
    AutoencoderKlConfig vae =
        new AutoencoderKlConfig(
            512, 3, 3, 4, ImmutableList.of(32, 32), 1, 32, true, true, true, 0.18215, false);
    ClipTextConfig text =
        new ClipTextConfig(
            tokenizer.size(),
            TEXT,
            64,
            2,
            1,
            tokenizer.maxLength(),
            ClipTextConfig.Activation.QUICK_GELU,
            1e-5,
            tokenizer.bosId(),
            tokenizer.eosId(),
            tokenizer.padId(),
            TEXT);
    return LatentDiffusion.of(
        new Components(
            UNet2DConditionModel.random(unet, Seed.of(2)),
            AutoencoderKl.random(vae, Seed.of(3)),
            ClipTextModel.random(text, Seed.of(4)),
            tokenizer,
            SchedulerConfig.stableDiffusion()));
  }

  private static List<Image> images(LatentDiffusion model) {
    return model.with(OPTIONS).generate(TinyModel.prompts(2), Seed.of(5));
  }

  private static void saveTokenizer(LatentDiffusion model, Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    model.components().tokenizer().save(folder);
  }

  @Test
  void aModelInOneFileMakesTheSameImages() {
    Path file = folder.resolve("model.safetensors");
    try (LatentDiffusion model = model()) {
      model.saveCheckpoint(file, DType.F32);
      saveTokenizer(model, folder.resolve("tokenizer"));
      try (LatentDiffusion loaded = LatentDiffusion.load(file)) {
        assertThat(images(loaded)).isEqualTo(images(model));
      }
    }
  }

  @Test
  void whatAFileDoesNotSayIsGiven() {
    Path file = folder.resolve("model.safetensors");
    Path tokenizer = folder.resolve("elsewhere");
    try (LatentDiffusion model = model()) {
      model.saveCheckpoint(file, DType.F32);
      assertThatThrownBy(() -> LatentDiffusion.load(file))
          .hasMessageContaining("holds no tokenizer, and there is no folder")
          .hasMessageContaining("CheckpointOptions");
      saveTokenizer(model, tokenizer);
      CheckpointOptions options =
          new CheckpointOptions(
              Optional.of(tokenizer),
              Optional.of(PredictionType.V_PREDICTION),
              SchedulerKind.UNIPC_MULTISTEP,
              false,
              false);
      try (LatentDiffusion loaded = LatentDiffusion.load(file, options)) {
        SchedulerConfig scheduler = loaded.components().scheduler();
        assertThat(scheduler.kind()).isEqualTo(SchedulerKind.UNIPC_MULTISTEP);
        assertThat(scheduler.predictionType()).isEqualTo(PredictionType.V_PREDICTION);
        assertThat(images(loaded)).isNotEqualTo(images(model));
      }
    }
  }

  @Test
  void weightsInHalfPrecisionAreReadToo() {
    Path file = folder.resolve("half.safetensors");
    try (LatentDiffusion model = model()) {
      model.saveCheckpoint(file, DType.F16);
      saveTokenizer(model, folder.resolve("tokenizer"));
      try (LatentDiffusion loaded = LatentDiffusion.load(file)) {
        float most = 0;
        Image whole = images(model).get(0);
        Image half = images(loaded).get(0);
        for (int i = 0; i < 16; i++) {
          most = Math.max(most, Math.abs(whole.get(0, i, i) - half.get(0, i, i)));
        }
        // Weights are off by 2^-11 of themselves, and there are a few hundred layers and steps.
        assertThat(most).isPositive().isLessThan(0.05f);
      }
    }
  }
}
