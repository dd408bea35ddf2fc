package org.tastemaker.diffusion;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.checkpoint.ClipFile;
import org.tastemaker.diffusion.condition.TextualInversion;
import org.tastemaker.diffusion.inspect.FileReport;
import org.tastemaker.diffusion.inspect.FileType;
import org.tastemaker.diffusion.inspect.ModelFiles;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipModel;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.ClipVisionConfig;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.testing.TinyXl;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/** What is said of files, against what loading them does. */
class ModelFilesTest {
  @TempDir static Path temp;

  @SuppressWarnings("NullAway.Init") // set before all tests
  private static LatentDiffusion model;

  private static final Map<Path, FileType> TABLE = new LinkedHashMap<>();

  // ---- The table

  @BeforeAll
  static void write() throws IOException {
    model = TinyModel.create(Seed.of(1));
    folders();
    checkpoints();
    adapters();
    clips();
    others();
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Path row(String path, FileType type) {
    Path full = temp.resolve(path);
    TABLE.put(full, type);
    try {
      Files.createDirectories(full.getParent());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return full;
  }

  private static void folders() throws IOException {
    Path whole = row("whole", FileType.MODEL_FOLDER);
    model.save(whole);
    try (LatentDiffusion xl = TinyXl.base(Seed.of(2))) {
      xl.save(row("xl", FileType.MODEL_FOLDER));
    }
    Path revision = temp.resolve("cache/models--owner--name/snapshots/abc");
    Files.createDirectories(revision.getParent());
    model.save(revision);
    TABLE.put(temp.resolve("cache/models--owner--name"), FileType.MODEL_FOLDER);
    TABLE.put(temp.resolve("cache"), FileType.HUB_CACHE);

    Path lacksVae = row("lacks-vae", FileType.MODEL_FOLDER);
    model.save(lacksVae);
    Files.move(lacksVae.resolve("vae"), temp.resolve("moved-vae"));
    TABLE.put(temp.resolve("moved-vae"), FileType.NETWORK_FOLDER);
    Path pointers = row("pointers", FileType.MODEL_FOLDER);
    model.save(pointers);
    Files.writeString(weights(pointers), "version https://git-lfs.github.com/spec/v1\noid x\n");
    Path cut = row("cut", FileType.MODEL_FOLDER);
    model.save(cut);
    Files.write(weights(cut), Arrays.copyOf(Files.readAllBytes(weights(cut)), 5000));
    Path other = row("other-weights", FileType.MODEL_FOLDER);
    model.save(other);
    Files.copy(weights(temp.resolve("xl")), weights(other), StandardCopyOption.REPLACE_EXISTING);
    Path sampler = row("unknown-sampler", FileType.MODEL_FOLDER);
    model.save(sampler);
    Path settings = sampler.resolve("scheduler/scheduler_config.json");
    Files.writeString(settings, Files.readString(settings).replace("DDIM", "SASolver"));
    Path third = row("sd3", FileType.TRANSFORMER);
    Files.createDirectories(third.resolve("transformer"));
    Files.writeString(
        third.resolve("model_index.json"), "{\"_class_name\": \"StableDiffusion3Pipeline\"}");

    TABLE.put(whole.resolve("unet"), FileType.NETWORK_FOLDER);
    TABLE.put(whole.resolve("text_encoder"), FileType.NETWORK_FOLDER);
    TABLE.put(weights(whole), FileType.NETWORK);
    TABLE.put(whole.resolve("tokenizer"), FileType.TOKENIZER);
    TABLE.put(whole.resolve("scheduler"), FileType.SCHEDULER);
    TABLE.put(sampler.resolve("scheduler"), FileType.SCHEDULER);
  }

  private static Path weights(Path folder) {
    return folder.resolve("unet/diffusion_pytorch_model.safetensors");
  }

  private static void checkpoints() throws IOException {
    try (LatentDiffusion first = CheckpointTest.model()) {
      Path file = row("checkpoint/model.safetensors", FileType.CHECKPOINT);
      first.saveCheckpoint(file, DType.F16);
      Files.createDirectories(file.resolveSibling("tokenizer"));
      first.components().tokenizer().save(file.resolveSibling("tokenizer"));
      byte[] bytes = Files.readAllBytes(file);
      Files.write(row("alone/no-tokenizer.safetensors", FileType.CHECKPOINT), bytes);
      Files.write(
          row("damaged/cut-in-weights.safetensors", FileType.UNREADABLE),
          Arrays.copyOf(bytes, bytes.length / 2));
      Files.write(
          row("damaged/cut-in-header.safetensors", FileType.UNREADABLE), Arrays.copyOf(bytes, 900));
    }
    tensors("partial.safetensors", FileType.CHECKPOINT, "model.diffusion_model.out.2.weight");
    tensors("sd3.safetensors", FileType.TRANSFORMER, "model.diffusion_model.joint_blocks.0.x");
    tensors("flux.safetensors", FileType.TRANSFORMER, "double_blocks.0.img_attn.qkv.weight");
    tensors("control.safetensors", FileType.CONTROL_NET, "control_model.time_embed.0.weight");
    tensors("vae.safetensors", FileType.NETWORK, "decoder.mid.block_1.conv1.weight");
  }

  private static Path tensors(String path, FileType type, String... names) {
    Path file = row(path, type);
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String name : names) {
      writer.add(name, new float[16], DType.F32, 4, 4);
    }
    writer.write(file);
    return file;
  }

  private static void adapters() throws IOException {
    try (Lora lora = TinyModel.lora(model, Seed.of(3))) {
      Path kohya = row("lora/kohya.safetensors", FileType.LORA);
      LoraFile.write(kohya, List.of(lora), LoraFile.Options.kohya());
      LoraFile.write(
          row("lora/diffusers.safetensors", FileType.LORA),
          List.of(lora),
          LoraFile.Options.diffusers());
      LoraFile.write(row("lora/peft", FileType.LORA), List.of(lora), LoraFile.Options.peftFolder());
      byte[] bytes = Files.readAllBytes(kohya);
      Files.write(
          row("lora/cut.safetensors", FileType.UNREADABLE), Arrays.copyOf(bytes, bytes.length - 1));
    }
    String layer = "lora_unet_mid_block_attentions_0_proj_in";
    tensors("lora/half.safetensors", FileType.LORA, layer + ".lora_down.weight");
    tensors("lora/oft.safetensors", FileType.LORA, layer + ".oft_blocks", layer + ".alpha");
    tensors(
        "lora/flux.safetensors",
        FileType.LORA,
        "transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight",
        "transformer.single_transformer_blocks.0.attn.to_q.lora_B.weight");
    tensors("words/toy.safetensors", FileType.TEXTUAL_INVERSION, "<toy>");
    tensors("words/web-ui.safetensors", FileType.TEXTUAL_INVERSION, "emb_params");
    tensors("words/xl.safetensors", FileType.TEXTUAL_INVERSION, "clip_l", "clip_g");
    tensors("words/two.safetensors", FileType.OTHER, "<one>", "<two>");
  }

  private static void clips() throws IOException {
    ClipConfig config =
        ClipConfig.of(
            new ClipTextConfig(12, 8, 8, 1, 1, 5, Activation.GELU, 1e-5, 10, 11, 0, 4),
            new ClipVisionConfig(8, 8, 1, 1, 4, 2, Activation.GELU, 1e-5, 4));
    Path folder = row("clip/folder", FileType.CLIP);
    try (ClipModel clip = ClipModel.random(config, Seed.of(5))) {
      clip.save(folder);
    }
    Path weights = row("clip/model.safetensors", FileType.CLIP);
    Files.copy(folder.resolve("model.safetensors"), weights);
    tensors("clip/open-clip.safetensors", FileType.CLIP, "module.visual.class_embedding");
  }

  private static void others() throws IOException {
    Files.write(row("other/empty.safetensors", FileType.UNREADABLE), new byte[0]);
    Files.writeString(
        row("other/pointer.safetensors", FileType.UNREADABLE),
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
    Files.writeString(
        row("other/page.safetensors", FileType.UNREADABLE), "<!doctype html><title>404</title>");
    // A pickle of protocol 2 that calls os.system.
    Files.write(
        row("other/program.ckpt", FileType.UNREADABLE),
        "\u0080\u0002cposix\nsystem\nX\u0004\u0000\u0000\u0000true\u0085R.".getBytes(ISO_8859_1));
    Files.write(row("other/picture.png", FileType.UNREADABLE), Image.filled(2, 2, 1, 0, 0).toPng());
    Path images = row("pictures", FileType.IMAGES);
    Files.createDirectories(images.resolve("cat"));
    Files.write(images.resolve("cat/0.png"), Image.filled(2, 2, 1, 0, 0).toPng());
    Files.writeString(images.resolve("cat/prompt.txt"), "a cat", UTF_8);
    Files.createDirectories(row("empty-folder", FileType.OTHER));
    Path control = row("controlnet", FileType.CONTROL_NET);
    Files.createDirectories(control);
    Files.writeString(control.resolve("config.json"), "{\"_class_name\": \"ControlNetModel\"}");
    row("nothing/here", FileType.MISSING);
  }

  // ---- Both say the same

  @TestFactory
  Stream<DynamicTest> whatIsSaidIsWhatLoadingDoes() {
    return TABLE.entrySet().stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    temp.relativize(row.getKey()).toString(),
                    () -> compare(row.getKey(), row.getValue())));
  }

