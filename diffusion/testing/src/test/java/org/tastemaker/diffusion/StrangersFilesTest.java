package org.tastemaker.diffusion;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.core.json.JsonException;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraContents;
import org.tastemaker.diffusion.lora.LoraFile;
import org.tastemaker.diffusion.lora.LoraMismatchException;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.WeightsMismatchException;
import org.tastemaker.diffusion.schedule.NoiseSchedule;
import org.tastemaker.diffusion.schedule.SchedulerConfig;
import org.tastemaker.diffusion.testing.TinyModel;
import org.tastemaker.diffusion.tokenizer.ClipTokenizer;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.testing.Attack;
import org.tastemaker.testing.Effort;

/**
 * Damaged files of every kind in a model's folder: each is read or refused with one of the
 * library's own errors, with little memory and in little time.
 */
class StrangersFilesTest {
  private static final int TIMES = Effort.times(10_000, 1_000_000);
  private static final List<Class<? extends RuntimeException>> ERRORS =
      List.of(
          IllegalArgumentException.class,
          JsonException.class,
          UnsafeFileException.class,
          SafetensorsException.class,
          WeightsMismatchException.class,
          LoraMismatchException.class);

  @TempDir private static Path folder;
  private static Map<LoraNetwork, Parameters> unet;

  @BeforeAll
  static void aModelAndAnAdapter() {
    LatentDiffusion model = TinyModel.create(Seed.of(1));
    model.save(folder.resolve("model"));
    unet = Map.of(LoraNetwork.UNET, model.components().unet().parameters());
    try (Lora lora = TinyModel.lora(model, Seed.of(2))) {
      LoraFile.write(folder.resolve("kohya.safetensors"), List.of(lora), LoraFile.Options.kohya());
      LoraFile.write(
          folder.resolve("peft.safetensors"),
          List.of(lora),
          LoraFile.Options.diffusers()
              .withMetadata(
                  ImmutableMap.of(
                      "lora_adapter_metadata",
                      "{\"unet.lora_alpha\":4,\"unet.alpha_pattern\":"
                          + "{\"mid_block.*(to_q|to_k)\":8,\"(a+)+b\":2},\"unet.use_rslora\":true}")));
    }
    lycoris(model.components().unet().parameters());
  }

  /** LoHa, LoKr, DoRA and differences, each of a layer of the attention in the middle. */
  private static void lycoris(Parameters parameters) {
    List<String> layers =
        parameters.specs().keySet().stream()
            .filter(name -> name.matches("mid_block\\..*attn1\\.to_(q|k|v|out\\.0)\\.weight"))
            .map(name -> name.substring(0, name.length() - ".weight".length()))
            .toList();
    int side = (int) parameters.get(layers.get(0) + ".weight").size(0);
    SafetensorsWriter writer = new SafetensorsWriter();
    tensor(writer, layers.get(0) + ".hada_w1_a", side, 2);
    tensor(writer, layers.get(0) + ".hada_w1_b", 2, side);
    tensor(writer, layers.get(0) + ".hada_w2_a", side, 2);
    tensor(writer, layers.get(0) + ".hada_w2_b", 2, side);
    tensor(writer, layers.get(1) + ".lokr_w1", 2, 2);
    tensor(writer, layers.get(1) + ".lokr_w2_a", side / 2, 2);
    tensor(writer, layers.get(1) + ".lokr_w2_b", 2, side / 2);
    tensor(writer, layers.get(2) + ".lora_A.weight", 2, side);
    tensor(writer, layers.get(2) + ".lora_B.weight", side, 2);
    tensor(writer, layers.get(2) + ".lora_magnitude_vector", side);
    tensor(writer, layers.get(3) + ".diff", side, side);
    writer.write(folder.resolve("lycoris.safetensors"));
  }

  private static void tensor(SafetensorsWriter writer, String name, int rows, int... columns) {
    int length = rows * (columns.length == 0 ? 1 : columns[0]);
    float[] values = new float[length];
    Seed.of(3).split(name).gaussian(0, values);
    long[] shape = columns.length == 0 ? new long[] {rows} : new long[] {rows, columns[0]};
    writer.add("unet." + name, values, DType.F32, shape);
  }

  @Test
  void configurationsOfTheUNet() throws IOException {
    attack("unet/config.json", model -> UNet2DConditionModel.check(model.resolve("unet")));
  }

  @Test
  void configurationsOfTheAutoencoder() throws IOException {
    attack("vae/config.json", model -> AutoencoderKl.check(model.resolve("vae")));
  }

  @Test
  void configurationsOfTheTextEncoder() throws IOException {
    attack("text_encoder/config.json", model -> ClipTextModel.check(model.resolve("text_encoder")));
  }

  @Test
  void configurationsOfTheScheduler() throws IOException {
    attack(
        "scheduler/scheduler_config.json",
        model ->
            NoiseSchedule.of(
                SchedulerConfig.read(model.resolve("scheduler/scheduler_config.json"))));
  }

  @Test
  void vocabularies() throws IOException {
    attack("tokenizer/vocab.json", model -> ClipTokenizer.load(model.resolve("tokenizer")));
  }

  @Test
  void merges() throws IOException {
    attack("tokenizer/merges.txt", model -> ClipTokenizer.load(model.resolve("tokenizer")));
  }

  @Test
  void configurationsOfTheTokenizer() throws IOException {
    attack(
        "tokenizer/tokenizer_config.json", model -> ClipTokenizer.load(model.resolve("tokenizer")));
    attack(
        "tokenizer/special_tokens_map.json",
        model -> ClipTokenizer.load(model.resolve("tokenizer")));
  }

  @Test
  void weights() throws IOException {
    attack(
        "text_encoder/model.safetensors",
        model -> ClipTextModel.load(model.resolve("text_encoder")).close());
  }

  @Test
  void adapters() throws IOException {
    Path file = folder.resolve("damaged.safetensors");
    Attack attack =
        new Attack(
            "an adapter",
            List.of(
                Files.readAllBytes(folder.resolve("kohya.safetensors")),
                Files.readAllBytes(folder.resolve("peft.safetensors")),
                Files.readAllBytes(folder.resolve("lycoris.safetensors"))),
            ERRORS);
    outcome(
        attack.run(
            1,
            TIMES,
            bytes -> {
              Files.write(file, bytes);
              try (LoraContents read = LoraFile.contents(file, "damaged", unet)) {
                for (Lora lora : read.loras().values()) {
                  if (!lora.mergedOnly().isEmpty()) {
                    lora.mergeInto(requireNonNull(unet.get(LoraNetwork.UNET)), 1);
                    lora.unmerge();
                  }
                }
              }
            }));
  }

  private interface Reading {
    void read(Path model);
  }

  private static void attack(String name, Reading reading) throws IOException {
    Path file = folder.resolve("model").resolve(name);
    byte[] good = Files.readAllBytes(file);
    try {
      outcome(
          new Attack(name, List.of(good), ERRORS)
              .run(
                  1,
                  TIMES,
                  bytes -> {
                    Files.write(file, bytes);
                    reading.read(folder.resolve("model"));
                  }));
    } finally {
      Files.write(file, good);
    }
  }

  private static void outcome(Attack.Outcome outcome) {
    assertThat(outcome.read() + outcome.refused()).isEqualTo(TIMES);
    assertThat(outcome.refused()).as("the damage was seen").isPositive();
  }
}
