package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tastemaker.diffusion.lora.LoraFixtures.relativeError;
import static org.tastemaker.diffusion.lora.LoraFixtures.run;
import static org.tastemaker.diffusion.lora.LoraFixtures.with;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.lora.LoraFile.Format;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.SmallLayers;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/** PEFT's lora_bias: what the up layer adds, scaled as the rest of the branch. */
class LoraBiasTest {
  /** Layers of a linear layer's and a convolution's kind, both with a bias. */
  private static final String LINEAR = "mid_block.resnets.0.time_emb_proj";

  private static final String CONV = "mid_block.resnets.0.conv1";

  @TempDir Path folder;
  private Path path;
  private UNet2DConditionModel unet;

  @BeforeEach
  void load() {
    path = folder.resolve("lora.safetensors");
    unet = LoraFixtures.unet();
  }

  @AfterEach
  void close() {
    unet.close();
  }

  private void write(String... layers) {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (String layer : layers) {
      var weight = requireNonNull(unet.parameters().specs().get(layer + ".weight"));
      long[] down = weight.shape().toArray();
      long out = down[0];
      down[0] = 2;
      long[] up = down.length == 4 ? new long[] {out, 2, 1, 1} : new long[] {out, 2};
      tensor(writer, "unet." + layer + ".lora_A.weight", down);
      tensor(writer, "unet." + layer + ".lora_B.weight", up);
      tensor(writer, "unet." + layer + ".lora_B.bias", out);
    }
    writer.metadata("lora_adapter_metadata", "{\"unet.r\": 2, \"unet.lora_alpha\": 3}");
    writer.write(path);
  }

  private static void tensor(SafetensorsWriter writer, String name, long... shape) {
    int length = 1;
    for (long size : shape) {
      length *= (int) size;
    }
    float[] values = new float[length];
    LoraFixtures.SEED.split(name).gaussian(0, values);
    writer.add(name, values, DType.F32, shape);
  }

  private Lora read(Path from) {
    return requireNonNull(
        LoraFile.read(from, "read", Map.of(LoraNetwork.UNET, unet.parameters()))
            .get(LoraNetwork.UNET));
  }

  @Test
  void theBranchIsWhatMergingGives() {
    write(LINEAR, CONV);
    try (Lora lora = read(path);
        INDArray without = run(unet, FunctionOptions.inference());
        INDArray branch = run(unet, with(LoraStack.of(lora).withWeight("read", 0.5)))) {
      INDArray bias = unet.parameters().get(LINEAR + ".bias");
      double before = bias.data().getDouble(1);
      lora.mergeInto(unet.parameters(), 0.5);
      LoraModule module = requireNonNull(lora.modules().get(LINEAR));
      assertThat(module.bias()).isTrue();
      double added = 0.5 * (3 / 2.0) * lora.upBias(module).data().getDouble(1);
      assertThat(Math.abs(bias.data().getDouble(1) - before - added)).isLessThan(1e-6);
      try (INDArray merged = run(unet, FunctionOptions.inference())) {
        assertThat(relativeError(branch, merged)).isLessThan(1e-5);
        assertThat(relativeError(without, merged)).isGreaterThan(1e-2);
      }
      lora.unmerge();
      assertThat(Math.abs(bias.data().getDouble(1) - before)).isLessThan(1e-6);
    }
  }

  @Test
  void gradientsReachTheBias() {
    try (Parameters base = SmallLayers.parameters(LoraFixtures.SEED, DataType.DOUBLE)) {
      SafetensorsWriter writer = new SafetensorsWriter();
      tensor(writer, "unet.block.to_q.lora_A.weight", 2, 4);
      tensor(writer, "unet.block.to_q.lora_B.weight", 5, 2);
      tensor(writer, "unet.block.to_q.lora_B.bias", 5);
      writer.write(path);
      Lora lora =
          requireNonNull(
              LoraFile.read(path, "read", Map.of(LoraNetwork.UNET, base)).get(LoraNetwork.UNET));
      GraphDefinition definition =
          SmallLayers.define(base, with(lora).withTrainable(lora.trainable()));
      try (lora;
          GraphFunction function = Engines.named("replay").create(definition);
          INDArray x = GradientCheck.random(LoraFixtures.SEED, 2, 3, 6, 6)) {
        Map<String, Double> errors = GradientCheck.errors(function, definition, Map.of("x", x));
        assertThat(errors).containsKey("lora.read.unet.block.to_q.up.bias");
        assertThat(errors.values())
            .allMatch(error -> error < GradientCheck.BOUND, errors.toString());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"DIFFUSERS", "PEFT_FOLDER"})
  void theBiasComesBack(Format format) {
    write(LINEAR, CONV);
    Path again = folder.resolve("again");
    LoraFile.Options options = LoraFile.Options.diffusers().withFormat(format).withDtype(DType.F32);
    try (Lora lora = read(path);
        INDArray expected = run(unet, with(lora))) {
      LoraFile.write(again, List.of(lora), options);
      try (Lora read = read(again);
          INDArray actual = run(unet, with(read))) {
        assertThat(relativeError(actual, expected)).isLessThan(1e-5);
      }
    }
  }

  @Test
  void whatHasNoPlaceForABiasIsRefused() {
    write("mid_block.attentions.0.transformer_blocks.0.attn1.to_q", LINEAR);
    try (Lora lora = read(path)) {
      assertThatThrownBy(() -> lora.mergeInto(unet.parameters(), 1))
          .isInstanceOf(LoraMismatchException.class)
          .hasMessageContaining("cannot be merged; use it as an adapter, 1 problem")
          .hasMessageContaining("attn1.to_q\" has no bias to add lora_B.bias to");
      assertThat(lora.isMerged()).isFalse();
      assertThatThrownBy(() -> LoraFile.write(path, List.of(lora), LoraFile.Options.kohya()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("which kohya's format has no place for");
    }
  }
}