  private static void compare(Path path, FileType type) {
    FileReport report = ModelFiles.inspect(path, model.components());
    assertThat(report.type()).as(report.toString()).isEqualTo(type);
    Throwable refused = catchThrowable(() -> load(path, type));
    if (refused == null) {
      assertThat(report.refusal()).isEmpty();
      assertThat(report.toString()).contains("  loads: ").endsWith("\n");
    } else {
      assertThat(report.refusal()).hasValue(String.valueOf(refused.getMessage()));
    }
    if (type != FileType.MODEL_FOLDER && type != FileType.CHECKPOINT) {
      assertThatThrownBy(() -> LatentDiffusion.load(path).close())
          .isInstanceOf(RuntimeException.class);
    }
    if (type == FileType.LORA && refused == null) {
      assertThat(ModelFiles.inspect(path).loads()).isTrue(); // without a model, less is found
    }
  }

  private static void load(Path path, FileType type) {
    switch (type) {
      case LORA ->
          LoraFile.read(path, "own", model.components().loraNetworks())
              .values()
              .forEach(Lora::close);
      case TEXTUAL_INVERSION -> {
        var unused = TextualInversion.read(path);
      }
      case NETWORK_FOLDER -> loadNetwork(path);
      case CLIP -> ClipFile.load(path).close();
      case TOKENIZER -> {
        var unused = ClipTokenizer.load(path);
      }
      case SCHEDULER -> {
        var unused = SchedulerConfig.read(path.resolve("scheduler_config.json"));
      }
      case CONTROL_NET -> {
        if (Files.isDirectory(path)) {
          throw new IllegalArgumentException(ModelFiles.inspect(path).refusal().orElseThrow());
        }
        LatentDiffusion.load(path).close();
      }
      default -> LatentDiffusion.load(path).close();
    }
  }

