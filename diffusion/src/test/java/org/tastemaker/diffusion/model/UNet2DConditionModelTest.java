package org.tastemaker.diffusion.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableSet;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.core.json.Json;
import org.tastemaker.diffusion.engine.CapturingEngine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.SiblingsEngine;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Leaf;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;
import org.tastemaker.testing.Goldens;

class UNet2DConditionModelTest {
  private static Map<String, INDArray> inputs(DataType type, long batch, long side, long length) {
    return Map.of(
        UNet2DConditionModel.SAMPLE, TestModels.random(type, 1, batch, 2, side, side),
        UNet2DConditionModel.TIMESTEP, TestModels.random(type, 2, batch).addi(3),
        UNet2DConditionModel.TEXT, TestModels.random(type, 3, batch, length, 6));
  }

  private static INDArray out(GraphFunction function, Map<String, INDArray> inputs) {
    return requireNonNull(function.forward(inputs).get(UNet2DConditionModel.OUT)).dup();
  }

  static Iterable<Path> cases() {
    return Goldens.cases("unet_");
  }

  /** Also what no reference numbers are there for: linear projections, asymmetric downsampling. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradientsOfTheWholeNetworkAreRight(boolean linearProjection) {
    ImmutableSet<String> trained =
        ImmutableSet.of(
            "conv_in.weight",
            "time_embedding.linear_1.weight",
            "down_blocks.0.attentions.0.proj_in.weight",
            "down_blocks.0.attentions.0.transformer_blocks.1.attn2.to_k.weight",
            "down_blocks.0.downsamplers.0.conv.weight",
            "mid_block.attentions.0.proj_out.bias",
            "mid_block.resnets.1.time_emb_proj.weight",
            "up_blocks.1.resnets.1.conv_shortcut.weight",
            "up_blocks.0.upsamplers.0.conv.bias",
            "conv_norm_out.weight");
    CapturingEngine engine = new CapturingEngine();
    FunctionOptions options =
        FunctionOptions.inference()
            .withTrainable(trained::contains)
            .withInputGradients(Set.of(UNet2DConditionModel.SAMPLE, UNet2DConditionModel.TEXT))
            .withEngine(engine);
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(
            TestModels.unet(linearProjection), Seed.of(5), DataType.DOUBLE)) {
      GraphFunction function = model.function(1, 4, 4, 3, options);
      // The bound is explained there.
      assertThat(GradientCheck.errors(function, engine.graph(), inputs(DataType.DOUBLE, 1, 4, 3)))
          .hasSize(trained.size() + 2)
          .allSatisfy((leaf, error) -> assertThat(error).as(leaf).isLessThan(GradientCheck.BOUND));
    }
  }

  @Test
  void theOutlineIsAModelsGraphWithInputsForParameters() {
    CapturingEngine engine = new CapturingEngine();
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(true), Seed.of(5))) {
      GraphFunction unused =
          model.function(2, 4, 8, 3, FunctionOptions.inference().withEngine(engine));
    }
    GraphDefinition outline = UNet2DConditionModel.outline(TestModels.unet(true), 2, 4, 8, 3);
    assertThat(outline.layers()).isEqualTo(engine.graph().layers());
    assertThat(outline.outputs()).isEqualTo(engine.graph().outputs());
    assertThat(outline.inputs().values())
        .containsExactlyElementsOf(
            engine.graph().leaves().values().stream().map(Leaf::tensor).toList());
  }

  @Test
  void theOutlineOfSizesThatCannotBeHalvedIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UNet2DConditionModel.outline(TestModels.unet(true), 1, 5, 4, 3))
        .withMessageContaining("must be multiples of 2, but are 5 and 4");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void savedModelIsTheModel(Path golden, @TempDir Path folder) {
    try (UNet2DConditionModel model = UNet2DConditionModel.load(golden)) {
      model.save(folder);
      assertThat(model.config()).isEqualTo(UNetConfig.read(folder.resolve("config.json")));
      try (UNet2DConditionModel copy = UNet2DConditionModel.load(folder)) {
        assertThat(copy.parameters().arrays().keySet())
            .containsExactlyElementsOf(model.parameters().arrays().keySet());
        model
            .parameters()
            .arrays()
            .forEach(
                (name, array) ->
                    assertThat(copy.parameters().get(name).data().asFloat())
                        .isEqualTo(array.data().asFloat()));
      }
    }
  }

  @Test
  void eachImageOfABatchIsComputedAlone() {
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5), DataType.DOUBLE)) {
      Map<String, INDArray> two = inputs(DataType.DOUBLE, 2, 4, 3);
      INDArray both = out(model.function(2, 4, 4, 3, FunctionOptions.inference()), two);
      Map<String, INDArray> second =
          Map.of(
              UNet2DConditionModel.SAMPLE, slice(two, UNet2DConditionModel.SAMPLE),
              UNet2DConditionModel.TIMESTEP, slice(two, UNet2DConditionModel.TIMESTEP),
              UNet2DConditionModel.TEXT, slice(two, UNet2DConditionModel.TEXT));
      INDArray one = out(model.function(1, 4, 4, 3, FunctionOptions.inference()), second);
      // Double precision; libnd4j may sum in another order for another batch size.
      assertThat(one.sub(slice(Map.of("out", both), "out")).amaxNumber().doubleValue())
          .isLessThan(1e-10);
    }
  }

  private static INDArray slice(Map<String, INDArray> arrays, String name) {
    INDArray array = requireNonNull(arrays.get(name));
    long[] shape = array.shape();
    shape = shape.clone();
    shape[0] = 1;
    long length = array.length() / 2;
    INDArray half = Nd4j.create(array.dataType(), shape);
    for (long i = 0; i < length; i++) {
      half.data().put(i, array.data().getDouble(length + i));
    }
    return half;
  }

  @Test
  void functionsOfSeveralShapesShareTheParameters() {
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5))) {
      GraphFunction small = model.function(1, 4, 4, 3, FunctionOptions.inference());
      GraphFunction large = model.function(1, 8, 8, 3, FunctionOptions.inference());
      model.zeroOutput();
      assertThat(out(small, inputs(DataType.FLOAT, 1, 4, 3)).amaxNumber().doubleValue()).isZero();
      assertThat(out(large, inputs(DataType.FLOAT, 1, 8, 3)).amaxNumber().doubleValue()).isZero();
    }
  }

  @Test
  void sameShapeGivesTheSameFunction() {
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5))) {
      GraphFunction first = model.function(1, 4, 4, 3, FunctionOptions.inference());
      assertThat(model.function(1, 4, 4, 3, FunctionOptions.inference())).isSameAs(first);
    }
  }

  @Test
  void aFunctionIsMadeBesideThoseThatAreThere() {
    SiblingsEngine engine = new SiblingsEngine();
    FunctionOptions options = FunctionOptions.inference().withEngine(engine);
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5))) {
      model.function(1, 4, 4, 3, options);
      model.function(2, 4, 4, 3, options);
      model.activations("mid_block", 1, 4, 4, 3, engine);
      model.function(1, 4, 4, 3, options);
    }
    assertThat(engine.made()).hasSize(3);
    assertThat(engine.siblings())
        .containsExactly(List.of(), engine.made().subList(0, 1), engine.made().subList(0, 2));
  }

  @Test
  void oldestFunctionIsClosedWhenThereAreTooMany() {
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5))) {
      GraphFunction first = model.function(1, 4, 4, 1, FunctionOptions.inference());
      for (int length = 2; length <= FunctionCache.CAPACITY + 1; length++) {
        model.function(1, 4, 4, length, FunctionOptions.inference());
      }
      assertThatIllegalStateException()
          .isThrownBy(() -> first.forward(inputs(DataType.FLOAT, 1, 4, 1)))
          .withMessage("the function is closed");
    }
  }

  @Test
  void adapterJoinsInAndIsTrainedAlone() {
    UNetConfig config = TestModels.unet(false);
    String path = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
    ParameterSpec extra =
        new ParameterSpec(
            path + ".extra", ImmutableLongArray.of(8, 8), ParameterSpec.Kind.LINEAR, 8);
    try (UNet2DConditionModel model = UNet2DConditionModel.random(config, Seed.of(5));
        Parameters added = Parameters.random(List.of(extra), Seed.of(6), DataType.FLOAT)) {
      Adapter adapter =
          site ->
              site.path().equals(path)
                  ? (layers, x, y) ->
                      layers
                          .ops()
                          .add(
                              path + ".sum",
                              y,
                              layers
                                  .ops()
                                  .linear(
                                      path + ".branch",
                                      x,
                                      layers.parameter(added, extra.name()),
                                      null))
                  : null;
      GraphFunction plain = model.function(1, 4, 4, 3, FunctionOptions.inference());
      GraphFunction adapted =
          model.function(
              1,
              4,
              4,
              3,
              FunctionOptions.inference().withAdapter(adapter).withTrainable(extra.name()::equals));
      Map<String, INDArray> inputs = inputs(DataType.FLOAT, 1, 4, 3);
      INDArray before = out(plain, inputs);
      assertThat(out(adapted, inputs).sub(before).amaxNumber().doubleValue()).isPositive();
      assertThat(adapted.backward(Map.of(UNet2DConditionModel.OUT, before)))
          .containsOnlyKeys(extra.name());

      added.get(extra.name()).assign(0);
      // A branch of zeros changes nothing; the sum with zero is exact, but without the branch some
      // layers are computed together, and their sums are rounded elsewhere.
      assertThat(out(adapted, inputs).sub(before).amaxNumber().doubleValue()).isLessThan(1e-5);
    }
  }

  @Test
  void latentsThatCannotBeHalvedAreRefused() {
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.function(1, 5, 4, 3, FunctionOptions.inference()))
          .withMessage("height and width of the latents must be multiples of 2, but are 5 and 4");
    }
  }

  @Test
  void gradientOfAnUnknownInputIsRefused() {
    FunctionOptions options = FunctionOptions.inference().withInputGradients(Set.of("text"));
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.function(1, 4, 4, 3, options))
          .withMessageContaining("but were asked for [text]");
    }
  }

  @Test
  void aBlockThatIsNotThereIsAnError() {
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(5))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.activations("up_blocks.2", 1, 4, 4, 3, Engines.auto()))
          .withMessage(
              "there is no block \"up_blocks.2\"; the model has [down_blocks.0, down_blocks.1,"
                  + " mid_block, up_blocks.0, up_blocks.1]");
    }
  }

  @Test
  void folderWithoutAModelIsRefused(@TempDir Path folder) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UNet2DConditionModel.load(folder))
        .withMessageContaining("holds no config.json");
  }

  @Test
  void folderWithoutWeightsIsRefused(@TempDir Path folder) {
    TestModels.unet(false).write(folder.resolve("config.json"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UNet2DConditionModel.load(folder))
        .withMessageContaining("holds no diffusion_pytorch_model.safetensors");
  }

  @Test
  void weightsOfHalfPrecisionAloneAreRead(@TempDir Path folder) throws IOException {
    try (UNet2DConditionModel model =
        UNet2DConditionModel.random(TestModels.unet(false), Seed.of(9))) {
      model.save(folder, DType.F16);
      String name = "diffusion_pytorch_model";
      Files.move(folder.resolve(name + ".safetensors"), folder.resolve(name + ".fp16.safetensors"));
      try (UNet2DConditionModel read = UNet2DConditionModel.load(folder);
          INDArray difference =
              read.parameters()
                  .get("conv_in.weight")
                  .sub(model.parameters().get("conv_in.weight"))) {
        // Half precision has 11 bits, and the weights are below 1.
        assertThat(difference.amaxNumber().doubleValue()).isPositive().isLessThan(0x1p-11);
      }
    }
  }

  @Test
  void weightsInShardsAreReadAsOneFile(@TempDir Path folder) throws IOException {
    UNetConfig config = TestModels.unet(false);
    try (UNet2DConditionModel model = UNet2DConditionModel.random(config, Seed.of(9))) {
      // 1. As one file, for its names; then each half of them in a file of its own.
      model.save(folder, DType.F32);
      Path whole = folder.resolve("diffusion_pytorch_model.safetensors");
      SafetensorsWriter[] shards = {new SafetensorsWriter(), new SafetensorsWriter()};
      Map<String, Object> map = new LinkedHashMap<>();
      try (SafetensorsFile file = SafetensorsFile.open(whole)) {
        int number = 0;
        for (String name : file.names()) {
          int shard = number++ % 2;
          shards[shard].add(name, file.array(name), DType.F32);
          map.put(name, "diffusion_pytorch_model-0000%s-of-00002.safetensors".formatted(shard + 1));
        }
      }
      Files.delete(whole);
      for (int i = 0; i < 2; i++) {
        shards[i].write(
            folder.resolve("diffusion_pytorch_model-0000%s-of-00002.safetensors".formatted(i + 1)));
      }
      Files.writeString(
          folder.resolve("diffusion_pytorch_model.safetensors.index.json"),
          Json.write(Map.of("weight_map", map)));
      // 2. The same model.
      try (UNet2DConditionModel read = UNet2DConditionModel.load(folder)) {
        assertThat(read.parameters().checksum()).isEqualTo(model.parameters().checksum());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          diffusion_pytorch_model-00001-of-00002.safetensors diffusion_pytorch_model-00002-of-00002.safetensors | in 2 shards, without an index diffusion_pytorch_model.safetensors.index.json
          model.bin.index.json diffusion_pytorch_model-00001-of-00001.bin | in 1 shards, which model.bin.index.json lists
          diffusion_pytorch_model-00001-of-00002.bin | in 1 shards
          diffusion_pytorch_model.non_ema.safetensors diffusion_pytorch_model.bf16.bin | it holds the variants bf16, non_ema; say which
          sd.ckpt | its sd.ckpt has another name than the weights of such a folder; rename it to diffusion_pytorch_model.safetensors, or to diffusion_pytorch_model.bin
          pytorch_model.bin | its pytorch_model.bin has another name
          diffusion_flax_model.msgpack | for another library
          README.md | it holds README.md, config.json
          """)
  void whatAFolderHoldsInPlaceOfWeightsIsNamed(String files, String expected, @TempDir Path folder)
      throws IOException {
    TestModels.unet(false).write(folder.resolve("config.json"));
    for (String name : files.split(" ", -1)) {
      Files.createFile(folder.resolve(name));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UNet2DConditionModel.load(folder))
        .withMessageContaining("holds no diffusion_pytorch_model.safetensors")
        .withMessageContaining(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          version https://git-lfs.github.com/spec/v1 | a pointer of Git LFS
          PK\3\4 and more of a zip | the zip file of PyTorch is not whole
          <!DOCTYPE html><html> | a page of HTML
          '' | it is empty
          abcdefghijkl | cut short or not a safetensors file
          """)
  void whatIsNoSafetensorsFileIsNamed(String content, String expected, @TempDir Path folder)
      throws IOException {
    TestModels.unet(false).write(folder.resolve("config.json"));
    String bytes = content.replace("\\3", "\3").replace("\\4", "\4");
    Files.writeString(folder.resolve("diffusion_pytorch_model.safetensors"), bytes);
    assertThatThrownBy(() -> UNet2DConditionModel.load(folder)).hasMessageContaining(expected);
  }
}
