package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.diffusion.lora.LoraFixtures.floats;
import static org.tastemaker.diffusion.lora.LoraFixtures.trained;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/** Folders as PEFT's save_pretrained makes them. */
class PeftFolderTest {
  private static final String BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0.";
  private static final String TO_Q = BLOCK + "attn1.to_q";
  private static final String TO_K = BLOCK + "attn1.to_k";
  private static final String TO_OUT = BLOCK + "attn2.to_out.0";

  private static ImmutableMap<LoraNetwork, Parameters> networks;

  @TempDir Path folder;

  @BeforeAll
  static void load() {
    networks =
        ImmutableMap.of(
            LoraNetwork.UNET, NamedNetworks.unet(1, 1),
            LoraNetwork.TEXT_ENCODER, NamedNetworks.textEncoder(1),
            LoraNetwork.TEXT_ENCODER_2, NamedNetworks.secondTextEncoder(2));
  }

  @AfterAll
  static void close() {
    networks.values().forEach(Parameters::close);
  }

  private static Parameters unet() {
    return requireNonNull(networks.get(LoraNetwork.UNET));
  }

  // ---- Read

  /** Three layers; to_k has the rank 2, the others 4. */
  private void weights(Path folder, String adapter) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String layer : List.of(TO_Q, TO_K, TO_OUT)) {
      int rank = layer.equals(TO_K) ? 2 : 4;
      String name = "base_model.model." + layer;
      writer.add(name + ".lora_A" + adapter + ".weight", new float[rank * 4], DType.F32, rank, 4);
      writer.add(name + ".lora_B" + adapter + ".weight", new float[6 * rank], DType.F32, 6, rank);
    }
    Files.createDirectories(folder);
    writer.write(folder.resolve("adapter_model.safetensors"));
  }

  private void config(Path folder, String json) throws IOException {
    Files.writeString(folder.resolve("adapter_config.json"), json);
  }

  private static Map<String, Double> scales(Lora lora) {
    ImmutableMap.Builder<String, Double> scales = ImmutableMap.builder();
    lora.modules().forEach((path, module) -> scales.put(path, module.scale()));
    return scales.buildOrThrow();
  }

  private Map<String, Double> scales(Path path) {
    try (LoraContents contents = LoraFile.contents(path, "read", networks)) {
      assertThat(contents.loras()).containsOnlyKeys(LoraNetwork.UNET);
      return scales(requireNonNull(contents.loras().get(LoraNetwork.UNET)));
    }
  }

  @Test
  void alphaAndItsPatternsStandInTheConfiguration() throws IOException {
    weights(folder, "");
    config(
        folder,
        """
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "rank_pattern": {"attn1.to_k": 2},
         "alpha_pattern": {"attn1.to_k": 6, ".*to_out.0": 2}, "use_rslora": false,
         "target_modules": ["to_q", "to_k", "to_out.0"], "init_lora_weights": "gaussian"}
        """);
    Map<String, Double> expected = Map.of(TO_Q, 2.0, TO_K, 3.0, TO_OUT, 0.5);
    assertThat(scales(folder)).isEqualTo(expected);
    // The file alone means the same: its configuration stands beside it.
    assertThat(scales(folder.resolve("adapter_model.safetensors"))).isEqualTo(expected);
  }

  @Test
  void rankStabilizedLoraDividesByTheRootOfTheRank() throws IOException {
    weights(folder, ".default");
    config(folder, "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 8, \"use_rslora\": true}");
    Map<String, Double> scales = scales(folder);
    assertThat(scales.get(TO_Q)).isEqualTo(4);
    assertThat(requireNonNull(scales.get(TO_K))).isCloseTo(8 / Math.sqrt(2), Offset.offset(1e-12));
  }

  @Test
  void lohaAndLokrOfPeftHaveTheirOwnNameOfAlpha() throws IOException {
    String name = "base_model.model." + TO_Q;
    float[] left = {1, 2, 3, 4};
    float[] right = {1, -1, 2, -2, 3, -3};
    new SafetensorsWriter()
        .add(name + ".lokr_w1", left, DType.F32, 2, 2)
        .add(name + ".lokr_w2", right, DType.F32, 3, 2)
        .write(folder.resolve("adapter_model.safetensors"));
    config(folder, "{\"peft_type\": \"LOKR\", \"r\": 4, \"alpha\": 2}");
    double[] before = unet().get(TO_Q + ".weight").dup('c').data().asDouble();
    Path kohya = folder.resolve("kohya.safetensors");
    try (LoraContents contents = LoraFile.contents(folder, "read", networks)) {
      Lora lora = requireNonNull(contents.loras().get(LoraNetwork.UNET));
      assertKronecker(lora, before, left, right);
      LoraFile.write(kohya, List.of(lora), LoraFile.Options.kohya().withDtype(DType.F32));
    }
    try (LoraContents contents = LoraFile.contents(kohya, "read", networks)) {
      assertKronecker(requireNonNull(contents.loras().get(LoraNetwork.UNET)), before, left, right);
    }
  }

  private static void assertKronecker(Lora lora, double[] before, float[] left, float[] right) {
    lora.mergeInto(unet(), 1);
    double[] merged = unet().get(TO_Q + ".weight").dup('c').data().asDouble();
    lora.unmerge();
    for (int p = 0; p < 6; p++) {
      for (int q = 0; q < 4; q++) {
        double change = left[p / 3 * 2 + q / 2] * right[p % 3 * 2 + q % 2];
        assertThat(merged[p * 4 + q])
            .isCloseTo(before[p * 4 + q] + 0.5 * change, Offset.offset(2e-6));
      }
    }
  }

  @Test
  void aFolderForEachNetworkIsReadAsOne() throws IOException {
    weights(folder.resolve("unet"), "");
    config(folder.resolve("unet"), "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 4}");
    for (LoraNetwork network : List.of(LoraNetwork.TEXT_ENCODER, LoraNetwork.TEXT_ENCODER_2)) {
      Path own = Files.createDirectories(folder.resolve(network.prefix()));
      String layer = "base_model.model.text_model.encoder.layers.0.mlp.fc1";
      new SafetensorsWriter()
          .add(layer + ".lora_A.weight", new float[4], DType.F32, 1, 4)
          .add(layer + ".lora_B.weight", new float[6], DType.F32, 6, 1)
          .write(own.resolve("adapter_model.safetensors"));
      config(own, "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 3}");
    }
    try (LoraContents contents = LoraFile.contents(folder, "read", networks)) {
      assertThat(contents.loras()).containsOnlyKeys(LoraNetwork.values());
      Lora second = requireNonNull(contents.loras().get(LoraNetwork.TEXT_ENCODER_2));
      assertThat(scales(second).values()).containsExactly(3.0);
    }
    Map<LoraNetwork, Parameters> onlyUnet = Map.of(LoraNetwork.UNET, unet());
    assertThatThrownBy(() -> LoraFile.read(folder, "read", onlyUnet))
        .isInstanceOf(LoraMismatchException.class)
        .hasMessageContaining("also adapts the text encoder, but only [UNET] was given");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"peft_type": "OFT"} | peft_type OFT is not supported
          {"peft_type": "LORA", "r": 4, "init_lora_weights": "pissa_niter_4"} | changed the base model's weights
          {"peft_type": "LORA", "r": 4, "fan_in_fan_out": true} | fan_in_fan_out is not supported
          {"peft_type": "LORA", "r": 4, "use_dora": true} | has no magnitude
          {"peft_type": "LORA", "r": 4, "lora_alpha": "x"} | lora_alpha
          {"peft_type": "LORA", "r": 4, "alpha_pattern": {"(": 2}} | is not a regular expression
          """)
  void whatTheConfigurationSaysOtherwiseIsRefused(String json, String expected) throws IOException {
    weights(folder, "");
    config(folder, json);
    assertThatThrownBy(() -> LoraFile.read(folder, "read", networks))
        .hasMessageContaining(folder.getFileName().toString())
        .hasMessageContaining(expected);
  }

  @Test
  void aFolderWithoutWeightsSaysWhatIsExpected() throws IOException {
    config(folder, "{\"peft_type\": \"LORA\"}");
    assertThatThrownBy(() -> LoraFile.read(folder, "read", networks))
        .hasMessage(folder + " has adapter_config.json, but no adapter_model.safetensors");
    Files.delete(folder.resolve("adapter_config.json"));
    assertThatThrownBy(() -> LoraFile.read(folder, "read", networks))
        .hasMessageContaining("pytorch_lora_weights.safetensors")
        .hasMessageContaining("but it has none of them; give the path of the file");
  }

  @Test
  void aFolderOfDiffusersOrWithOneFileIsItsFile() throws IOException {
    Path other = Files.createDirectories(folder.resolve("other"));
    for (Path file :
        List.of(
            folder.resolve("pytorch_lora_weights.safetensors"), other.resolve("a.safetensors"))) {
      new SafetensorsWriter()
          .add("unet." + TO_Q + ".lora_A.weight", new float[8], DType.F32, 2, 4)
          .add("unet." + TO_Q + ".lora_B.weight", new float[12], DType.F32, 6, 2)
          .metadata("lora_adapter_metadata", "{\"unet.r\": 2, \"unet.lora_alpha\": 1}")
          .write(file);
    }
    assertThat(scales(folder)).containsExactly(Map.entry(TO_Q, 0.5));
    assertThat(scales(other)).containsExactly(Map.entry(TO_Q, 0.5));
    Files.copy(other.resolve("a.safetensors"), other.resolve("b.safetensors"));
    assertThatThrownBy(() -> scales(other))
        .hasMessageContaining("[a.safetensors, b.safetensors]; give the path of the file");
  }

  @Test
  void aFolderOfTheCacheOfTheHubIsItsSnapshot() throws IOException {
    Path snapshot = folder.resolve("models--someone--style/snapshots/0123abcd");
    weights(snapshot, "");
    config(snapshot, "{\"peft_type\": \"LORA\", \"r\": 4, \"lora_alpha\": 2}");
    assertThat(scales(folder.resolve("models--someone--style"))).containsEntry(TO_Q, 0.5);
  }

  @Test
  void metadataOfASingleNetworkHaveNoPrefix() {
    Path file = folder.resolve("a.safetensors");
    new SafetensorsWriter()
        .add(TO_Q + ".lora_A.weight", new float[8], DType.F32, 2, 4)
        .add(TO_Q + ".lora_B.weight", new float[12], DType.F32, 6, 2)
        .metadata("lora_adapter_metadata", "{\"r\": 2, \"lora_alpha\": 6}")
        .write(file);
    assertThat(scales(file)).containsExactly(Map.entry(TO_Q, 3.0));
  }

  // ---- Written

  private static Lora lora(LoraNetwork network, double alpha) {
    return trained(
        Lora.create(
            "written",
            network,
            requireNonNull(networks.get(network)),
            LoraFixtures.everywhere().withRank(2).withAlpha(alpha),
            LoraFixtures.SEED));
  }

  private static void assertSame(Lora read, Lora lora) {
    assertThat(read.modules()).isEqualTo(lora.modules());
    for (LoraModule module : lora.modules().values()) {
      assertThat(floats(read.down(module))).containsExactly(floats(lora.down(module)));
      assertThat(floats(read.up(module))).containsExactly(floats(lora.up(module)));
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void oneFolderForEachNetworkComesBackExactly(boolean textModel) {
    Lora[] loras = {
      lora(LoraNetwork.UNET, 3),
      lora(LoraNetwork.TEXT_ENCODER, 2),
      lora(LoraNetwork.TEXT_ENCODER_2, 5)
    };
    LoraFile.Options options =
        LoraFile.Options.peftFolder().withDtype(DType.F32).withTextModel(textModel);
    LoraFile.write(folder.resolve("all"), List.of(loras), options);
    LoraFile.write(folder.resolve("one"), List.of(loras[2]), options);
    try (LoraContents all = LoraFile.contents(folder.resolve("all"), "written", networks);
        LoraContents one = LoraFile.contents(folder.resolve("one"), "written", networks)) {
      for (Lora lora : loras) {
        assertSame(requireNonNull(all.loras().get(lora.network())), lora);
      }
      assertThat(one.loras()).containsOnlyKeys(LoraNetwork.TEXT_ENCODER_2);
      assertSame(requireNonNull(one.loras().get(LoraNetwork.TEXT_ENCODER_2)), loras[2]);
    }
    for (Lora lora : loras) {
      lora.close();
    }
  }

  @Test
  void differingRanksAndAlphasBecomePatterns() throws IOException {
    Path source = folder.resolve("source");
    weights(source, "");
    config(
        source,
        """
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "alpha_pattern": {"attn1.to_k": 6}}
        """);
    Path written = folder.resolve("written");
    try (LoraContents contents = LoraFile.contents(source, "read", networks)) {
      LoraFile.write(written, contents.loras().values().asList(), LoraFile.Options.peftFolder());
    }
    JsonObject config = Json.readObject(written.resolve("adapter_config.json"));
    assertThat(config.text("peft_type")).isEqualTo("LORA");
    assertThat(config.integer("r")).isEqualTo(4);
    assertThat(config.number("lora_alpha")).isEqualTo(8);
    assertThat(config.object("rank_pattern").toNumbers()).containsExactly(Map.entry(TO_K, 2.0));
    assertThat(config.object("alpha_pattern").toNumbers()).containsExactly(Map.entry(TO_K, 6.0));
    assertThat(config.texts("target_modules")).containsExactlyInAnyOrder(TO_Q, TO_K, TO_OUT);
    assertThat(config.has("lora_bias")).isFalse(); // older versions of PEFT do not know it
    try (SafetensorsFile file =
        SafetensorsFile.open(written.resolve("adapter_model.safetensors"))) {
      assertThat(file.names()).contains("base_model.model." + TO_Q + ".lora_A.weight").hasSize(6);
    }
    assertThat(scales(written)).isEqualTo(Map.of(TO_Q, 2.0, TO_K, 3.0, TO_OUT, 2.0));
  }

  @Test
  void ranksAndAlphasOfANewLoraAreInTheConfigurationAndComeBack() {
    LoraPatterns patterns =
        LoraPatterns.none()
            .withRank("attn1.to_k", 1)
            .withRank("attentions.0.*.to_v", 3)
            .withAlpha("to_out.0", 6)
            .withAlpha("attn1.to_k", 0.5);
    Lora.Options options = Lora.Options.ofRank(2).withPatterns(patterns);
    try (Lora lora =
        trained(Lora.create("written", LoraNetwork.UNET, unet(), options, LoraFixtures.SEED))) {
      assertThat(lora.modules().values().stream().map(LoraModule::rank)).contains(1, 2, 3);
      LoraFile.write(folder, List.of(lora), LoraFile.Options.peftFolder().withDtype(DType.F32));
      JsonObject config = Json.readObject(folder.resolve("adapter_config.json"));
      lora.modules()
          .forEach(
              (path, module) -> {
                assertThat(config.object("rank_pattern").number(path, config.integer("r")))
                    .isEqualTo(module.rank());
                assertThat(config.object("alpha_pattern").number(path, config.number("lora_alpha")))
                    .isEqualTo(module.alpha());
              });
      try (LoraContents contents = LoraFile.contents(folder, "written", networks)) {
        assertSame(requireNonNull(contents.loras().get(LoraNetwork.UNET)), lora);
      }
    }
  }
}
