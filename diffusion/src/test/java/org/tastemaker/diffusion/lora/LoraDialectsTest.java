package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.diffusion.lora.LoraFixtures.everywhere;
import static org.tastemaker.diffusion.lora.LoraFixtures.floats;
import static org.tastemaker.diffusion.lora.LoraFixtures.trained;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TorchBytes;

/** The same LoRAs of all three networks of Stable Diffusion XL, in the names of each dialect. */
class LoraDialectsTest {
  private static final ImmutableMap<LoraNetwork, Parameters> NETWORKS =
      ImmutableMap.of(
          LoraNetwork.UNET, NamedNetworks.unet(2, 0, 1, 2),
          LoraNetwork.TEXT_ENCODER, NamedNetworks.textEncoder(2),
          LoraNetwork.TEXT_ENCODER_2, NamedNetworks.secondTextEncoder(3));

  private static final Map<String, String> LDM = ldm();

  private static ImmutableMap<LoraNetwork, Lora> written;

  @TempDir Path folder;
  private Path path;

  /** From our names to CompVis', as far as a U-Net of two layers a level needs it. */
  private static Map<String, String> ldm() {
    ImmutableMap.Builder<String, String> names = ImmutableMap.builder();
    names.put("conv_in", "input_blocks.0.0").put("conv_out", "out.2");
    names.put("time_embedding.linear_1", "time_embed.0");
    names.put("time_embedding.linear_2", "time_embed.2");
    names.put("add_embedding.linear_1", "label_emb.0.0");
    names.put("add_embedding.linear_2", "label_emb.0.2");
    for (int level = 0; level < 3; level++) {
      for (int j = 0; j < 3; j++) {
        String down = "input_blocks." + (1 + 3 * level + j);
        String up = "output_blocks." + (3 * level + j);
        names.put("down_blocks." + level + ".resnets." + j, down + ".0");
        names.put("down_blocks." + level + ".attentions." + j, down + ".1");
        names.put("up_blocks." + level + ".resnets." + j, up + ".0");
        names.put("up_blocks." + level + ".attentions." + j, up + ".1");
      }
      names.put(
          "down_blocks." + level + ".downsamplers.0", "input_blocks." + (3 + 3 * level) + ".0");
      names.put("up_blocks." + level + ".upsamplers.0", "output_blocks." + (2 + 3 * level) + ".2");
    }
    names.put("mid_block.resnets.0", "middle_block.0");
    names.put("mid_block.attentions.0", "middle_block.1");
    names.put("mid_block.resnets.1", "middle_block.2");
    return names.buildOrThrow();
  }

  @BeforeAll
  static void train() {
    ImmutableMap.Builder<LoraNetwork, Lora> loras = ImmutableMap.builder();
    NETWORKS.forEach(
        (network, parameters) ->
            loras.put(
                network,
                trained(
                    Lora.create(
                        "written",
                        network,
                        parameters,
                        everywhere().withRank(2).withAlpha(2),
                        LoraFixtures.SEED))));
    written = loras.buildOrThrow();
  }

  @AfterAll
  static void close() {
    written.values().forEach(Lora::close);
    NETWORKS.values().forEach(Parameters::close);
  }

  @BeforeEach
  void path() {
    path = folder.resolve("lora.safetensors");
  }

  private static String compvis(String path) {
    for (Map.Entry<String, String> name : LDM.entrySet()) {
      if (path.equals(name.getKey()) || path.startsWith(name.getKey() + ".")) {
        String rest = path.substring(name.getKey().length());
        if (path.contains("resnets")) {
          rest =
              rest.replace("conv1", "in_layers.2")
                  .replace("time_emb_proj", "emb_layers.1")
                  .replace("conv2", "out_layers.3")
                  .replace("conv_shortcut", "skip_connection");
        }
        return name.getValue() + (path.contains("downsamplers") ? ".op" : rest);
      }
    }
    throw new IllegalArgumentException(path);
  }

  private static String in2023(String path) {
    return path.replaceFirst("\\.(attn[12])\\.(to_[qkv])$", ".$1.processor.$2_lora")
        .replaceFirst("\\.(attn[12])\\.to_out\\.0$", ".$1.processor.to_out_lora")
        .replaceFirst("\\.self_attn\\.([qkv])_proj$", ".self_attn.to_$1_lora")
        .replaceFirst("\\.self_attn\\.out_proj$", ".self_attn.to_out_lora");
  }

