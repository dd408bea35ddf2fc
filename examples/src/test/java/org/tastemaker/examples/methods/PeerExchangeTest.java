package org.tastemaker.examples.methods;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.examples.align.EmojiTask;

class PeerExchangeTest {
  private static final List<Prompt> PROMPTS = List.of(Prompt.of("rocket"), Prompt.of("robot"));
  private static final int ROUND_IMAGES = 6;
  private static final int HELD_OUT_IMAGES = 4;

  @TempDir private Path folder;

  /** What the other program does whenever it is waited for. */
  private final Deque<Runnable> acts = new ArrayDeque<>();

  private PeerExchange exchange() {
    return new PeerExchange(
        folder,
        new Protocol(PROMPTS, 4, 3, 2, 1.5),
        new TrialJudge(new EmojiTask("redness", PROMPTS, (image, prompt) -> image.get(0, 0, 0))),
        () -> acts.remove().run());
  }

  /** Images of 2 x 2 pixels, the first black and each a little redder than the one before. */
  private void ask(String name, int images) {
    float[] values = new float[images * 3 * 4];
    for (int i = 0; i < images; i++) {
      Arrays.fill(values, i * 12, i * 12 + 4, i / 10f);
    }
    new SafetensorsWriter()
        .add("images", values, DType.F32, images, 3, 2, 2)
        .write(folder.resolve(name));
  }

  private void done(int rounds) {
    Curve curve = new Curve(List.of());
    for (int i = 0; i <= rounds; i++) {
      curve =
          curve.with(new Curve.Point(i, 6 * i, 1, 2, OptionalDouble.empty(), OptionalDouble.of(i)));
    }
    curve.write(folder.resolve("curve.jsonl"));
  }

  private List<Double> answer(String name) {
    return Json.readObject(folder.resolve(name)).numbers("values");
  }

  @Test
  void aRoundIsRewardedAndHeldOutImagesAreScored() {
    acts.add(() -> ask("round-0001.safetensors", ROUND_IMAGES));
    acts.add(() -> ask("held-out-0001.safetensors", HELD_OUT_IMAGES));
    acts.add(() -> done(1));

    Curve curve = exchange().until(1);

    assertThat(curve.round()).isEqualTo(1);
    assertThat(answer("round-0001.json")).containsExactly(0.0, 0.5, 1.0, 0.0, 0.5, 1.0);
    assertThat(answer("held-out-0001.json"))
        .containsExactly(0.0, (double) 0.1f, (double) 0.2f, (double) 0.3f);
    assertThat(Json.readObject(folder.resolve("turn.json")).integer("round")).isEqualTo(1);
  }

  @Test
  void whatIsDoneIsNotWaitedFor() {
    done(3);

    assertThat(exchange().until(2).round()).isEqualTo(3);
  }

  @Test
  void anAnsweredQuestionIsNotAnsweredAgain() throws Exception {
    ask("round-0001.safetensors", ROUND_IMAGES);
    Files.writeString(folder.resolve("round-0001.json"), "{\"values\": [7]}");
    acts.add(() -> done(1));

    Curve unused = exchange().until(1);

    assertThat(answer("round-0001.json")).containsExactly(7.0);
  }

  @Test
  void aQuestionIsWaitedForUntilTheProgramEnds() {
    acts.add(
        () -> {
          throw new IllegalStateException("the other program has ended");
        });

    assertThatThrownBy(() -> exchange().until(1)).hasMessage("the other program has ended");
  }

  @Test
  void aWrongNumberOfImagesIsRefused() {
    ask("round-0002.safetensors", ROUND_IMAGES - 1);

    assertThatThrownBy(() -> exchange().until(2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("round-0002.safetensors must hold 6 images, [6, 3, H, W], but holds")
        .hasMessageContaining("[5, 3, 2, 2]");
    assertThat(folder.resolve("round-0002.json")).doesNotExist();
  }

  @Test
  void aHalfWrittenFileIsRefused() {
    ask("round-0001.safetensors", ROUND_IMAGES);
    cut(folder.resolve("round-0001.safetensors"));

    assertThatThrownBy(() -> exchange().until(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("round-0001.safetensors cannot be read, and must be whole");
  }

  private static void cut(Path file) {
    try {
      byte[] all = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(all, all.length - 5));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void valuesOutsideOfTheRangeAreRefused() {
    float[] values = new float[ROUND_IMAGES * 12];
    values[3] = 1.5f;
    new SafetensorsWriter()
        .add("images", values, DType.F32, ROUND_IMAGES, 3, 2, 2)
        .write(folder.resolve("round-0001.safetensors"));

    assertThatThrownBy(() -> exchange().until(1))
        .hasMessageContaining("round-0001.safetensors holds no images")
        .hasMessageContaining("1.5");
  }

  @Test
  void aFileWithoutImagesIsRefused() {
    new SafetensorsWriter()
        .add("pictures", new float[1], DType.F32, 1)
        .write(folder.resolve("round-0001.safetensors"));

    assertThatThrownBy(() -> exchange().until(1)).hasMessageContaining("images");
  }

  @Test
  void otherFilesAreNoQuestions() throws Exception {
    Files.writeString(folder.resolve("noise.safetensors"), "none");
    Files.writeString(folder.resolve("round-0001.safetensors.tmp"), "half");
    acts.add(() -> done(1));

    assertThat(exchange().until(1).round()).isEqualTo(1);
  }
}
