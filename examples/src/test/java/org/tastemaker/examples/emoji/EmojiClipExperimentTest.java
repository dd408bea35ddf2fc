package org.tastemaker.examples.emoji;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.train.ClipBatch;

class EmojiClipExperimentTest {
  private static final EmojiClipExperiment.Options SHORT =
      new EmojiClipExperiment.Options(
          2,
          8,
          5,
          2,
          1,
          EmojiClipExperiment.Options.defaults().hps().withMaxEpochs(1).withBatchPrompts(4));

  @TempDir Path temp;

  @Test
  void bothModelsAreSavedAndMeasured() throws IOException {
    try (LatentDiffusion model = BundledModel.load()) {
      EmojiClipExperiment.Result result =
          new EmojiClipExperiment(model, temp, SHORT, Seed.of(1), RunListener.none())
              .run(new Cancellation());
      assertThat(result.glyphs().images()).isEqualTo(852);
      assertThat(result.glyphs().firstFive()).isGreaterThanOrEqualTo(result.glyphs().first());
      assertThat(result.hps().trainingLoss()).hasSize(1);
      assertThat(result.hps().before().prompts()).isEqualTo(result.hps().heldOut().prompts());
      assertThat(TrainEmojiClip.table(result)).contains("prompts held out", "CLIP", "HPS");
    }
    for (String name : List.of("clip", "hps")) {
      try (ClipModel loaded = ClipModel.load(temp.resolve(name))) {
        assertThat(loaded.config().vision().imageSize()).isEqualTo(GlyphSheet.SIDE);
      }
      assertThat(Files.size(temp.resolve(name).resolve("model.safetensors"))).isLessThan(2_000_000);
    }
  }

  @Test
  void batchHasEveryCaptionOnceAndIsAFunctionOfItsNumber() {
    GlyphSheet sheet = BundledModel.glyphs();
    EmojiClip data =
        new EmojiClip(
            sheet,
            sheet.images(),
            EmojiArchitecture.tokenizer(CaptionMix.of(sheet.glyphs()).captions()),
            Seed.of(1));
    ClipBatch batch = data.batches(64).batch(3);
    assertThat(new HashSet<>(batch.texts())).hasSize(64);
    assertThat(data.batches(64).batch(3).texts()).isEqualTo(batch.texts());
    assertThat(data.batches(64).batch(3).images().values()).isEqualTo(batch.images().values());
    assertThat(data.batches(64).batch(4).texts()).isNotEqualTo(batch.texts());
  }

  @Test
  void fewerThanThreePromptsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new EmojiClipExperiment.Options(2, 8, 2, 2, 1, SHORT.hps()))
        .withMessageContaining("at least 3 prompts");
  }
}
