package org.tastemaker.examples.emoji;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;

class EmojiTrainingTest {
  private static final EmojiTraining.Options SHORT =
      new EmojiTraining.Options(2, 4, 4, 3, 2, 1, 100);

  private static GlyphSheet few;

  @TempDir Path folder;

  @BeforeAll
  static void takeFewGlyphs() {
    GlyphSheet all = BundledModel.glyphs();
    few = new GlyphSheet(all.glyphs().subList(0, 6), all.images().subList(0, 6));
  }

  private static EmojiTraining training(Path run, RunListener listener, Cancellation cancellation) {
    return new EmojiTraining(few, run, SHORT, Seed.of(1), listener, cancellation);
  }

  @Test
  void theTrainedModelSamples() {
    Path model = training(folder.resolve("run"), RunListener.none(), new Cancellation()).train();

    try (LatentDiffusion loaded = LatentDiffusion.load(model)) {
      List<Image> images =
          loaded
              .with(BundledModel.sampling().withSteps(2))
              .generate(List.of(Prompt.of("grinning face")), Seed.of(1));
      assertThat(images.get(0).width()).isEqualTo(32);
    }
    assertThat(folder.resolve("run/vae/model/config.json")).exists();
  }

  @Test
  void aStoppedRunIsResumedAndEndsWithTheSameModel() throws IOException {
    Path whole = training(folder.resolve("whole"), RunListener.none(), new Cancellation()).train();
    Path halves = folder.resolve("halves");
    Path autoencoder = halves.resolve("vae/model");
    // Stopped in the autoencoder, and then in the middle of the denoiser.
    stopAt(halves, () -> !Files.exists(autoencoder), 1);
    stopAt(halves, () -> Files.exists(autoencoder), 2);

    Path model = training(halves, RunListener.none(), new Cancellation()).train();

    assertThat(Files.mismatch(weights(model), weights(whole))).isEqualTo(-1);
  }

  private static void stopAt(Path run, BooleanSupplier stage, long step) {
    Cancellation cancellation = new Cancellation();
    RunListener listener =
        event -> {
          if (event instanceof RunEvent.Metrics m && stage.getAsBoolean() && m.step() == step) {
            cancellation.cancel();
          }
        };
    assertThatThrownBy(() -> training(run, listener, cancellation).train())
        .isInstanceOf(CancellationException.class);
  }

  private static Path weights(Path model) {
    return model.resolve("unet/diffusion_pytorch_model.safetensors");
  }

  @Test
  void optionsAreChecked() {
    assertThatThrownBy(() -> new EmojiTraining.Options(1, 1, 2, 3, 1, 1, 1))
        .hasMessageContaining("stop in [1, steps]");
  }
}
