package org.tastemaker.diffusion.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TorchBytes;

/** Files of embeddings, in every published form. */
class TextualInversionTest {
  private static final float[] TWO = {1, 2, 3, 4, 5, 6};

  @TempDir Path folder;

  private static float[] numbers(TextualInversion read, Integer... widths) {
    INDArray last = read.matrices(List.of(widths)).get(widths.length - 1);
    assertThat(last.shape()).containsExactly(read.vectors(), widths[widths.length - 1]);
    return last.ravel().toFloatVector();
  }

  @Test
  void aTensorUnderTheTokensNameIsRead() {
    Path safe = folder.resolve("learned_embeds.safetensors");
    new SafetensorsWriter().add("<toy>", new float[] {1, 2, 3}, DType.F32, 3).write(safe);
    Path pickled = folder.resolve("learned_embeds.bin");
    TorchBytes.write(pickled, Map.of("<toy>", new float[][] {{1, 2, 3}, {4, 5, 6}}));
    TextualInversion one = TextualInversion.read(safe);
    assertThat(one.token()).isEqualTo("<toy>");
    assertThat(one.vectors()).isEqualTo(1);
    assertThat(numbers(one, 3)).containsExactly(1, 2, 3);
    TextualInversion two = TextualInversion.read(pickled);
    assertThat(two.token()).isEqualTo("<toy>");
    assertThat(numbers(two, 3)).containsExactly(TWO);
    assertThat(TextualInversion.read(pickled, "<other>").token()).isEqualTo("<other>");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theWebUisFileIsReadUnderItsOwnName(boolean parameters) {
    Path file = folder.resolve("file-name.pt");
    TorchBytes.writeWebUi(file, "style-name", TWO, parameters);
    TextualInversion read = TextualInversion.read(file);
    assertThat(read.token()).isEqualTo("style-name");
    assertThat(numbers(read, 6)).containsExactly(TWO);
  }

  @Test
  void theWebUisNewerFileHasTheNameOfTheFile() {
    Path file = folder.resolve("easy-negative.safetensors");
    new SafetensorsWriter().add("emb_params", TWO, DType.F32, 2, 3).write(file);
    TextualInversion read = TextualInversion.read(file);
    assertThat(read.token()).isEqualTo("easy-negative");
    assertThat(numbers(read, 3)).containsExactly(TWO);
  }

  @Test
  void thePairOfStableDiffusionXlIsReadForBothTextEncoders() {
    Path file = folder.resolve("xl.safetensors");
    new SafetensorsWriter()
        .add("clip_g", new float[] {7, 8, 9, 10}, DType.F32, 1, 4)
        .add("clip_l", new float[] {1, 2, 3}, DType.F32, 1, 3)
        .write(file);
    TextualInversion read = TextualInversion.read(file);
    assertThat(read.token()).isEqualTo("xl");
    assertThat(numbers(read, 3, 4)).containsExactly(7, 8, 9, 10);
    assertThat(numbers(read, 3)).containsExactly(1, 2, 3);
    assertThat(numbers(read, 4)).containsExactly(7, 8, 9, 10); // the refiner's one
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read.matrices(List.of(5)))
        .withMessageContaining("has vectors of [3, 4] numbers, but the model's text encoder reads")
        .withMessageContaining("[5]");
  }

  @Test
  void oneVectorForTwoTextEncodersIsRefused() {
    TextualInversion one =
        TextualInversion.of("<t>", List.of(Nd4j.createFromArray(new float[][] {{1, 2, 3}})));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> one.matrices(List.of(3, 4)))
        .withMessageContaining("has vectors of [3] numbers, but the model's text encoders read");
  }

  @Test
  void aFileThatIsNoEmbeddingIsRefused() {
    Path file = folder.resolve("model.safetensors");
    Map<String, float[][]> several = new LinkedHashMap<>();
    several.put("<a>", new float[][] {{1}});
    several.put("<b>", new float[][] {{1}});
    Path pickled = folder.resolve("several.bin");
    TorchBytes.write(pickled, several);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextualInversion.read(pickled))
        .withMessageContaining("no embedding of textual inversion")
        .withMessageContaining("2 tensors, such as [<a>, <b>]")
        .withMessageContaining("each token in a file of its own");
    new SafetensorsWriter().add("conv.weight", TWO, DType.F32, 1, 1, 2, 3).write(file);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextualInversion.read(file))
        .withMessageContaining("it has 1 tensors, such as [conv.weight]");
    new SafetensorsWriter().add("<t>", new float[] {1, Float.NaN}, DType.F32, 2).write(file);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextualInversion.read(file))
        .withMessageContaining("holds a number that is not finite");
    new SafetensorsWriter().add("<t>", new float[0], DType.F32, 0, 3).write(file);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextualInversion.read(file))
        .withMessageContaining("must be 1 to 1000 vectors, but its shape is [0, 3]");
  }
}
