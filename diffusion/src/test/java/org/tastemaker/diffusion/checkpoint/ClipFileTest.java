package org.tastemaker.diffusion.checkpoint;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionConfig;
import org.tastemaker.diffusion.model.ClipVisionModel;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.WeightsMismatchException;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TensorFile;
import org.tastemaker.diffusion.weights.TensorFiles;

/**
 * Files of CLIP models. The toy's weights are a formula (the j-th number of the k-th tensor is 0.5
 * sin(1.7 j + 0.3 k + 0.5)), and its vectors were computed twice in double precision by programs
 * that share nothing: matrices with transformers' names, and loops with OpenCLIP's. {@code
 * open_clip.pt} was written by torch.save, its names behind {@code module.} in a {@code
 * state_dict}.
 */
class ClipFileTest {
  /** Single precision against double, through two layers: what the library promises. */
  private static final double BOUND = 1e-5;

  @TempDir Path temp;

  private static ClipConfig toy(Activation activation) {
    return ClipConfig.of(
        new ClipTextConfig(16, 6, 12, 2, 2, 6, activation, 1e-5, 14, 15, 0, 4),
        new ClipVisionConfig(8, 16, 2, 2, 8, 4, activation, 1e-5, 4));
  }

  private static Path resource(String name) {
    try {
      return Path.of(requireNonNull(ClipFileTest.class.getResource("/clip/" + name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ClipFileOptions options(Activation activation) {
    return ClipFileOptions.defaults().withConfig(Optional.of(toy(activation)));
  }

  /** The toy's weights under other names, or changed otherwise. */
  private Path written(String from, String to, UnaryOperator<String> rename, DType dtype) {
    return written(from, to, rename, dtype, writer -> {});
  }

  private Path written(
      String from,
      String to,
      UnaryOperator<String> rename,
      DType dtype,
      Consumer<SafetensorsWriter> more) {
    SafetensorsWriter writer = new SafetensorsWriter();
    try (TensorFile file = TensorFiles.open(resource(from))) {
      List<INDArray> arrays =
          file.names().stream().map(name -> file.array(name, DataType.FLOAT)).toList();
      int i = 0;
      for (String name : file.names()) {
        String renamed = rename.apply(name);
        if (!renamed.isEmpty()) {
          writer.add(renamed, arrays.get(i), dtype);
        }
        i++;
      }
      more.accept(writer);
      writer.write(temp.resolve(to));
      arrays.forEach(INDArray::close);
    }
    return temp.resolve(to);
  }

  private static String withoutModule(String name) {
    return name.replaceFirst("^module\\.", "");
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] image(ClipModel clip) {
    float[] pixels = new float[3 * 8 * 8];
    for (int j = 0; j < pixels.length; j++) {
      pixels[j] = (float) Math.sin(0.9 * j + 0.2);
    }
    GraphFunction tower = clip.vision().function(1, FunctionOptions.inference());
    try (INDArray input = Nd4j.create(pixels, new long[] {1, 3, 8, 8}, 'c')) {
      return requireNonNull(
              tower
                  .forward(Map.of(ClipVisionModel.PIXEL_VALUES, input))
                  .get(ClipVisionModel.IMAGE_EMBEDS))
          .data()
          .asFloat();
    }
  }

  private static double[] text(ClipModel clip, int[] ids) {
    GraphFunction tower = clip.text().hiddenStates(1, ids.length, 0, FunctionOptions.inference());
    try (INDArray input = Nd4j.createFromArray(new int[][] {ids})) {
      INDArray all =
          requireNonNull(
              tower.forward(Map.of(ClipTextModel.INPUT_IDS, input)).get(ClipTextModel.TEXT_EMBEDS));
      int end = clip.text().endOf(ids).orElseThrow();
      double[] text = new double[(int) all.size(2)];
      for (int p = 0; p < text.length; p++) {
        text[p] = all.getDouble(0, end, p);
      }
      return text;
    }
  }

  private static void checkToy(ClipModel clip, Activation activation) {
    JsonObject expected =
        Json.readObject(resource("expected.json"))
            .object(activation.name().toLowerCase(Locale.ROOT));
    for (String inputs : List.of("ids", "ends_twice")) {
      JsonObject theirs = expected.object(inputs);
      int[] ids = theirs.integers("input_ids").stream().mapToInt(Integer::intValue).toArray();
      double[] text = text(clip, ids);
      float[] image = image(clip);
      double product = 0;
      double textLength = 0;
      double imageLength = 0;
      for (int p = 0; p < 4; p++) {
        assertThat(image[p]).isCloseTo(theirs.numbers("image").get(p).floatValue(), near());
        assertThat(text[p]).isCloseTo(theirs.numbers("text").get(p), within(BOUND));
        product += image[p] * text[p];
        textLength += text[p] * text[p];
        imageLength += image[p] * image[p];
      }
      assertThat(product / Math.sqrt(textLength * imageLength))
          .isCloseTo(theirs.number("cos"), within(BOUND));
    }
  }

  private static Offset<Float> near() {
    return within((float) BOUND);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void toyHasItsVectorsUnderTheNamesOfTransformers(Activation activation) {
    try (ClipModel clip = ClipFile.load(resource("model.safetensors"), options(activation))) {
      checkToy(clip, activation);
    }
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void toyHasItsVectorsInPyTorchsFileUnderTheNamesOfOpenClip(Activation activation) {
    try (ClipModel clip = ClipFile.load(resource("open_clip.pt"), options(activation))) {
      checkToy(clip, activation);
      assertThat(clip.logitScale().getDouble(0)).isCloseTo(Math.log(100), within(1e-6));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "module.", "clip_model.model."})
  void textTowerMayStandBehindAPrefixOfItsOwn(String wrapper) {
    Path newer =
        written(
            "open_clip.pt",
            "newer.safetensors",
            name -> {
              String plain = withoutModule(name);
              boolean ofText = !plain.startsWith("visual.") && !plain.equals("logit_scale");
              return wrapper + (ofText ? "text." : "") + plain;
            },
            DType.F32);
    try (ClipModel clip = ClipFile.load(newer, options(Activation.GELU))) {
      checkToy(clip, Activation.GELU);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void halvesAreWidened(DType half) {
    Path file = written("open_clip.pt", "half.safetensors", ClipFileTest::withoutModule, half);
    try (ClipModel clip = ClipFile.load(file, options(Activation.GELU));
        ClipModel exact = ClipFile.load(resource("open_clip.pt"), options(Activation.GELU));
        ClipModel kept = ClipFile.load(file, options(Activation.GELU).withHalfInMemory(true))) {
      float[] rounded = image(clip);
      // The weights have 8 bits or more, so that the vectors agree to some per cent, not exactly.
      assertThat(rounded).isNotEqualTo(image(exact));
      for (int p = 0; p < 4; p++) {
        assertThat(rounded[p]).isCloseTo(image(exact)[p], within(0.05f));
      }
      clip.parameters()
          .arrays()
          .forEach(
              (name, array) -> {
                INDArray same = kept.parameters().get(name);
                assertThat(same.dataType().width()).as(name).isEqualTo(2);
                assertThat(same.castTo(DataType.FLOAT)).as(name).isEqualTo(array);
              });
    }
  }

  @Test
  void tensorOfNoParameterIsRefusedByItsNameInTheFile() {
    Path file =
        written(
            "open_clip.pt",
            "more.safetensors",
            name -> name,
            DType.F32,
            writer -> writer.add("module.visual.head", new float[2], DType.F32, 2));
    assertThatThrownBy(() -> ClipFile.load(file, options(Activation.GELU)))
        .isInstanceOf(WeightsMismatchException.class)
        .hasMessageContaining("1 not in the network: module.visual.head");
  }

  @Test
  void missingTensorIsNamedAsTheFileWouldNameIt() {
    Path file =
        written(
            "open_clip.pt",
            "less.safetensors",
            name -> name.endsWith("visual.transformer.resblocks.1.ln_2.bias") ? "" : name,
            DType.F32);
    assertThatThrownBy(() -> ClipFile.load(file, options(Activation.GELU)))
        .isInstanceOf(WeightsMismatchException.class)
        .hasMessageContaining("1 missing: module.visual.transformer.resblocks.1.ln_2.bias");
  }

  @Test
  void weightsUnderTheNamesOfBothProgramsAreRefused() {
    Path file =
        written(
            "open_clip.pt",
            "both.safetensors",
            ClipFileTest::withoutModule,
            DType.F32,
            writer -> writer.add("text_projection.weight", new float[24], DType.F32, 4, 6));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClipFile.load(file, options(Activation.GELU)))
        .withMessageContaining("weights twice")
        .withMessageContaining("text_projection.weight");
  }

  @Test
  void buffersAmongTheWeightsAreLeftAlone() {
    Path file =
        written(
            "open_clip.pt",
            "buffers.safetensors",
            ClipFileTest::withoutModule,
            DType.F32,
            writer -> writer.add("context_length", new float[1], DType.F32, 1));
    try (ClipModel clip = ClipFile.load(file, options(Activation.GELU))) {
      checkToy(clip, Activation.GELU);
    }
  }

  @Test
  void configurationBesideTheFileIsTaken() {
    Path file = written("open_clip.pt", "weights.safetensors", name -> name, DType.F32);
    toy(Activation.GELU).write(temp.resolve("config.json"));
    try (ClipModel clip = ClipFile.load(file)) {
      assertThat(clip.config()).isEqualTo(toy(Activation.GELU));
    }
  }

  @ParameterizedTest
  @CsvSource({"true, QUICK_GELU", "false, GELU"})
  void openClipsFolderIsReadWithItsConfiguration(boolean quick, Activation activation) {
    Path unused = written("open_clip.pt", "open_clip_model.safetensors", name -> name, DType.F32);
    write(
        temp.resolve("open_clip_config.json"),
        """
        {"model_cfg": {"embed_dim": 4, "quick_gelu": %s,
          "vision_cfg": {"image_size": 8, "layers": 2, "width": 8, "head_width": 4, "patch_size": 4},
          "text_cfg": {"context_length": 6, "vocab_size": 16, "width": 6, "heads": 2, "layers": 2}},
         "preprocess_cfg": {"mean": [0.5, 0.5, 0.5]}}
        """
            .formatted(quick));
    try (ClipModel clip = ClipFile.load(temp)) {
      assertThat(clip.config()).isEqualTo(toy(activation));
      checkToy(clip, activation);
    }
  }

  @Test
  void settingOfOpenClipThatIsNotUnderstoodIsRefused() {
    Path file = written("open_clip.pt", "open_clip_model.safetensors", name -> name, DType.F32);
    write(
        temp.resolve("open_clip_config.json"),
        """
        {"embed_dim": 4, "vision_cfg": {"pool_type": "avg", "ls_init_value": null},
         "text_cfg": {"heads": 2}}
        """);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClipFile.load(file))
        .withMessageContaining("vision_cfg")
        .withMessageContaining("[pool_type]");
  }

  @Test
  void widthThatDoesNotSayItsHeadsIsRefusedWithTheWayOut() {
    ClipFileOptions gelu = ClipFileOptions.defaults().withActivation(Optional.of(Activation.GELU));
    Path file = written("open_clip.pt", "alone.safetensors", name -> name, DType.F32);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClipFile.load(file, gelu))
        .withMessageContaining("how many heads")
        .withMessageContaining("withConfig");
  }

  @Test
  void activationThatNothingSaysIsAskedFor() {
    Path file = written("open_clip.pt", "alone.safetensors", name -> name, DType.F32);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClipFile.load(file))
        .withMessageContaining("which activation")
        .withMessageContaining("ClipFileOptions.withActivation");
  }

  @ParameterizedTest
  @CsvSource({"128, 2", "1280, 16"})
  void sizesAreThoseOfTheTensors(int width, int heads) {
    ClipConfig config =
        ClipConfig.of(
            new ClipTextConfig(20, 64, 24, 1, 1, 7, Activation.GELU, 1e-5, 18, 19, 0, 6),
            new ClipVisionConfig(width, 32, 1, heads, 6, 2, Activation.GELU, 1e-5, 6));
    try (ClipModel clip = ClipModel.random(config, Seed.of(1))) {
      clip.save(temp);
    }
    Path file = temp.resolve("alone.safetensors");
    assertThat(temp.resolve("model.safetensors").toFile().renameTo(file.toFile())).isTrue();
    assertThat(temp.resolve("config.json").toFile().delete()).isTrue();
    // The widest towers exist with one activation only, and need not be asked for.
    ClipFileOptions said =
        width == 128
            ? ClipFileOptions.defaults().withActivation(Optional.of(Activation.GELU))
            : ClipFileOptions.defaults();
    try (ClipModel clip = ClipFile.load(file, said)) {
      assertThat(clip.config()).isEqualTo(config);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "visual.attnpool.c_proj.weight, ResNet",
    "visual.trunk.blocks.0.norm1.weight, timm",
    "layers.0.weight, aesthetic",
    "unet.weight, vision_model.embeddings.class_embedding"
  })
  void otherFilesAreRefusedWithWhatTheyAre(String tensor, String words) {
    Path file = temp.resolve("other.safetensors");
    new SafetensorsWriter().add(tensor, new float[2], DType.F32, 2).write(file);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ClipFile.load(file))
        .withMessageContaining("is no CLIP model")
        .withMessageContaining(words);
  }

  @Test
  void folderOfTransformersIsRead() {
    try (ClipModel clip = ClipModel.random(toy(Activation.GELU), Seed.of(3))) {
      clip.save(temp);
      try (ClipModel copy = ClipFile.load(temp)) {
        assertThat(copy.parameters().arrays()).isEqualTo(clip.parameters().arrays());
      }
    }
  }

  @Test
  void everyTensorOfAFileIsReadOnce() {
    try (SafetensorsFile file = SafetensorsFile.open(resource("model.safetensors"))) {
      assertThat(Set.copyOf(ClipModel.names(toy(Activation.GELU)))).isEqualTo(file.names());
    }
  }
}