  /** How a dialect names the tensors of a layer. */
  record Dialect(String name, Naming naming, String down, String up) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Dialect> dialects() {
    return List.of(
        new Dialect(
            "kohya with blocks of diffusers",
            (network, path) -> kohya(network, path),
            ".lora_down.weight",
            ".lora_up.weight"),
        new Dialect(
            "kohya with blocks of compvis",
            (network, path) -> kohya(network, network == LoraNetwork.UNET ? compvis(path) : path),
            ".lora_down.weight",
            ".lora_up.weight"),
        new Dialect(
            "diffusers",
            (network, path) -> network.prefix() + "." + path,
            ".lora_A.weight",
            ".lora_B.weight"),
        new Dialect(
            "diffusers without text model",
            (network, path) -> network.prefix() + "." + path.replaceFirst("^text_model\\.", ""),
            ".lora_A.weight",
            ".lora_B.weight"),
        new Dialect(
            "diffusers of 2023",
            (network, path) ->
                network.prefix()
                    + "."
                    + (in2023(path).equals(path)
                        ? path + (network == LoraNetwork.UNET ? ".lora" : ".lora_linear_layer")
                        : in2023(path)),
            ".down.weight",
            ".up.weight"),
        new Dialect(
            "diffusers of later in 2023",
            (network, path) ->
                network.prefix()
                    + "."
                    + path
                    + (network == LoraNetwork.UNET ? ".lora" : ".lora_linear_layer"),
            ".down.weight",
            ".up.weight"),
        new Dialect(
            "peft with the name of an adapter",
            (network, path) -> "base_model.model." + network.prefix() + "." + path,
            ".lora_A.default.weight",
            ".lora_B.default.weight"),
        new Dialect(
            "peft within a pipeline",
            (network, path) -> network.prefix() + ".base_model.model." + path,
            ".lora_A.weight",
            ".lora_B.weight"),
        new Dialect(
            "comfy",
            (network, path) ->
                network == LoraNetwork.UNET
                    ? "diffusion_model." + compvis(path)
                    : network.prefix() + "." + path,
            ".lora_down.weight",
            ".lora_up.weight"));
  }

  interface Naming {
    String name(LoraNetwork network, String path);
  }

  private static String kohya(LoraNetwork network, String path) {
    String prefix =
        switch (network) {
          case UNET -> "lora_unet_";
          case TEXT_ENCODER -> "lora_te1_";
          case TEXT_ENCODER_2 -> "lora_te2_";
        };
    return prefix + path.replace('.', '_');
  }

  private void write(Naming naming, String down, String up, LoraNetwork... networks) {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (LoraNetwork network : networks) {
      Lora lora = requireNonNull(written.get(network));
      for (LoraModule module : lora.modules().values()) {
        String name = naming.name(network, module.path());
        writer.add(name + down, lora.torchDown(module), DType.F32);
        writer.add(name + up, lora.torchUp(module), DType.F32);
      }
    }
    writer.write(path);
  }

  private static void assertSame(Lora read, LoraNetwork network) {
    Lora lora = requireNonNull(written.get(network));
    assertThat(read.modules()).isEqualTo(lora.modules());
    for (LoraModule module : lora.modules().values()) {
      assertThat(floats(read.down(module))).containsExactly(floats(lora.down(module)));
      assertThat(floats(read.up(module))).containsExactly(floats(lora.up(module)));
    }
  }

  @ParameterizedTest
  @MethodSource("dialects")
  void everyLayerOfAllThreeNetworksIsFound(Dialect dialect) {
    write(dialect.naming(), dialect.down(), dialect.up(), LoraNetwork.values());
    try (LoraContents read = LoraFile.contents(path, "read", NETWORKS)) {
      assertThat(read.loras().keySet()).containsExactly(LoraNetwork.values());
      read.loras().forEach((network, lora) -> assertSame(lora, network));
    }
  }

  @Test
  void namesWithoutANetworkAreOfTheOneThatHasThem() {
    UnaryOperator<String> processors = path -> in2023(path);
    write(
        (network, path) ->
            processors.apply(path).equals(path) ? path + ".lora" : processors.apply(path),
        ".down.weight",
        ".up.weight",
        LoraNetwork.UNET);
    try (LoraContents read = LoraFile.contents(path, "read", NETWORKS)) {
      assertThat(read.loras().keySet()).containsExactly(LoraNetwork.UNET);
      assertSame(requireNonNull(read.loras().get(LoraNetwork.UNET)), LoraNetwork.UNET);
    }
  }

