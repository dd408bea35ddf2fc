package org.tastemaker.diffusion.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.AutoencoderKl;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextModel;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.PredictionType;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.diffusion.weights.TorchBytes;

class SingleFileTest {
  private static final int TEXT = 64;

  private static final TextNames OPEN_CLIP = TextNames.openClip("cond_stage_model.model.");

  @TempDir Path folder;

  private static UNetConfig unetConfig(boolean second) {
    return new UNetConfig(
        second ? 96 : 64,
        4,
        4,
        ImmutableList.of(64, 128),
        ImmutableList.of("CrossAttnDownBlock2D", "DownBlock2D"),
        ImmutableList.of("UpBlock2D", "CrossAttnUpBlock2D"),
        ImmutableList.of(2, 2),
        ImmutableList.of(1, 1),
        second ? ImmutableList.of(1, 2) : ImmutableList.of(8, 8),
        TEXT,
        32,
        1e-5,
        3,
        3,
        1,
        true,
        0,
        256,
        second);
  }

  private static final AutoencoderKlConfig VAE =
      new AutoencoderKlConfig(
          512, 3, 3, 4, ImmutableList.of(32, 64), 1, 32, true, true, true, 0.18215, false);

  private static ClipTextConfig textConfig(boolean second) {
    return new ClipTextConfig(
        100,
        TEXT,
        128,
        3,
        1,
        20,
        second ? ClipTextConfig.Activation.GELU : ClipTextConfig.Activation.QUICK_GELU,
        1e-5,
        98,
        99,
        1,
        TEXT);
  }

  /** The networks of a test. */
  private record Networks(UNet2DConditionModel unet, AutoencoderKl vae, ClipTextModel text)
      implements AutoCloseable {
    static Networks random(boolean second) {
      return new Networks(
          UNet2DConditionModel.random(unetConfig(second), Seed.of(1)),
          AutoencoderKl.random(VAE, Seed.of(2)),
          ClipTextModel.random(textConfig(second), Seed.of(3)));
    }

    void write(Path file, PredictionType prediction) {
      CheckpointWriter.write(file, unet, vae, List.of(text), prediction, DType.F32);
    }

    @Override
    public void close() {
      unet.close();
      vae.close();
      text.close();
    }
  }

  @Test
  void aFirstStableDiffusionIsReadAsItWasWritten() {
    Path file = folder.resolve("first.safetensors");
    try (Networks networks = Networks.random(false)) {
      networks.write(file, PredictionType.V_PREDICTION);
      try (SingleFile read = SingleFile.open(file, Optional.empty(), false, false)) {
        assertThat(read.prediction()).isEqualTo(PredictionType.V_PREDICTION);
        requireEqual(read, networks);
      }
    }
  }

  @Test
  void aSecondStableDiffusionIsReadAsItWasWritten() {
    Path file = folder.resolve("second.safetensors");
    try (Networks networks = Networks.random(true)) {
      networks.write(file, PredictionType.V_PREDICTION);
      try (SingleFile read = SingleFile.open(file, Optional.empty(), false, false);
          SafetensorsFile names = SafetensorsFile.open(file);
          SafetensorsFile others = SafetensorsFile.open(published(networks))) {
        requireEqual(read, networks);
        // What Stability AI's programs write has these names; they have more of the last layer.
        assertThat(names.names()).containsAll(others.names());
      }
    }
  }

  private Path published(Networks networks) {
    Path file = folder.resolve("published.safetensors");
    second(networks).write(file);
    return file;
  }

  @Test
  void aSecondStableDiffusionIsReadFromOpenClipsNamesWithoutItsLastLayer() {
    Path file = folder.resolve("second.safetensors");
    try (Networks networks = Networks.random(true)) {
      SafetensorsWriter writer = second(networks);
      // What is in such files besides.
      writer.add("cond_stage_model.model.logit_scale", new float[] {4.6f}, DType.F32);
      writer.add("model_ema.decay", new float[] {1}, DType.F32);
      writer.add("model_ema.diffusion_modelconv_inweight", new float[] {1}, DType.F32, 1);
      writer.write(file);
      try (SingleFile read = SingleFile.open(file, Optional.empty(), false, false)) {
        assertThat(read.prediction()).isEqualTo(PredictionType.V_PREDICTION);
        requireEqual(read, networks);
      }
      try (SingleFile read =
          SingleFile.open(file, Optional.of(PredictionType.EPSILON), false, false)) {
        assertThat(read.prediction()).isEqualTo(PredictionType.EPSILON);
      }
    }
  }

