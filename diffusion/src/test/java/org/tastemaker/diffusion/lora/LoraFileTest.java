package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.diffusion.lora.LoraFixtures.SEED;
import static org.tastemaker.diffusion.lora.LoraFixtures.everywhere;
import static org.tastemaker.diffusion.lora.LoraFixtures.floats;
import static org.tastemaker.diffusion.lora.LoraFixtures.golden;
import static org.tastemaker.diffusion.lora.LoraFixtures.newLora;
import static org.tastemaker.diffusion.lora.LoraFixtures.relativeError;
import static org.tastemaker.diffusion.lora.LoraFixtures.run;
import static org.tastemaker.diffusion.lora.LoraFixtures.trained;
import static org.tastemaker.diffusion.lora.LoraFixtures.with;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

class LoraFileTest {
  private static final String TO_Q = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  private static final String KOHYA_TO_Q = "lora_unet_" + TO_Q.replace('.', '_');
  private static final String KOHYA_CONV = "lora_unet_mid_block_resnets_0_conv1";
  private static final String TEXT = "text_model_encoder_layers_0_self_attn_q_proj";

  private static UNet2DConditionModel unet;
  private static ClipTextModel text;

  @TempDir Path folder;
  private Path path;

  @BeforeAll
  static void load() {
    unet = LoraFixtures.unet();
    text = ClipTextModel.load(golden("clip_text_tiny"));
  }

  @AfterAll
  static void close() {
    unet.close();
    text.close();
  }

  @BeforeEach
  void path() {
    path = folder.resolve("lora.safetensors");
  }

  private static Map<LoraNetwork, Parameters> networks() {
    return Map.of(LoraNetwork.UNET, unet.parameters(), LoraNetwork.TEXT_ENCODER, text.parameters());
  }

  private static Lora textLora() {
    return trained(
        Lora.create(
            "text",
            LoraNetwork.TEXT_ENCODER,
            text.parameters(),
            Lora.Options.defaults().withTargets(LoraTargets.textAttention()),
            SEED));
  }

  private ImmutableMap<LoraNetwork, Lora> read() {
    return LoraFile.read(path, "read", networks());
  }

  private Lora readUnet() {
    return requireNonNull(read().get(LoraNetwork.UNET));
  }

  // ---- Round trips

  @Test
  void kohyaFileInSinglePrecisionComesBackExactly() {
    try (Lora lora = trained(newLora("a", unet, everywhere().withAlpha(3)));
        Lora textLora = textLora()) {
      LoraFile.write(path, List.of(lora, textLora), LoraFile.Options.kohya().withDtype(DType.F32));
      ImmutableMap<LoraNetwork, Lora> read = read();
      assertThat(read.keySet()).containsExactly(LoraNetwork.UNET, LoraNetwork.TEXT_ENCODER);
      assertSame(requireNonNull(read.get(LoraNetwork.UNET)), lora);
      assertSame(requireNonNull(read.get(LoraNetwork.TEXT_ENCODER)), textLora);
      read.values().forEach(Lora::close);
    }
  }

  private static void assertSame(Lora read, Lora written) {
    assertThat(read.modules().keySet()).isEqualTo(written.modules().keySet());
    for (LoraModule module : written.modules().values()) {
      LoraModule again = requireNonNull(read.modules().get(module.path()));
      assertThat(again).isEqualTo(module);
      assertThat(floats(read.down(again))).containsExactly(floats(written.down(module)));
      assertThat(floats(read.up(again))).containsExactly(floats(written.up(module)));
    }
  }

  @Test
  void kohyaFileInHalfPrecisionHasTheSameEffect() {
    try (Lora lora = trained(newLora("a", unet, everywhere().withAlpha(3)))) {
      LoraFile.write(path, List.of(lora), LoraFile.Options.kohya());
      try (Lora read = readUnet();
          INDArray expected = run(unet, with(lora));
          INDArray actual = run(unet, with(read))) {
        // Each weight is rounded by up to 2^-11 = 5e-4 of itself, at random.
        assertThat(relativeError(actual, expected)).isLessThan(2e-3);
      }
    }
  }