  @Test
  void filesOfPytorchAreReadAsWell() {
    LoraFile.write(
        path, written.values().asList(), LoraFile.Options.diffusers().withDtype(DType.F32));
    TorchBytes.convert(path, folder.resolve("pytorch_lora_weights.bin"), "");
    for (Path place : List.of(folder.resolve("pytorch_lora_weights.bin"), folder)) {
      try (LoraContents read = LoraFile.contents(place, "read", NETWORKS)) {
        read.loras().forEach((network, lora) -> assertSame(lora, network));
        assertThat(read.loras()).hasSize(3);
      }
    }
  }

  @Test
  void namesThatTwoTextEncodersHaveAreNotGuessed() {
    write(
        (network, path) -> "base_model.model." + path,
        ".lora_A.weight",
        ".lora_B.weight",
        LoraNetwork.TEXT_ENCODER_2);
    assertThatThrownBy(() -> LoraFile.read(path, "read", NETWORKS))
        .isInstanceOf(LoraMismatchException.class)
        .hasMessageContaining("could be several layers: text_encoder.text_model.encoder.layers.0")
        .hasMessageContaining("text_encoder_2.text_model.encoder.layers.0");
    Map<LoraNetwork, Parameters> one =
        Map.of(
            LoraNetwork.TEXT_ENCODER_2, requireNonNull(NETWORKS.get(LoraNetwork.TEXT_ENCODER_2)));
    try (LoraContents read = LoraFile.contents(path, "read", one)) {
      assertSame(
          requireNonNull(read.loras().get(LoraNetwork.TEXT_ENCODER_2)), LoraNetwork.TEXT_ENCODER_2);
    }
  }

  @ParameterizedTest
  @MethodSource("dialects")
  void aNetworkThatWasNotGivenIsMissedInEveryDialect(Dialect dialect) {
    write(
        dialect.naming(),
        dialect.down(),
        dialect.up(),
        LoraNetwork.UNET,
        LoraNetwork.TEXT_ENCODER_2);
    for (LoraNetwork missed : new LoraNetwork[] {LoraNetwork.UNET, LoraNetwork.TEXT_ENCODER_2}) {
      ImmutableMap<LoraNetwork, Parameters> given =
          NETWORKS.entrySet().stream()
              .filter(entry -> entry.getKey() != missed)
              .collect(ImmutableMap.toImmutableMap(Map.Entry::getKey, Map.Entry::getValue));
      int tensors = 2 * requireNonNull(written.get(missed)).modules().size();
      assertThatThrownBy(() -> LoraFile.read(path, "read", given))
          .isInstanceOf(LoraMismatchException.class)
          .hasMessageContaining(
              String.format(
                  Locale.ROOT,
                  "1 problem: the file also adapts %s, but only %s was given: give the parameters of %s",
                  missed.words(),
                  given.keySet(),
                  missed))
          .hasMessageContaining(": " + tensors + " tensors");
    }
  }

  @Test
  void aFileForAnotherModelSaysWhatItWasMadeFor() {
    new SafetensorsWriter()
        .add("lora_unet_input_blocks_9_1_proj_in.lora_down.weight", new float[4], DType.F32, 1, 4)
        .metadata("ss_base_model_version", "sd_v1")
        .write(path);
    assertThatThrownBy(() -> LoraFile.read(path, "read", NETWORKS))
        .hasMessageContaining("(it says that it was made for \"sd_v1\")")
        .hasMessageContaining("\"lora_unet_input_blocks_9_1_proj_in.lora_down.weight\" belongs to");
  }

  @Test
  void theNetworksHaveLayersOfEveryKind() {
    assertThat(
            NETWORKS.values().stream()
                .flatMap(parameters -> parameters.specs().values().stream())
                .map(spec -> spec.kind()))
        .contains(Kind.LINEAR, Kind.CONV, Kind.SCALE);
    assertThat(requireNonNull(written.get(LoraNetwork.UNET)).modules())
        .containsKeys("add_embedding.linear_2", "up_blocks.0.upsamplers.0.conv");
  }
}