  private static void loadNetwork(Path path) {
    String name = String.valueOf(path.getFileName());
    if (name.equals("unet")) {
      UNet2DConditionModel.load(path).close();
    } else if (name.endsWith("vae")) {
      AutoencoderKl.load(path).close();
    } else {
      ClipTextModel.load(path).close();
    }
  }

  // ---- What is said

  private static @Nullable String refusal(String path) {
    return ModelFiles.inspect(temp.resolve(path)).refusal().orElse(null);
  }

  @Test
  void refusalsNameTheKindAndTheWayOut() {
    assertThat(refusal("sd3")).contains("StableDiffusion3Pipeline", "transformer");
    assertThat(refusal("pointers")).contains("pointer of Git LFS", "git lfs pull");
    assertThat(refusal("other/page.safetensors")).contains("page of HTML", "download");
    assertThat(refusal("other/empty.safetensors")).contains("empty; download it again");
    assertThat(refusal("other/program.ckpt")).contains("posix.system");
    assertThat(refusal("alone/no-tokenizer.safetensors")).contains("vocab.json", "tokenizer/");
    assertThat(refusal("lacks-vae")).contains("has no folder vae/");
    assertThat(refusal("unknown-sampler")).contains("SASolverScheduler", "SchedulerKind.DDIM");
    assertThat(refusal("cache")).contains("give the folder of one of them");
    assertThat(refusal("lora/oft.safetensors")).contains("OFT");
    assertThat(refusal("lora/flux.safetensors")).contains("Flux");
    assertThat(refusal("nothing/here")).contains("there is no file or folder");
    assertThat(refusal("controlnet")).contains("ControlNetModel", "supported are");
  }

  @Test
  void whatItIsIsSaidWithSizesAndTypes() {
    FileReport checkpoint = ModelFiles.inspect(temp.resolve("checkpoint/model.safetensors"));
    assertThat(checkpoint.what()).isEqualTo("Stable Diffusion 1.x in a single file");
    assertThat(checkpoint.weights())
        .singleElement()
        .satisfies(
            file -> {
              assertThat(file.bytes()).isEqualTo(Files.size(checkpoint.path()));
              assertThat(file.types()).containsOnlyKeys(DType.F16);
            });
    FileReport cached = ModelFiles.inspect(temp.resolve("cache/models--owner--name"));
    assertThat(cached.what())
        .isEqualTo("a model in the diffusers layout (StableDiffusionPipeline), snapshot abc");
    assertThat(cached.weights()).hasSize(3);
    assertThat(cached.toString()).contains("  unet/diffusion_pytorch_model.safetensors: ", " F32");
    assertThat(ModelFiles.inspect(temp.resolve("lora/peft")).what())
        .isEqualTo("an adapter (LoRA) with PEFT's names");
    assertThat(ModelFiles.inspect(temp.resolve("lora/kohya.safetensors")).what())
        .isEqualTo("an adapter (LoRA) with kohya's names");
    assertThat(ModelFiles.inspect(temp.resolve("pictures")).what())
        .startsWith("a folder of 1 images and 1 texts");
  }

  @Test
  void aDamagedPartIsNamedAmongTheFiles() {
    assertThat(ModelFiles.inspect(temp.resolve("pointers")).weights())
        .filteredOn(file -> file.refusal().isPresent())
        .singleElement()
        .satisfies(file -> assertThat(file.toString()).contains("unet/", "Git LFS"));
  }
}