  /** As Stability AI's programs write it: with projections in one tensor, and a last layer. */
  private static SafetensorsWriter second(Networks networks) {
    SafetensorsWriter writer = new SafetensorsWriter();
    UNetNames unetNames = new UNetNames(networks.unet().config());
    VaeNames vaeNames = new VaeNames(2);
    Parameters unet = networks.unet().parameters();
    unet.arrays()
        .forEach(
            (name, a) ->
                writer.add(unetNames.placeOf(name).name(), unet.torchLayout(name, a), DType.F32));
    Parameters vae = networks.vae().parameters();
    vae.arrays()
        .forEach(
            (name, a) ->
                writer.add(vaeNames.placeOf(name).name(), vae.torchLayout(name, a), DType.F32));
    Map<String, INDArray> text = networks.text().parameters().arrays();
    String ours = "text_model.encoder.layers.";
    String theirs = "cond_stage_model.model.transformer.resblocks.";
    text.forEach(
        (name, a) -> {
          Place place = OPEN_CLIP.placeOf(name);
          if (place.parts() == 1) {
            writer.add(place.name(), a, DType.F32);
          }
        });
    for (int layer = 0; layer < 3; layer++) {
      for (String end : new String[] {"weight", "bias"}) {
        String start = ours + layer + ".self_attn.";
        writer.add(
            theirs + layer + ".attn.in_proj_" + end,
            Nd4j.concat(
                0,
                text.get(start + "q_proj." + end),
                text.get(start + "k_proj." + end),
                text.get(start + "v_proj." + end)),
            DType.F32);
      }
    }
    writer.add(theirs + "3.ln_1.weight", new float[TEXT], DType.F32, TEXT);
    return writer;
  }

  private static void requireEqual(SingleFile read, Networks networks) {
    try (UNet2DConditionModel unet = read.unet();
        AutoencoderKl vae = read.vae();
        ClipTextModel text = read.textEncoder(0)) {
      assertThat(unet.config()).isEqualTo(networks.unet().config());
      assertThat(vae.config()).isEqualTo(networks.vae().config());
      assertThat(text.config()).isEqualTo(networks.text().config());
      assertThat(unet.parameters().checksum()).isEqualTo(networks.unet().parameters().checksum());
      assertThat(vae.parameters().checksum()).isEqualTo(networks.vae().parameters().checksum());
      assertThat(text.parameters().checksum()).isEqualTo(networks.text().parameters().checksum());
    }
  }

  @Test
  void whatIsMissingIsNamedBeforeAnythingIsRead() {
    Path whole = folder.resolve("whole.safetensors");
    Path part = folder.resolve("part.safetensors");
    try (Networks networks = Networks.random(false)) {
      CheckpointWriter.write(
          whole,
          networks.unet(),
          networks.vae(),
          List.of(networks.text()),
          PredictionType.EPSILON,
          DType.F16);
    }
    SafetensorsWriter writer = new SafetensorsWriter();
    String gone = "model.diffusion_model.middle_block.1.proj_in.weight";
    try (SafetensorsFile file = SafetensorsFile.open(whole)) {
      file.names().stream()
          .filter(name -> !name.equals(gone))
          .forEach(name -> writer.add(name, file.array(name), DType.F16));
    }
    writer.write(part);
    assertThatThrownBy(() -> SingleFile.open(part, Optional.empty(), false, false))
        .hasMessageContaining(part.toString())
        .hasMessageContaining("1 missing: " + gone + ".");
  }

