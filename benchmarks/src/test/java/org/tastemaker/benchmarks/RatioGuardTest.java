package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    assertThat(Files.readString(ratios)).contains("images=512\" : 0.75").contains("16384\" : 0.9");
  }

  @Test
  void onlyTimesAreCompared() {
    assertThatThrownBy(
            () -> results(result("DenoisingStepBenchmark.sample", "images", "512", 4, "ops/s")))
        .hasMessageContaining("must be measured as a time an operation, but was in ops/s");
  }
}
