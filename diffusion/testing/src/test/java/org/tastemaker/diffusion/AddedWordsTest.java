package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.condition.TextualInversion;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;

/** Words that a model did not know: what stands for them is what the U-Net reads. */
class AddedWordsTest {
  private static final String TABLE = "text_model.embeddings.token_embedding.weight";
  private static final String KNOWN = "red cat";

  @TempDir Path temp;

  private static List<Image> images(LatentDiffusion model, String prompt) {
    return model.generate(List.of(Prompt.of(prompt)), Seed.of(7));
  }

  /** An embedding that stands for the vectors of words which every text encoder knows. */
  private static TextualInversion of(String token, LatentDiffusion model) {
    List<INDArray> vectors = new ArrayList<>();
    ClipTokenizer tokenizer = model.components().tokenizer();
    int[] ids = tokenizer.encodeUnpadded(KNOWN).toArray();
    for (ClipTextModel encoder : model.components().textEncoders()) {
      INDArray table = encoder.parameters().get(TABLE);
      vectors.add(
          table
              .get(
                  NDArrayIndex.indices(
                      Arrays.stream(ids, 1, ids.length - 1).asLongStream().toArray()))
              .dup('c'));
    }
    return TextualInversion.of(token, vectors);
  }

  @Test
  void aWordThatStandsForKnownVectorsMakesTheSameImage() {
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        LatentDiffusion more = model.with(of("<pet>", model))) {
      assertThat(of("<pet>", model).vectors()).isGreaterThan(1);
      List<Image> known = images(model, KNOWN);
      List<Image> pieces = images(model, "<pet>");
      assertThat(images(more, "<pet>")).isEqualTo(known).isNotEqualTo(pieces);
      assertThat(images(more, KNOWN)).isEqualTo(known);
      assertThat(images(model, "<pet>")).isEqualTo(pieces); // this view knows it still not
    }
  }

  @Test
  void aModelIsSavedWithItsWords() {
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        LatentDiffusion more = model.with(of("<pet>", model))) {
      more.save(temp.resolve("model"));
      try (LatentDiffusion loaded = LatentDiffusion.load(temp.resolve("model"))) {
        assertThat(images(loaded.with(model.options()), "a <pet>"))
            .isEqualTo(images(more, "a <pet>"));
      }
    }
  }

  @Test
  void bothTextEncodersOfAnXlLearnTheWord() {
    try (LatentDiffusion model = TinyXl.base(Seed.of(1));
        LatentDiffusion more = model.with(of("<pet>", model))) {
      assertThat(images(more, "<pet>"))
          .isEqualTo(images(model, KNOWN))
          .isNotEqualTo(images(model, "<pet>"));
    }
  }

  @Test
  void aWordThatIsNoTokenIsRemarkedOn() {
    List<String> told = new ArrayList<>();
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        LatentDiffusion more = model.with(of("<pet>", model))) {
      for (LatentDiffusion view : List.of(model, more)) {
        List<Image> unused =
            images(
                view.listener(
                    event -> {
                      if (event instanceof RunEvent.Notice notice) {
                        told.add(notice.message());
                      }
                    }),
                "a <PET>");
      }
    }
    told.removeIf(message -> message.contains("the following part was cut off"));
    assertThat(told).hasSize(1);
    assertThat(told.get(0)).contains("<PET>").contains("is no token of this model");
  }

  @Test
  void vectorsOfAnotherModelAreRefused() {
    try (LatentDiffusion model = TinyModel.create(Seed.of(1));
        LatentDiffusion xl = TinyXl.base(Seed.of(1))) {
      assertThatThrownBy(() -> model.with(of("<pet>", xl)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("it was learned for another model");
      assertThatThrownBy(() -> model.with(of("<pet>", model)).with(of("<pet>", model)))
          .hasMessageContaining("'<pet>' is a token already");
    }
  }
}