  @Test
  void peftFileHasTheSameEffect() {
    try (Lora lora = trained(newLora("a", unet, everywhere().withAlpha(3)));
        Lora textLora = textLora()) {
      LoraFile.write(
          path, List.of(lora, textLora), LoraFile.Options.diffusers().withDtype(DType.F32));
      ImmutableMap<LoraNetwork, Lora> read = read();
      assertSame(requireNonNull(read.get(LoraNetwork.TEXT_ENCODER)), textLora); // alpha is the rank
      try (INDArray expected = run(unet, with(lora));
          INDArray actual = run(unet, with(requireNonNull(read.get(LoraNetwork.UNET))))) {
        // The up layers were multiplied before and not after: a few roundings of 6e-8.
        assertThat(relativeError(actual, expected)).isLessThan(1e-5);
      }
      read.values().forEach(Lora::close);
    }
  }

  // ---- What is in the files

  @Test
  void kohyaFileHoldsThreeTensorsALayerAndTheLeastMetadata() {
    Lora.Options options =
        Lora.Options.defaults()
            .withTargets(LoraTargets.named(TO_Q, "mid_block.resnets.0.conv1"))
            .withAlpha(2);
    try (Lora lora = newLora("a", unet, options)) {
      LoraFile.write(
          path,
          List.of(lora),
          LoraFile.Options.kohya().withMetadata(ImmutableMap.of("ss_output_name", "emoji")));
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertThat(file.names())
            .containsExactlyInAnyOrder(
                KOHYA_TO_Q + ".lora_down.weight",
                KOHYA_TO_Q + ".lora_up.weight",
                KOHYA_TO_Q + ".alpha",
                KOHYA_CONV + ".lora_down.weight",
                KOHYA_CONV + ".lora_up.weight",
                KOHYA_CONV + ".alpha");
        assertThat(file.names()).allMatch(name -> file.info(name).dtype() == DType.F16);
        assertThat(file.info(KOHYA_TO_Q + ".alpha").shape()).isEqualTo(ImmutableLongArray.of());
        assertThat(file.floats(KOHYA_TO_Q + ".alpha")).containsExactly(2);
        assertThat(file.info(KOHYA_CONV + ".lora_down.weight").shape())
            .isEqualTo(ImmutableLongArray.of(4, 8, 3, 3));
        assertThat(file.info(KOHYA_CONV + ".lora_up.weight").shape())
            .isEqualTo(ImmutableLongArray.of(8, 4, 1, 1));
        assertThat(file.metadata())
            .containsEntry("ss_v2", "False")
            .containsEntry("ss_base_model_version", "sd_v1")
            .containsEntry("ss_network_module", "networks.lora")
            .containsEntry("ss_network_dim", "4")
            .containsEntry("ss_network_alpha", "2.0")
            .containsEntry("ss_network_args", "{}")
            .containsEntry("ss_output_name", "emoji");
      }
    }
  }

  @Test
  void peftFileHoldsTwoTensorsALayer() {
    Lora.Options options = Lora.Options.defaults().withTargets(LoraTargets.named(TO_Q));
    try (Lora lora = newLora("a", unet, options)) {
      LoraFile.write(path, List.of(lora), LoraFile.Options.diffusers());
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertThat(file.names())
            .containsExactlyInAnyOrder(
                "unet." + TO_Q + ".lora_A.weight", "unet." + TO_Q + ".lora_B.weight");
        assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"));
      }
    }
  }

  // ---- What others write

  private static SafetensorsWriter tensor(SafetensorsWriter writer, String name, long... shape) {
    int length = 1;
    for (long size : shape) {
      length *= (int) size;
    }
    float[] values = new float[length];
    SEED.split(name).gaussian(0, values);
    return writer.add(name, values, DType.F32, shape);
  }

  /** A pair for to_q, which is [8, 8]. */
  private static SafetensorsWriter pair(
      SafetensorsWriter writer, String down, String up, int rank) {
    return tensor(tensor(writer, down, rank, 8), up, 8, rank);
  }

  @Test
  void missingAlphaIsTheRank() {
    pair(
            new SafetensorsWriter(),
            KOHYA_TO_Q + ".lora_down.weight",
            KOHYA_TO_Q + ".lora_up.weight",
            3)
        .write(path);
    try (Lora lora = readUnet()) {
      assertThat(requireNonNull(lora.modules().get(TO_Q)).scale()).isEqualTo(1);
    }
  }

  @Test
  void ranksMayDiffer() {
    SafetensorsWriter writer =
        pair(
            new SafetensorsWriter(),
            KOHYA_TO_Q + ".lora_down.weight",
            KOHYA_TO_Q + ".lora_up.weight",
            3);
    tensor(writer, KOHYA_CONV + ".lora_down.weight", 5, 8, 3, 3);
    tensor(writer, KOHYA_CONV + ".lora_up.weight", 8, 5, 1, 1);
    writer.add(KOHYA_CONV + ".alpha", new float[] {10}, DType.F32);
    writer.write(path);
    try (Lora lora = readUnet()) {
      assertThat(requireNonNull(lora.modules().get(TO_Q)).rank()).isEqualTo(3);
      LoraModule conv = requireNonNull(lora.modules().get("mid_block.resnets.0.conv1"));
      assertThat(conv.rank()).isEqualTo(5);
      assertThat(conv.scale()).isEqualTo(2);

      LoraFile.write(path, List.of(lora), LoraFile.Options.kohya());
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertThat(file.metadata()).containsEntry("ss_network_dim", "Dynamic");
      }
    }
  }

  @Test
  void linearLayersMayBeStoredAsConvolutions() {
    SafetensorsWriter writer = new SafetensorsWriter();
    tensor(writer, KOHYA_TO_Q + ".lora_down.weight", 3, 8, 1, 1);
    tensor(writer, KOHYA_TO_Q + ".lora_up.weight", 8, 3, 1, 1);
    writer.write(path);
    try (Lora lora = readUnet();
        SafetensorsFile file = SafetensorsFile.open(path)) {
      LoraModule module = requireNonNull(lora.modules().get(TO_Q));
      assertThat(lora.down(module).shape()).containsExactly(3, 8);
      assertThat(lora.down(module).data().asFloat())
          .containsExactly(file.floats(KOHYA_TO_Q + ".lora_down.weight"));
    }
  }

  @Test
  void firstTextEncoderOfTwoIsTheTextEncoder() {
    for (String prefix : List.of("lora_te_", "lora_te1_")) {
      SafetensorsWriter writer = new SafetensorsWriter();
      long size = requireNonNull(text.parameters().specs().get(TEXT_WEIGHT)).shape().get(0);
      tensor(writer, prefix + TEXT + ".lora_down.weight", 2, size);
      tensor(writer, prefix + TEXT + ".lora_up.weight", size, 2);
      writer.write(path);
      ImmutableMap<LoraNetwork, Lora> read = read();
      assertThat(read.keySet()).containsExactly(LoraNetwork.TEXT_ENCODER);
      read.values().forEach(Lora::close);
    }
  }

  private static final String TEXT_WEIGHT = "text_model.encoder.layers.0.self_attn.q_proj.weight";

  @Test
  void namesOfDiffusersBeforePeftAreRead() {
    pair(
            new SafetensorsWriter(),
            "unet." + TO_Q + ".lora.down.weight",
            "unet." + TO_Q + ".lora.up.weight",
            2)
        .write(path);
    try (Lora lora = readUnet()) {
      assertThat(lora.modules().keySet()).containsExactly(TO_Q);
    }
  }

  @Test
  void alphaStandsInTheMetadataOfPeft() {
    SafetensorsWriter writer =
        pair(
            new SafetensorsWriter(),
            "unet." + TO_Q + ".lora_A.weight",
            "unet." + TO_Q + ".lora_B.weight",
            4);
    String toK = TO_Q.replace("to_q", "to_k");
    pair(writer, "unet." + toK + ".lora_A.weight", "unet." + toK + ".lora_B.weight", 4);
    writer.metadata(
        "lora_adapter_metadata",
        "{\"unet.r\": 4, \"unet.lora_alpha\": 8, \"unet.alpha_pattern\": {\"attn1.to_k\": 2}}");
    writer.write(path);
    try (Lora lora = readUnet()) {
      assertThat(requireNonNull(lora.modules().get(TO_Q)).scale()).isEqualTo(2);
      assertThat(requireNonNull(lora.modules().get(toK)).scale()).isEqualTo(0.5);
    }
  }

  // ---- Errors

  @Test
  void everythingThatIsWrongIsListed() {
    SafetensorsWriter writer = new SafetensorsWriter();
    tensor(writer, KOHYA_TO_Q + ".lora_down.weight", 3, 8); // no up
    tensor(writer, KOHYA_CONV + ".lora_down.weight", 2, 8, 1, 1); // the kernel is 3 x 3
    tensor(writer, KOHYA_CONV + ".lora_up.weight", 8, 3, 1, 1); // another rank
    tensor(writer, "lora_unet_mid_block_nothing.lora_down.weight", 2, 8);
    tensor(writer, KOHYA_TO_Q + ".dora_scale", 8);
    writer.write(path);
    assertThatThrownBy(this::read)
        .isInstanceOf(LoraMismatchException.class)
        .hasMessageContaining(path + ": not a LoRA for the given networks")
        .hasMessageContaining("4 problems")
        .satisfies(
            e ->
                assertThat(((LoraMismatchException) e).problems())
                    .containsExactlyInAnyOrder(
                        "\"lora_unet_mid_block_nothing.lora_down.weight\" belongs to no linear layer"
                            + " or convolution",
                        "\"%s\" has %s.lora_down.weight, %s.dora_scale, but no up tensor"
                            .formatted(TO_Q, KOHYA_TO_Q, KOHYA_TO_Q),
                        "\"%s.lora_down.weight\" expected [2, 8, 3, 3], found [2, 8, 1, 1]"
                            .formatted(KOHYA_CONV),
                        "\"%s.lora_up.weight\" expected [8, 2, 1, 1], found [8, 3, 1, 1]"
                            .formatted(KOHYA_CONV)));
  }

  @Test
  void messageShowsTheFirstTen() {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < 12; i++) {
      tensor(writer, "lora_unet_x" + i + ".lora_up.weight", 1, 1);
    }
    writer.write(path);
    assertThatThrownBy(this::read)
        .hasMessageContaining("12 problems: \"lora_unet_x0.lora_up.weight\"")
        .hasMessageContaining("lora_unet_x9.")
        .hasMessageEndingWith("; and 2 more")
        .hasMessageNotContaining("lora_unet_x10.");
  }

  @Test
  void networkThatWasNotGivenIsMissed() {
    try (Lora lora = textLora()) {
      LoraFile.write(path, List.of(lora), LoraFile.Options.kohya());
      Map<LoraNetwork, Parameters> onlyUnet = Map.of(LoraNetwork.UNET, unet.parameters());
      assertThatThrownBy(() -> LoraFile.read(path, "a", onlyUnet))
          .isInstanceOf(LoraMismatchException.class)
          .hasMessageContaining("networks [UNET]")
          .hasMessageContaining("the file also adapts the text encoder");
    }
  }

  @Test
  void aFileThatAlsoAdaptsTheTextEncoderSaysSoWhenOnlyTheUnetIsGiven() {
    try (Lora lora = trained(newLora("a", unet, everywhere()));
        Lora other = textLora()) {
      LoraFile.write(path, List.of(lora, other), LoraFile.Options.kohya());
      int tensors = 3 * other.modules().size();
      assertThatThrownBy(
              () -> LoraFile.read(path, "read", Map.of(LoraNetwork.UNET, unet.parameters())))
          .isInstanceOf(LoraMismatchException.class)
          .hasMessageContaining(
              "1 problem: the file also adapts the text encoder, but only [UNET] was given: give"
                  + " the parameters of TEXT_ENCODER too")
          .hasMessageContaining(": " + tensors + " tensors, such as \"lora_te_");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight | a second text encoder
          text_encoder_2.text_model.x.lora_A.weight | a second text encoder
          transformer.blocks.0.attn.to_q.lora_A.weight | a diffusion transformer
          lora_unet_double_blocks_0_img_attn_proj.lora_down.weight | a diffusion transformer
          lora_unet_mid_block.oft_blocks | of the kind OFT, which is not supported
          lora_unet_mid_block.on_input | of the kind IA3
          lora_unet_mid_block.a1.weight | of the kind GLoRA
          base_model.model.conv_in.modules_to_save.weight | of the kind a whole weight beside a LoRA
          emb_params | of the kind textual inversion
          """)
  void filesOfOtherKindsAreNamed(String key, String expected) {
    new SafetensorsWriter().add(key, new float[1], DType.F32, 1, 1).write(path);
    assertThatThrownBy(this::read)
        .isInstanceOf(LoraMismatchException.class)
        .hasMessageContaining(expected)
        .hasMessageContaining("1 tensors, such as \"" + key);
  }

  @Test
  void sameLayerTwiceIsAnError() {
    SafetensorsWriter writer =
        pair(
            new SafetensorsWriter(),
            KOHYA_TO_Q + ".lora_down.weight",
            KOHYA_TO_Q + ".lora_up.weight",
            2);
    pair(writer, "unet." + TO_Q + ".lora_A.weight", "unet." + TO_Q + ".lora_B.weight", 2);
    writer.write(path);
    assertThatThrownBy(this::read).hasMessageContaining("are for the same layer");
  }

  @Test
  void damagedNumbersAreNotLoaded() {
    SafetensorsWriter writer =
        tensor(new SafetensorsWriter(), KOHYA_TO_Q + ".lora_down.weight", 1, 8);
    float[] up = new float[8];
    up[5] = Float.NaN;
    writer.add(KOHYA_TO_Q + ".lora_up.weight", up, DType.F32, 8, 1).write(path);
    assertThatThrownBy(this::read)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lora_up.weight\" holds NaN");
  }

  @Test
  void alphaThatIsNoNumberIsAnError() {
    pair(
            new SafetensorsWriter(),
            KOHYA_TO_Q + ".lora_down.weight",
            KOHYA_TO_Q + ".lora_up.weight",
            2)
        .add(KOHYA_TO_Q + ".alpha", new float[] {Float.POSITIVE_INFINITY}, DType.F32)
        .write(path);
    assertThatThrownBy(this::read).hasMessageContaining("alpha of \"" + TO_Q + "\" is Infinity");
  }

  @Test
  void emptyFileIsNoLora() {
    new SafetensorsWriter().write(path);
    assertThatThrownBy(this::read)
        .isInstanceOf(LoraMismatchException.class)
        .hasMessageContaining("1 problem: no tensor at all");
  }

  @Test
  void brokenMetadataIsAnError() {
    pair(
            new SafetensorsWriter(),
            "unet." + TO_Q + ".lora_A.weight",
            "unet." + TO_Q + ".lora_B.weight",
            4)
        .metadata("lora_adapter_metadata", "{")
        .write(path);
    assertThatThrownBy(this::read)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("metadata lora_adapter_metadata is not JSON");
  }

  @Test
  void writingRefusesWhatCannotBeWritten() {
    try (Lora lora = trained(newLora("a", unet, Lora.Options.defaults()));
        Lora other = newLora("b", unet, Lora.Options.defaults())) {
      assertThatThrownBy(() -> LoraFile.write(path, List.of(lora, other), LoraFile.Options.kohya()))
          .hasMessage("a file holds one LoRA for each network, but was given [a: UNET, b: UNET]");
      assertThatThrownBy(() -> LoraFile.write(path, List.of(), LoraFile.Options.kohya()))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> LoraFile.Options.kohya().withDtype(DType.I32))
          .hasMessageContaining("but was I32");
      lora.parameters().arrays().values().iterator().next().data().put(0, 1e6f);
      assertThatThrownBy(() -> LoraFile.write(path, List.of(lora), LoraFile.Options.kohya()))
          .isInstanceOf(SafetensorsException.class);
      assertThat(path).doesNotExist();
    }
  }
}
