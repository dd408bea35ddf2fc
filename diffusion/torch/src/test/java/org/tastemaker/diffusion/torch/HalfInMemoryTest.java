package org.tastemaker.diffusion.torch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.CheckpointOptions;
import org.tastemaker.diffusion.FolderOptions;
import org.tastemaker.diffusion.LatentDiffusion;
import org.tastemaker.diffusion.checkpoint.ClipFile;
import org.tastemaker.diffusion.checkpoint.ClipFileOptions;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionConfig;
import org.tastemaker.diffusion.model.ClipVisionModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.diffusion.weights.DType;

/** Weights in half precision that stay so in memory. */
class HalfInMemoryTest {
  private static final FolderOptions HALF = FolderOptions.defaults().withHalfInMemory(true);
  private static final List<Prompt> PROMPTS = TinyModel.prompts(2);

  @TempDir Path temp;

  private Path saved(DType dtype) {
    Path folder = temp.resolve("model");
    try (LatentDiffusion model = TinyModel.create(Seed.of(1))) {
      model.save(folder, dtype);
    }
    return folder;
  }

  private static Engine torch(String precision) {
    return Engines.named("torch").on(Placement.of("cpu", precision));
  }

  private static List<Image> images(LatentDiffusion model, String precision) {
    LatentDiffusion view = model.on(torch(precision));
    return view.with(view.options().withSteps(3)).generate(PROMPTS, Seed.of(2));
  }

  private static long bytes(LatentDiffusion model) {
    return List.of(
            model.components().unet().parameters(),
            model.components().vae().parameters(),
            model.components().textEncoder().parameters())
        .stream()
        .map(Parameters::arrays)
        .flatMap(arrays -> arrays.values().stream())
        .mapToLong(array -> array.length() * array.dataType().width())
        .sum();
  }

  @ParameterizedTest
  @CsvSource({"F16, float32", "F16, bfloat16", "BF16, float32", "BF16, bfloat16"})
  void imagesAreTheSameWithHalfOfTheMemory(DType dtype, String precision) {
    Path folder = saved(dtype);
    try (LatentDiffusion wide = LatentDiffusion.load(folder);
        LatentDiffusion half = LatentDiffusion.load(folder, HALF)) {
      assertThat(bytes(half)).isEqualTo(bytes(wide) / 2);
      assertThat(images(half, precision)).isEqualTo(images(wide, precision));
    }
  }

