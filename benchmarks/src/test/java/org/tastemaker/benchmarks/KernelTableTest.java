package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelTableTest {
  private final Map<String, Double> times = new LinkedHashMap<>();

  private void gpu(String method, String batch, double microseconds) {
    times.put("DenoisingKernelBenchmark." + method + " batch=" + batch, microseconds);
  }

  private void cpu(String method, String images, double microseconds) {
    times.put("DenoisingStepBenchmark." + method + " images=" + images, microseconds);
  }

  private List<String> lines() {
    return KernelTable.lines(new JmhResults(times));
  }

  /** Steps and copies at the sizes that have a goal. */
  private void largeSamples(double microseconds) {
    for (String batch : List.of("512x16384", "1024x16384", "4096x16384", "512x65536")) {
      gpu("sample", batch, microseconds);
      gpu("copyOfFour", batch, 95);
    }
  }

  @Test
  void aCellIsBandwidthAndShareOfTheCopys() {
    // 8 images of 16,384: 2,097,152 bytes in four tensors of float32, half in four of float16.
    gpu("sample", "8x16384", 20);
    gpu("copyOfFour", "8x16384", 19);
    gpu("sampleFloat16", "8x16384", 10);
    gpu("copyOfTwo", "8x16384", 8);
    gpu("unfused", "8x16384", 70);
    gpu("sampleAndWait", "8x16384", 12.34);
    assertThat(lines())
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("8x16384 ")
                    .containsSubsequence(
                        "104.9 GB/s", "95.0 %", "not run", "not run", "104.9 GB/s", "80.0 %")
                    .containsSubsequence("3.50", "12.3 us"));
  }

  @Test
  void batchesAreInTheOrderOfTheirSizes() {
    assertThat(
            lines().stream().map(line -> line.split(" ", 2)[0]).filter(w -> w.matches("\\d+x\\d+")))
        .containsExactly(
            "1x16384",
            "8x16384",
            "64x16384",
            "512x16384",
            "1024x16384",
            "4096x16384",
            "1x65536",
            "64x65536",
            "512x65536");
  }

  @Test
  void theLeastShareOfLargeBatchesIsHeldToWhatIsAskedFor() {
    largeSamples(100);
    gpu("sample", "64x16384", 1000); // small batches have no goal
    gpu("copyOfFour", "64x16384", 100);
    gpu("sample", "1024x16384", 104);
    assertThat(lines()).anyMatch(line -> line.endsWith("met, the least is 91.3 % (1024x16384)"));
    gpu("sample", "4096x16384", 110);
    assertThat(lines()).anyMatch(line -> line.endsWith("MISSED, the least is 86.4 % (4096x16384)"));
  }

  @Test
  void whatWasNotMeasuredIsNotSaidToReachAnything() {
    largeSamples(100);
    times.remove("DenoisingKernelBenchmark.sample batch=512x65536");
    assertThat(lines()).anyMatch(line -> line.endsWith("not known, 512x65536 was not run"));
  }

  @Test
  void theStepOnTheCpuHasATableToo() {
    cpu("sample", "512", 20_000);
    cpu("copyOfFour", "512", 10_000);
    cpu("sample", "16", 500);
    cpu("copyOfFour", "16", 100);
    List<String> lines = lines();
    assertThat(lines.get(lines.size() - 2)).startsWith("16 ").contains("8.4 GB/s", "20.0 %");
    assertThat(lines.get(lines.size() - 1)).startsWith("512 ").contains("6.7 GB/s", "50.0 %");
    times.clear();
    assertThat(lines()).last().isEqualTo("not run");
  }

  @Test
  void betweenTwoUsesOfASetTheCacheIsRewrittenTwice() {
    for (long cache : new long[] {1 << 20, 50 << 20, 126 << 20}) {
      for (long tensor : new long[] {1 << 16, 1 << 19, 1 << 25, 1 << 28}) {
        int sets = DenoisingKernelBenchmark.sets(cache, tensor);
        assertThat(2L * (sets - 1) * tensor).isGreaterThanOrEqualTo(2 * cache);
        assertThat(sets).isGreaterThan(1);
      }
    }
  }
}
