package org.tastemaker.diffusion.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.weights.DType;

/**
 * The networks of Stable Diffusion XL, of zeros in sparse files: while they are loaded, memory
 * grows by their weights and at most a tenth more.
 *
 * <p>Not among the tests that always run, since it takes 16 GB of memory. The library allots itself
 * four times the largest heap, which stays almost empty:
 *
 * <pre>
 * ./mvnw -pl diffusion -am test -Dtest=StableDiffusionXlLoadingCheck -Dtastemaker.test.memory=5g -Dsurefire.failIfNoSpecifiedTests=false
 * </pre>
 */
class StableDiffusionXlLoadingCheck {
  private static final String UNET =
      """
      {"_class_name": "UNet2DConditionModel", "act_fn": "silu", "addition_embed_type": "text_time",
       "addition_time_embed_dim": 256, "attention_head_dim": [5, 10, 20],
       "block_out_channels": [320, 640, 1280], "cross_attention_dim": 2048,
       "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
       "downsample_padding": 1, "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4,
       "layers_per_block": 2, "norm_eps": 1e-05, "norm_num_groups": 32, "out_channels": 4,
       "projection_class_embeddings_input_dim": 2816, "sample_size": 128,
       "transformer_layers_per_block": [1, 2, 10],
       "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
       "use_linear_projection": true}
      """;
  private static final String TEXT =
      """
      {"architectures": ["%s"], "vocab_size": 49408, "hidden_size": %d, "intermediate_size": %d,
       "num_hidden_layers": %d, "num_attention_heads": %d, "max_position_embeddings": 77,
       "hidden_act": "gelu", "projection_dim": %d}
      """;
  private static final String VAE =
      """
      {"_class_name": "AutoencoderKL", "act_fn": "silu", "block_out_channels": [128, 256, 512, 512],
       "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D",
                            "DownEncoderBlock2D"],
       "in_channels": 3, "latent_channels": 4, "layers_per_block": 2, "norm_num_groups": 32,
       "out_channels": 3, "sample_size": 1024, "scaling_factor": 0.13025,
       "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D",
                          "UpDecoderBlock2D"]}
      """;

  @TempDir Path folder;

  /** A file of zeros that takes no room on the disk. */
  private static void sparse(Path file, List<ParameterSpec> specs, DType dtype) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    long end = 0;
    for (ParameterSpec spec : specs) {
      long begin = end;
      end += spec.shape().stream().reduce(dtype.bytes(), (a, b) -> a * b);
      header.put(
          spec.name(),
          Map.of(
              "dtype", dtype.name(),
              "shape", spec.shape().asList(),
              "data_offsets", List.of(begin, end)));
    }
    byte[] json = Json.write(header).getBytes(StandardCharsets.UTF_8);
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(length.array());
      out.write(json);
      out.setLength(8 + json.length + end);
    }
  }

  private Path part(String name, String config) throws IOException {
    Path part = Files.createDirectories(folder.resolve(name));
    Files.writeString(part.resolve("config.json"), config);
    return part;
  }

  private static long kilobytes(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "F32"})
  void memoryGrowsByTheWeightsAndATenth(DType dtype) throws IOException {
    Path unet = part("unet", UNET);
    Path vae = part("vae", VAE);
    Path first = part("text_encoder", TEXT.formatted("CLIPTextModel", 768, 3072, 12, 12, 768));
    Path second =
        part(
            "text_encoder_2",
            TEXT.formatted("CLIPTextModelWithProjection", 1280, 5120, 32, 20, 1280));
    String weights = "diffusion_pytorch_model.safetensors";
    sparse(
        unet.resolve(weights),
        UNet2DConditionModel.declare(UNetConfig.read(unet.resolve("config.json"))),
        dtype);
    sparse(
        vae.resolve(weights),
        AutoencoderKl.declare(AutoencoderKlConfig.read(vae.resolve("config.json"))),
        dtype);
    for (Path text : List.of(first, second)) {
      sparse(
          text.resolve("model.safetensors"),
          ClipTextModel.declare(ClipTextConfig.read(text.resolve("config.json"))),
          dtype);
    }
    Nd4j.create(1).close(); // the library itself
    long before = kilobytes("VmRSS");
    Files.writeString(Path.of("/proc/self/clear_refs"), "5"); // the peak begins anew
    try (ClipTextModel one = ClipTextModel.load(first);
        ClipTextModel two = ClipTextModel.load(second);
        AutoencoderKl autoencoder = AutoencoderKl.load(vae);
        UNet2DConditionModel model = UNet2DConditionModel.load(unet)) {
      long peak = kilobytes("VmHWM") - before;
      long count =
          one.parameters().count()
              + two.parameters().count()
              + autoencoder.parameters().count()
              + model.parameters().count();
      double ratio = peak * 1024.0 / (count * 4.0);
      System.out.printf(
          Locale.ROOT,
          "%s: %d weights, %.2f GB as floats; memory grew by %.2f GB at most, %.3f times that%n",
          dtype,
          count,
          count * 4e-9,
          peak * 1.024e-6,
          ratio);
      assertThat(model.parameters().count()).isEqualTo(2_567_463_684L); // Stable Diffusion XL's
      assertThat(ratio).isLessThan(1.1);
    }
  }
}