  @Test
  void aCheckpointInOneFileStaysHalfToo() throws IOException {
    Path file = temp.resolve("xl.safetensors");
    try (LatentDiffusion model = TinyXl.base(Seed.of(3))) {
      model.saveCheckpoint(file, DType.F16);
      Files.createDirectories(temp.resolve("tokenizer"));
      model.components().tokenizer().save(temp.resolve("tokenizer"));
    }
    try (LatentDiffusion wide = LatentDiffusion.load(file);
        LatentDiffusion half =
            LatentDiffusion.load(file, CheckpointOptions.defaults().withHalfInMemory(true))) {
      assertThat(bytes(half)).isEqualTo(bytes(wide) / 2);
      assertThat(images(half.with(half.options().withHeight(16).withWidth(16)), "bfloat16"))
          .isEqualTo(images(wide.with(wide.options().withHeight(16).withWidth(16)), "bfloat16"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void aClipModelStaysHalfInBothOfItsTowers(DType dtype) {
    ClipConfig config =
        ClipConfig.of(
            new ClipTextConfig(12, 8, 8, 1, 1, 5, Activation.GELU, 1e-5, 10, 11, 0, 4),
            new ClipVisionConfig(8, 8, 1, 2, 4, 2, Activation.GELU, 1e-5, 4));
    Path folder = temp.resolve("clip");
    try (ClipModel clip = ClipModel.random(config, Seed.of(5))) {
      clip.save(folder, dtype);
    }
    ClipFileOptions half = ClipFileOptions.defaults().withHalfInMemory(true);
    try (ClipModel wide = ClipFile.load(folder);
        ClipModel kept = ClipFile.load(folder, half);
        INDArray pixels = Nd4j.linspace(DataType.FLOAT, -1, 0.02, 96).reshape(2, 3, 4, 4);
        INDArray ids = Nd4j.createFromArray(new int[][] {{10, 3, 11, 0, 0}})) {
      assertThat(kept.parameters().arrays().values())
          .allSatisfy(array -> assertThat(array.dataType().width()).isEqualTo(2));
      assertThat(vectors(kept, pixels, ids)).isEqualTo(vectors(wide, pixels, ids));
    }
  }

  private static List<INDArray> vectors(ClipModel clip, INDArray pixels, INDArray ids) {
    FunctionOptions there =
        FunctionOptions.inference()
            .withEngine(torch("float32"))
            .withInputGradients(Set.of(ClipVisionModel.PIXEL_VALUES));
    GraphFunction tower = clip.vision().function(2, there);
    INDArray image =
        requireNonNull(
            tower
                .forward(Map.of(ClipVisionModel.PIXEL_VALUES, pixels))
                .get(ClipVisionModel.IMAGE_EMBEDS));
    INDArray gradient =
        requireNonNull(
            tower
                .backward(Map.of(ClipVisionModel.IMAGE_EMBEDS, image))
                .get(ClipVisionModel.PIXEL_VALUES));
    INDArray text =
        requireNonNull(
            clip.text()
                .hiddenStates(1, 5, 0, FunctionOptions.inference().withEngine(torch("float32")))
                .forward(Map.of(ClipTextModel.INPUT_IDS, ids))
                .get(ClipTextModel.TEXT_EMBEDS));
    return List.of(image.dup(), gradient.dup(), text.dup());
  }

  @Test
  void weightsInSinglePrecisionStaySo() {
    Path folder = saved(DType.F32);
    try (LatentDiffusion wide = LatentDiffusion.load(folder);
        LatentDiffusion half = LatentDiffusion.load(folder, HALF)) {
      assertThat(bytes(half)).isEqualTo(bytes(wide));
    }
  }

  @Test
  void anAdapterOnThemCountsTheSame() {
    Path folder = saved(DType.F16);
    try (LatentDiffusion wide = LatentDiffusion.load(folder);
        LatentDiffusion half = LatentDiffusion.load(folder, HALF);
        Lora lora = TinyModel.lora(wide, Seed.of(4))) {
      lora.parameters().arrays().values().forEach(array -> array.addi(0.01));
      FunctionOptions adapted = FunctionOptions.inference().withAdapter(lora);
      FunctionOptions there = adapted.withEngine(torch("float32"));
      assertThat(half.on(torch("float32")).with(there).generate(PROMPTS, Seed.of(2)))
          .isEqualTo(wide.on(torch("float32")).with(there).generate(PROMPTS, Seed.of(2)));
    }
  }

  @ParameterizedTest
  @CsvSource({"replay", "onednn", "session"})
  void anEngineThatDoesNotReadThemSaysSo(String engine) {
    Path folder = saved(DType.F16);
    try (LatentDiffusion half = LatentDiffusion.load(folder, HALF)) {
      assertThatThrownBy(() -> half.on(Engines.named(engine)).generate(PROMPTS, Seed.of(2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("weights are in half precision in memory")
          .hasMessageContaining("load the model without halfInMemory");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void aSavedModelIsTheOneThatWasLoaded(DType dtype) {
    Path folder = saved(dtype);
    Path again = temp.resolve("again");
    try (LatentDiffusion half = LatentDiffusion.load(folder, HALF)) {
      half.save(again, dtype);
    }
    String weights = "unet/diffusion_pytorch_model.safetensors";
    assertThat(again.resolve(weights)).hasSameBinaryContentAs(folder.resolve(weights));
  }

  @ParameterizedTest
  @CsvSource({"F16, 0x7C00", "F16, 0xFE01", "BF16, 0x7F80", "BF16, 0xFFC1"})
  void aNumberThatIsNotFiniteIsNamed(DType dtype, String bits) throws IOException {
    Path folder = saved(dtype);
    Path weights = folder.resolve("vae/diffusion_pytorch_model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putShort(bytes.length - 2, (short) (int) Integer.decode(bits));
    Files.write(weights, bytes);
    assertThatThrownBy(() -> LatentDiffusion.load(folder, HALF))
        .hasMessageContaining(weights.toString())
        .hasMessageContaining("the file is damaged or its training diverged");
  }

  @Test
  void theyAreNotTrained() {
    Path folder = saved(DType.F16);
    try (LatentDiffusion half = LatentDiffusion.load(folder, HALF)) {
      INDArray weight = half.components().unet().parameters().get("conv_in.weight");
      assertThat(weight.dataType().width()).isEqualTo(2);
      assertThatThrownBy(
              () ->
                  half.components()
                      .unet()
                      .function(
                          1, 4, 4, 6, FunctionOptions.training().withEngine(torch("float32"))))
          .hasMessageContaining("must be a FLOAT array");
    }
  }
}