  @Test
  void aCheckpointOfPyTorchIsReadAsItsSafetensorsAre() {
    Path file = folder.resolve("first.safetensors");
    Path pickled = folder.resolve("first.ckpt");
    try (Networks networks = Networks.random(false)) {
      CheckpointWriter.write(
          file,
          networks.unet(),
          networks.vae(),
          List.of(networks.text()),
          PredictionType.EPSILON,
          DType.F32);
      TorchBytes.convert(file, pickled, "state_dict");
      try (SingleFile read = SingleFile.open(pickled, Optional.empty(), false, false)) {
        assertThat(read.prediction()).isEqualTo(PredictionType.EPSILON);
        requireEqual(read, networks);
      }
    }
  }

  @Test
  void theAveragedWeightsOfTheUNetAreReadWhereThatIsAskedFor() {
    Path plain = folder.resolve("plain.safetensors");
    Path file = folder.resolve("averaged.safetensors");
    try (Networks networks = Networks.random(false);
        UNet2DConditionModel averaged =
            UNet2DConditionModel.random(networks.unet().config(), Seed.of(7))) {
      CheckpointWriter.write(
          plain,
          networks.unet(),
          networks.vae(),
          List.of(networks.text()),
          PredictionType.EPSILON,
          DType.F32);
      SafetensorsWriter writer = new SafetensorsWriter();
      try (SafetensorsFile whole = SafetensorsFile.open(plain)) {
        whole.names().forEach(name -> writer.add(name, whole.array(name), DType.F32));
      }
      // LitEma of CompVis' programs: the names without their dots, and its own two numbers.
      UNetNames names = new UNetNames(averaged.config());
      Parameters weights = averaged.parameters();
      weights
          .arrays()
          .forEach(
              (name, array) ->
                  writer.add(
                      "model_ema."
                          + names
                              .placeOf(name)
                              .name()
                              .replaceFirst("^model\\.", "")
                              .replace(".", ""),
                      weights.torchLayout(name, array),
                      DType.F32));
      writer.add("model_ema.decay", new float[] {1}, DType.F32);
      writer.add("model_ema.num_updates", new float[] {1}, DType.F32);
      writer.write(file);
      try (SafetensorsFile whole = SafetensorsFile.open(file)) {
        assertThat(whole.names()).contains("model_ema.diffusion_modelinput_blocks00weight");
      }
      try (SingleFile read = SingleFile.open(file, Optional.empty(), true, false);
          UNet2DConditionModel unet = read.unet()) {
        assertThat(unet.parameters().checksum()).isEqualTo(weights.checksum());
      }
      try (SingleFile read = SingleFile.open(file, Optional.empty(), false, false)) {
        requireEqual(read, networks);
      }
      assertThatThrownBy(() -> SingleFile.open(plain, Optional.empty(), true, false))
          .hasMessageContaining("holds no averaged weights (model_ema.diffusion_model*)");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight | a model of Stable Diffusion 3",
        "double_blocks.0.img_attn.qkv.weight | a model of FLUX",
        "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight | a LoRA",
        "unet.mid_block.attentions.0.to_q.lora_A.weight | a LoRA",
        "control_model.input_blocks.0.0.weight | a ControlNet",
        "down_blocks.0.resnets.0.conv1.weight | a network of a folder in the diffusers layout",
        "string_to_param.* | an embedding of textual inversion",
        "emb_params | an embedding of textual inversion",
        "something.else | no checkpoint of Stable Diffusion"
      })
  void anotherFileIsNamedForWhatItIs(String name, String kind) {
    Path file = folder.resolve("other.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    writer.add(name, new float[] {1}, DType.F32, 1);
    writer.write(file);
    assertThatThrownBy(() -> SingleFile.open(file, Optional.empty(), false, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file + " is " + kind);
  }

  @Test
  void aModelThatSuchAFileCannotExpressIsNotWritten() {
    Path file = folder.resolve("not.safetensors");
    try (Networks first = Networks.random(false);
        Networks second = Networks.random(true)) {
      assertThatThrownBy(
              () ->
                  CheckpointWriter.write(
                      file,
                      first.unet(),
                      first.vae(),
                      List.of(second.text()),
                      PredictionType.EPSILON,
                      DType.F32))
          .hasMessageContaining("a text encoder's hidden_act")
          .hasMessageContaining("save the model as a folder");
    }
    assertThat(file).doesNotExist();
  }
}
