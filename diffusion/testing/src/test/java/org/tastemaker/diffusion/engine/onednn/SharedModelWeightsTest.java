package org.tastemaker.diffusion.engine.onednn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.lora.Lora;
import org.tastemaker.diffusion.lora.LoraNetwork;
import org.tastemaker.diffusion.lora.LoraTargets;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.testing.engine.Values;
import org.tastemaker.testing.Goldens;

/** The functions of one U-Net: of several batch sizes, with an adapter, with gradients. */
class SharedModelWeightsTest {
  private static final int SIDE = 8;
  private static final int LENGTH = 7;

  /** The engine, whose functions' weights can be counted. */
  private static final class Counting implements Engine {
    private final Engine engine = new OneDnnEngine();
    private final List<SharingFunction> made = new ArrayList<>();

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public Optional<String> whyNot() {
      return Optional.empty();
    }

    @Override
    public GraphFunction create(GraphDefinition graph) {
      return create(graph, List.of());
    }

    @Override
    public GraphFunction create(GraphDefinition graph, Collection<GraphFunction> siblings) {
      SharingFunction function = (SharingFunction) engine.create(graph, siblings);
      made.add(function);
      return function;
    }

    /** Of all functions, in bytes. */
    long bytes() {
      return made.stream()
          .map(SharingFunction::weights)
          .distinct()
          .mapToLong(SharedWeights::bytes)
          .sum();
    }
  }

  private static UNet2DConditionModel model() {
    return UNet2DConditionModel.load(Goldens.cases("unet_").get(0));
  }

  private static float[] out(UNet2DConditionModel model, int batch, FunctionOptions options) {
    Values values = new Values(3);
    Map<String, INDArray> inputs =
        Map.of(
            UNet2DConditionModel.SAMPLE,
            values.array(1, batch, model.config().inChannels(), SIDE, SIDE),
            UNet2DConditionModel.TIMESTEP,
            values.array(0, batch).addi(411),
            UNet2DConditionModel.TEXT,
            values.array(1, batch, LENGTH, model.config().crossAttentionDim()));
    return requireNonNull(
            model
                .function(batch, SIDE, SIDE, LENGTH, options)
                .forward(inputs)
                .get(UNet2DConditionModel.OUT))
        .data()
        .asFloat();
  }

  private static float[] alone(int batch) {
    try (UNet2DConditionModel model = model()) {
      return out(model, batch, FunctionOptions.inference().withEngine(Engines.named("onednn")));
    }
  }

  @Test
  void aModelsBatchSizesHaveOneCopyAndTheResultsOfTheirOwn() {
    Counting engine = new Counting();
    FunctionOptions options = FunctionOptions.inference().withEngine(engine);
    float[] one = alone(1);
    float[] two = alone(2);
    float[] four = alone(4);
    try (UNet2DConditionModel model = model()) {
      assertThat(out(model, 2, options)).containsExactly(two);
      long bytes = engine.bytes();
      assertThat(out(model, 1, options)).containsExactly(one);
      assertThat(out(model, 4, options)).containsExactly(four);
      assertThat(out(model, 2, options)).containsExactly(two);
      // A size may ask for other formats of some weights; three copies would be three times.
      assertThat(engine.bytes()).isBetween(bytes, 3 * bytes / 2);
    }
    assertThat(engine.made).hasSize(3);
    assertThat(engine.bytes()).isZero();
  }

  @Test
  void anAdaptersFunctionSharesWhatTheAdapterDoesNotChange() {
    Counting engine = new Counting();
    FunctionOptions plain = FunctionOptions.inference().withEngine(engine);
    try (UNet2DConditionModel model = model();
        Lora lora =
            Lora.create(
                "everywhere",
                LoraNetwork.UNET,
                model.parameters(),
                Lora.Options.ofRank(2).withTargets(LoraTargets.matching(".*")),
                Seed.of(6))) {
      float[] without = out(model, 2, plain);
      long bytes = engine.bytes();
      out(model, 2, plain.withAdapter(lora));
      out(model, 2, plain.withAdapter(lora).withTrainable(lora.trainable()));
      out(
          model,
          2,
          plain.withInputGradients(Set.of(UNet2DConditionModel.SAMPLE))); // and backward formats
      assertThat(out(model, 2, plain)).containsExactly(without);
      assertThat(engine.bytes()).isLessThan(3 * bytes);
    }
    assertThat(engine.bytes()).isZero();
  }

  @Test
  void trainedWeightsAreSeenByEveryBatchSize() {
    FunctionOptions options = FunctionOptions.inference().withEngine(new Counting());
    try (UNet2DConditionModel model = model()) {
      out(model, 1, options);
      out(model, 2, options);
      model.zeroOutput();
      assertThat(out(model, 1, options)).containsOnly(0);
      assertThat(out(model, 2, options)).containsOnly(0);
    }
  }
}
