package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.engine.Precision;
import org.tastemaker.diffusion.engine.Updates;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;

/** What {@code scripts/gpu-check} runs on a GPU, on the processor. */
@DisabledOnOs(
    value = OS.LINUX,
    architectures = "aarch64",
    disabledReason = "LibTorch has no natives for it")
class TorchCheckTest {
  private static final Seed SEED = Seed.of(7);

  private final List<String> lines = new ArrayList<>();
  private final Checks checks = new Checks(lines::add);

  private static Engine replay() {
    return Engines.named("replay");
  }

  private static Engine torch(String precision) {
    return Engines.named("torch").on(Placement.of("cpu", precision));
  }

  private static Engine torch(Updates updates) {
    return Engines.named("torch").on(Placement.of("cpu", "float32").withUpdates(updates));
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "tf32", "bfloat16"})
  void everyKindOfLayerPassesOnTheProcessor(String precision) {
    new LayerCheck(replay(), SEED, 1)
        .run(checks, precision, torch(precision), Tolerance.of(Precision.of(precision)));
    assertThat(lines).hasSize(Kind.values().length).allMatch(line -> line.startsWith("ok "));
    assertThat(checks.passed()).isTrue();
  }

  @Test
  void aWeightThatIsOnePercentOffFailsTheLayersThatHaveWeights() {
    new LayerCheck(replay(), SEED, 0)
        .run(checks, "float32", new BrokenEngine(), Tolerance.of(Precision.FLOAT32));
    assertThat(lines.stream().filter(line -> line.startsWith("FAILED")))
        .extracting(line -> Splitter.onPattern(" +").splitToList(line).get(3))
        .contains("linear", "conv2d", "group-norm", "layer-norm", "add-to-batch", "embedding")
        .doesNotContain("silu", "concat", "to-tokens");
    assertThat(checks.passed()).isFalse();
  }

  @Test
  void aWeightThatIsOnePercentOffFailsEveryModel() {
    try (ModelCases models = new ModelCases(SEED)) {
      for (BundleCase one : List.of(models.tinyUnet(), models.textEncoder())) {
        Tolerance tolerance = Tolerance.of(Precision.FLOAT32);
        checks.run(
            one.name(),
            () -> tolerance.judge(Difference.of(one, new BrokenEngine(), replay()), ""));
      }
    }
    assertThat(lines).hasSize(2).allMatch(line -> line.startsWith("FAILED"));
  }

  @Test
  void ddpoPassesOnTheProcessor() {
    new PolicyCheck(replay(), SEED).run(checks, Precision.FLOAT32, TorchCheckTest::torch);
    assertThat(lines).hasSize(4).allMatch(line -> line.startsWith("ok "));
  }

  @Test
  void aWeightThatIsOnePercentOffFailsTheUpdateOfDdpo() {
    new PolicyCheck(replay(), SEED).run(checks, Precision.FLOAT32, updates -> new BrokenEngine());
    assertThat(lines.get(1)).startsWith("FAILED  float32 update of DDPO");
  }

  @Test
  void anUpdateOnTheDeviceThatDiffersFails() {
    new PolicyCheck(replay(), SEED)
        .run(
            checks,
            Precision.FLOAT32,
            updates -> updates == Updates.DEVICE ? new BrokenEngine() : torch(updates));
    assertThat(lines.get(1)).startsWith("ok ");
    assertThat(lines.get(2)).startsWith("FAILED  float32 update on the device, LoRA");
    assertThat(lines.get(3)).startsWith("FAILED  float32 update on the device, all weights");
  }

  @Test
  void memoryThatGrowsInEveryPartFailsAndMemoryThatGrowsOnceDoesNot() {
    long[] leak = {0};
    long[] once = {0};
    new MemoryCheck(Map.of("leaking", () -> leak[0] += 9_000_000), 5, SEED)
        .run(checks, "leak", torch("float32"));
    new MemoryCheck(Map.of("steady", () -> once[0]++ == 2 ? 90_000_000 : 0), 5, SEED)
        .run(checks, "once", torch("float32"));
    assertThat(lines.get(0)).startsWith("FAILED").contains("growth of leaking");
    assertThat(lines.get(1)).startsWith("ok");
  }

  @Test
  void aWholeUnetIsComparedWithOneDnn() {
    try (SizeCheck size = new SizeCheck("small", SEED)) {
      Tolerance tolerance = Tolerance.of(Precision.FLOAT32);
      size.run(checks, "right", torch("float32"), tolerance);
      size.run(checks, "wrong", new BrokenEngine(), tolerance);
    }
    assertThat(lines.get(0)).startsWith("ok ");
    assertThat(lines.get(1)).startsWith("FAILED");
  }

  @Test
  void withoutTheDeviceNothingHasPassed() {
    TorchCheck.Options options = TorchCheck.Options.parse(List.of("--device", "cuda:7"));
    boolean passed =
        TorchCheck.run(options, placement -> new MissingEngine(placement.toString()), lines::add);
    assertThat(passed).isFalse();
    assertThat(lines).containsExactly("FAILED  float32 was not checked: there is no cuda:7");
  }

  @Test
  void anEngineThatRefusesTheDeviceSaysWhyAndNothingHasPassed() {
    TorchCheck.Options options = TorchCheck.Options.parse(List.of("--device", "cuda:7"));
    assertThat(TorchCheck.run(options, placement -> replay().on(placement), lines::add)).isFalse();
    assertThat(lines).hasSize(1);
    assertThat(lines.get(0)).startsWith("FAILED").contains("\"replay\"").contains("cuda:7");
  }

  @Test
  void aCheckThatThrowsHasFailedAndTheNextOneIsRun() {
    checks.run(
        "throws",
        () -> {
          throw new IllegalStateException("no memory\nand more");
        });
    checks.run("holds", () -> List.of(new Measure("error", 1, 2, "")));
    assertThat(lines.get(0)).startsWith("FAILED").endsWith("no memory");
    assertThat(lines.get(1)).startsWith("ok");
    assertThat(checks.passed()).isFalse();
  }

  @Test
  void whatIsNotANumberFails() {
    checks.run("nan", () -> List.of(new Measure("error", Double.NaN, 2, "there")));
    assertThat(lines.get(0)).startsWith("FAILED").contains("NaN").endsWith("at there");
    Measure number = new Measure("error", 1, 2, "");
    Measure nan = new Measure("error", Double.NaN, 2, "");
    assertThat(number.worst(nan)).isEqualTo(nan);
    assertThat(nan.worst(number)).isEqualTo(nan);
  }

  @Test
  void whenNothingIsMeasuredNothingHasPassed() {
    assertThat(checks.passed()).isFalse();
    checks.run("empty", List::of);
    assertThat(lines.get(0)).startsWith("FAILED");
  }

  @Test
  void theOptionsAreReadAndOthersRefused() {
    TorchCheck.Options quick = TorchCheck.Options.parse(List.of("--quick", "--device", "cuda:1"));
    assertThat(quick.device()).isEqualTo(Device.cuda(1));
    assertThat(quick.calls()).isLessThan(TorchCheck.Options.parse(List.of()).calls());
    assertThatThrownBy(() -> TorchCheck.Options.parse(List.of("--fast")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--fast");
    assertThatThrownBy(() -> TorchCheck.Options.parse(List.of("--device")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** An engine on a machine that lacks the device. */
  private record MissingEngine(String placement) implements Engine {
    @Override
    public String name() {
      return "missing";
    }

    @Override
    public Optional<String> whyNot() {
      return Optional.of("there is no cuda:7");
    }

    @Override
    public GraphFunction create(GraphDefinition graph) {
      throw new IllegalStateException("cannot run");
    }
  }
}
