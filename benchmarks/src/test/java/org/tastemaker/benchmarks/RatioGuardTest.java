package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RatioGuardTest {
  private static final String CPU = "DenoisingStepBenchmark.sample against copyOfFour, images=512";
  private static final String GPU =
      "DenoisingKernelBenchmark.sample against copyOfFour, batch=512x16384";
  private static final String RESULT =
      """
      {"benchmark": "org.tastemaker.benchmarks.%s", "mode": "avgt", "params": {"%s": "%s"},
       "primaryMetric": {"score": %s, "scoreUnit": "%s"}}
      """;

  @TempDir Path folder;

  private JmhResults results(String... lines) throws IOException {
    Path file = folder.resolve("results.json");
    Files.writeString(file, "[" + String.join(",", lines) + "]");
    return JmhResults.read(file);
  }

  private static String result(
      String method, String parameter, String value, double score, String unit) {
    return RESULT.formatted(method, parameter, value, score, unit);
  }

  @Test
  void aRatioIsThePeersTimeOverOurs() throws IOException {
    JmhResults results =
        results(
            result("DenoisingStepBenchmark.sample", "images", "512", 4, "ms/op"),
            result("DenoisingStepBenchmark.copyOfFour", "images", "512", 3000, "us/op"),
            result("DenoisingStepBenchmark.copyOfFour", "images", "16", 9, "us/op"),
            result("UnetForwardBenchmark.forward", "batch", "32", 9, "ms/op"));
    assertThat(RatioGuard.ratios(results)).containsExactly(entry(CPU, .75));
  }

  @Test
  void aFallOfMoreThanFifteenPercentFails() {
    assertThat(RatioGuard.judge(Map.of(CPU, .86, GPU, .86), Map.of(CPU, 1., GPU, 1.)).failed())
        .isFalse();
    RatioGuard.Verdict fell = RatioGuard.judge(Map.of(CPU, .84, GPU, 1.), Map.of(CPU, 1., GPU, 1.));
    assertThat(fell.failed()).isTrue();
    assertThat(fell.lines())
        .anyMatch(line -> line.startsWith(CPU) && line.contains("FELL to 0.840"));
    assertThat(RatioGuard.judge(Map.of(CPU, 1., GPU, .84), Map.of(CPU, 1., GPU, 1.)).failed())
        .isTrue();
    assertThat(RatioGuard.judge(Map.of(CPU, Double.NaN), Map.of(CPU, 1.)).failed()).isTrue();
  }

  @Test
  void withoutAGpuItsRatiosAreReportedAsNotRun() {
    RatioGuard.Verdict verdict = RatioGuard.judge(Map.of(CPU, 1.), Map.of(CPU, 1., GPU, .9));
    assertThat(verdict.failed()).isFalse();
    assertThat(verdict.lines())
        .anyMatch(line -> line.startsWith(GPU) && line.endsWith("not run: no GPU"))
        .anyMatch(line -> line.startsWith("DenoisingKernelBenchmark: not run"));
  }

  private JmhResults gpuResults(Predicate<String> measured) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String method :
        "sample sampleFloat16 replay gradient copyOfTwo copyOfFour copyOfSix unfused sampleAndWait"
            .split(" ", -1)) {
      for (String batch : DenoisingKernelBenchmark.batches()) {
        if (measured.test(method + " " + batch)) {
          lines.add(result("DenoisingKernelBenchmark." + method, "batch", batch, 10, "us/op"));
        }
      }
    }
    return results(lines.toArray(String[]::new));
  }

  @Test
  void onAGpuEveryMeasurementIsEnough() throws IOException {
    RatioGuard.Verdict verdict = RatioGuard.judgeGpu(gpuResults(m -> true), Map.of(CPU, 1.));
    assertThat(verdict.failed()).isFalse();
    assertThat(verdict.lines())
        .anyMatch(line -> line.startsWith(GPU) && line.endsWith("new  1.000"))
        .noneMatch(line -> line.startsWith("DenoisingStepBenchmark"));
  }

  @Test
  void onAGpuWhereNothingWasMeasuredFails() throws IOException {
    RatioGuard.Verdict verdict = RatioGuard.judgeGpu(gpuResults(m -> false), Map.of());
    assertThat(verdict.failed()).isTrue();
    assertThat(verdict.lines())
        .contains("DenoisingKernelBenchmark.replay, batch=1x16384: NOT MEASURED");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sample 4096x16384",
        "unfused 1x16384",
        "copyOfSix 64x65536",
        "sampleAndWait 8x16384"
      })
  void onAGpuNoMeasurementMayBeMissing(String missing) throws IOException {
    RatioGuard.Verdict verdict = RatioGuard.judgeGpu(gpuResults(m -> !m.equals(missing)), Map.of());
    assertThat(verdict.failed()).isTrue();
    assertThat(verdict.lines().stream().filter(line -> line.contains("NOT MEASURED")))
        .containsExactly(
            "DenoisingKernelBenchmark.%s: NOT MEASURED"
                .formatted(missing.replace(" ", ", batch=")));
  }

  @Test
  void whereTheGpuWasMeasuredACommittedRatioMustBeToo() {
    String other = GPU.replace("512x", "64x");
    RatioGuard.Verdict verdict = RatioGuard.judge(Map.of(other, .9), Map.of(GPU, .9));
    assertThat(verdict.failed()).isTrue();
    assertThat(verdict.lines()).anyMatch(line -> line.startsWith(GPU) && line.endsWith("MISSING"));
  }

  @Test
  void aRatioOfTheCpuMustBeMeasured() {
    RatioGuard.Verdict verdict = RatioGuard.judge(Map.of(), Map.of(CPU, 1.));
    assertThat(verdict.failed()).isTrue();
    assertThat(verdict.lines()).anyMatch(line -> line.endsWith("MISSING"));
  }

  @Test
  void anUpdateIsWhatTheNextRunIsHeldTo() throws IOException {
    results(
        result("DenoisingStepBenchmark.sample", "images", "512", 4, "us/op"),
        result("DenoisingStepBenchmark.copyOfFour", "images", "512", 3, "us/op"));
    Path results = folder.resolve("results.json");
    Path ratios = folder.resolve("ratios.json");
    Files.writeString(ratios, "{\"" + GPU + "\": 0.9}");
    RatioGuard.main(new String[] {"--update", results.toString(), ratios.toString()});
    assertThat(Files.readString(ratios)).contains("images=512\": 0.75").contains("16384\": 0.9");
  }

  @Test
  void onlyTimesAreCompared() {
    assertThatThrownBy(
            () -> results(result("DenoisingStepBenchmark.sample", "images", "512", 4, "ops/s")))
        .hasMessageContaining("must be measured as a time per operation, but was in ops/s");
  }
}
