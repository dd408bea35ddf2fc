package org.tastemaker.human.improve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.human.web.Reply;

/** Images of a tiny model, as functions of its noise, of gains and of both. */
class ModelPainterTest {
  private static final LatentDiffusion TINY = TinyModel.create(Seed.of(1));
  private static final LatentDiffusion MODEL = TINY.with(TINY.options().withEta(0));
  private static final Prompt PROMPT = Prompt.of("a red cat");

  @TempDir private Path folder;

  @AfterAll
  static void close() {
    TINY.close();
  }

  @Test
  void theSearchBeginsAtTheImageThatTheModelMakesOfTheSeed() {
    Image model = MODEL.generate(List.of(PROMPT), List.of(Seed.of(5))).get(0);
    for (Over over : Over.values()) {
      try (ModelPainter painter = painter(over)) {
        assertThat(distance(paint(painter, painter.start()), model)).isLessThan(1e-5);
      }
    }
  }

  @Test
  void eachPointHasTheSameImageEveryTimeAndAnotherThanOtherPoints() {
    for (Over over : Over.values()) {
      try (ModelPainter painter = painter(over)) {
        float[] moved = painter.start();
        moved[moved.length - 1] += 1;
        Image there = paint(painter, moved);

        assertThat(paint(painter, painter.start())).isNotEqualTo(there);
        assertThat(paint(painter, moved)).isEqualTo(there);
      }
    }
  }

  @Test
  void theDownloadedLoraMakesTheImageOfThePoint() throws IOException {
    try (ModelPainter painter = painter(Over.GAINS)) {
      float[] point = painter.start();
      for (int i = 0; i < point.length; i++) {
        point[i] = 5 - i;
      }
      Image image = paint(painter, point);
      Path file = folder.resolve("lora.safetensors");
      Files.write(file, painter.lora(point).orElseThrow());

      Map<LoraNetwork, Lora> read =
          LoraFile.read(
              file, "read", Map.of(LoraNetwork.UNET, MODEL.components().unet().parameters()));
      try (Lora lora = Objects.requireNonNull(read.get(LoraNetwork.UNET))) {
        LatentDiffusion adapted = MODEL.with(FunctionOptions.inference().withAdapter(lora));
        Image again = adapted.generate(List.of(PROMPT), List.of(Seed.of(5))).get(0);
        Image plain = MODEL.generate(List.of(PROMPT), List.of(Seed.of(5))).get(0);

        // The file is in half precision, of 11 bits.
        assertThat(distance(again, image)).isLessThan(distance(plain, image) / 50);
      }
    }
  }

  @Test
  void thereIsALoraOnlyWhereGainsAreSearched() {
    for (Over over : Over.values()) {
      try (ModelPainter painter = painter(over)) {
        assertThat(painter.lora(painter.start()).isPresent()).isEqualTo(painter.hasLora());
        assertThat(painter.hasLora()).isEqualTo(over != Over.NOISE);
      }
    }
  }

  @Test
  void aPointOfAnotherSearchIsRejected() {
    try (ModelPainter painter = painter(Over.NOISE)) {
      assertThatThrownBy(() -> paint(painter, new float[3]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("over noise, holds")
          .hasMessageContaining("but this one holds 3");
    }
  }

  @Test
  void anImageCanBeCancelled() {
    try (ModelPainter painter = painter(Over.NOISE)) {
      Cancellation cancelled = new Cancellation();
      cancelled.cancel();

      assertThatThrownBy(() -> painter.paint(painter.start(), cancelled))
          .isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void aRunWithAModelIsBitIdenticalAfterARestart() {
    for (Over over : Over.values()) {
      float[] uninterrupted;
      byte[] image;
      try (ModelPainter painter = painter(over);
          Visit visit = Visit.open(folder.resolve(over + "one"), painter)) {
        visit.click(4);
        JsonObject unused = visit.whole();
        uninterrupted = visit.session.best();
        image = visit.get("/download/image.png").body();
      }
      for (int i = 0; i < 2; i++) {
        try (ModelPainter painter = painter(over);
            Visit visit = Visit.open(folder.resolve(over + "two"), painter)) {
          visit.click(2);
        }
      }
      try (ModelPainter painter = painter(over);
          Visit visit = Visit.open(folder.resolve(over + "two"), painter)) {
        JsonObject unused = visit.whole();
        assertThat(visit.session.best()).isEqualTo(uninterrupted);
        assertThat(visit.get("/download/image.png").body()).isEqualTo(image);
        assertThat(paint(painter, uninterrupted).toPng()).isEqualTo(image);
      }
    }
  }

  @Test
  void thePageGivesTheLoraOfTheBestPoint() {
    try (ModelPainter painter = painter(Over.BOTH);
        Visit visit = Visit.open(folder, painter)) {
      visit.click(2);
      Reply lora = visit.get("/download/lora.safetensors");

      assertThat(lora.status()).isEqualTo(200);
      assertThat(lora.body()).isEqualTo(painter.lora(visit.session.best()).orElseThrow());
      assertThat(visit.state().flag("lora")).isTrue();
    }
  }

  private static ModelPainter painter(Over over) {
    return new ModelPainter(MODEL, "tiny", PROMPT, over, Seed.of(5));
  }

  private static Image paint(ModelPainter painter, float[] point) {
    return painter.paint(point, new Cancellation());
  }

  private static double distance(Image a, Image b) {
    double largest = 0;
    for (int i = 0; i < a.toFloats().length; i++) {
      largest = Math.max(largest, Math.abs(a.toFloats()[i] - b.toFloats()[i]));
    }
    return largest;
  }
}
