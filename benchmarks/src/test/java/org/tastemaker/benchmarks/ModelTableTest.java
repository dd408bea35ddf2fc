package org.tastemaker.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.json.Json;

class ModelTableTest {
  private static final String SETTINGS = " device=%s engine=%s latent=0 model=sd15 precision=%s";

  private static final List<ModelTable.Peer> PEERS =
      ModelTable.peers(
          Json.parseObject(
              """
              {"timings": [
                {"size": "sd15", "task": "forward", "precision": "bfloat16", "batch": 4,
                 "mode": "eager", "ms": 30},
                {"size": "sd15", "task": "step", "precision": "bfloat16", "batch": 16,
                 "mode": "eager", "ms": 90},
                {"size": "sd15", "task": "step", "precision": "bfloat16", "batch": 8,
                 "mode": "eager", "ms": 1},
                {"size": "sd15", "task": "step", "precision": "bfloat16", "batch": 32,
                 "mode": "graph", "error": "out of memory"}]}
              """,
              "test"));

  private static String forward(int batch, String device, String engine, String precision) {
    return "UnetForwardBenchmark.forward batch="
        + batch
        + SETTINGS.formatted(device, engine, precision);
  }

  private static List<String> lines(Map<String, Double> times) {
    return ModelTable.lines(ModelTable.rows(times), PEERS);
  }

  @Test
  void aTimeStandsBesideThePeersOnAsManyRows() {
    List<String> lines =
        lines(
            Map.of(
                "PolicyStepBenchmark.step batch=8 checkpointing=false"
                    + SETTINGS.formatted("cuda", "torch", "bfloat16"),
                100_000.));
    // A policy's step of 8 images gives the U-Net 16 rows.
    assertThat(lines.get(1))
        .matches("step +sd15 +torch +cuda +bfloat16 +8 +100.00 +80.00.* 0.90.*");
    assertThat(lines.get(2)).endsWith("MISSED, the least is 0.90 (step, sd15, batch 8)");
    assertThat(lines.get(3)).contains("not known");
  }

  @Test
  void theGoalOfSmallBatchesIsHigher() {
    List<String> lines = lines(Map.of(forward(4, "cuda", "torch", "bfloat16"), 28_000.));
    assertThat(lines.get(2)).contains("met, the least is 1.07");
    assertThat(lines.get(3)).contains("MISSED, the least is 1.07");
  }

  @Test
  void anotherModelOrSizeIsNotComparedWithPyTorch() {
    String other = forward(4, "cpu", "torch", "bfloat16");
    assertThat(lines(Map.of(other, 28_000.)).get(1)).contains(" 1.07 ");
    assertThat(lines(Map.of(other.replace("sd15", "small"), 28_000.)).get(1))
        .doesNotContain(" 1.07 ");
    assertThat(lines(Map.of(other.replace("latent=0", "latent=32"), 28_000.)).get(1))
        .doesNotContain(" 1.07 ");
  }

  @Test
  void onTheProcessorOneDnnIsThePeer() {
    List<String> lines =
        lines(
            Map.of(
                forward(2, "cpu", "torch", "float32"), 20_000.,
                forward(2, "cpu", "onednn", "float32"), 10_000.));
    assertThat(lines).hasSize(3); // no goal is asked for there
    assertThat(lines.get(1)).contains("onednn").contains(" - ");
    assertThat(lines.get(2)).contains("torch").contains(" 0.50 ");
  }
}
