package org.tastemaker.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;

/**
 * A U-Net of the size of Stable Diffusion 1.5, with random weights: written, loaded, and run once
 * at 64 x 64 latents, in under 12 GB of resident memory.
 *
 * <p>Not among the tests that always run, since it takes minutes, 4 GB of disk and 12 GB of memory:
 *
 * <pre>
 * ./mvnw -pl diffusion -am test -Dtest=StableDiffusionSizeCheck -Dsurefire.failIfNoSpecifiedTests=false
 * </pre>
 *
 * <p>{@code -Dtastemaker.engine=replay}, or {@code session}, runs it by another engine than onednn.
 */
class StableDiffusionSizeCheck {
  private static final String ENGINE = System.getProperty("tastemaker.engine", "onednn");

  private static final String CONFIG =
      """
      {"_class_name": "UNet2DConditionModel", "act_fn": "silu", "attention_head_dim": 8,
       "block_out_channels": [320, 640, 1280, 1280], "center_input_sample": false,
       "cross_attention_dim": 768,
       "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D",
                            "DownBlock2D"],
       "downsample_padding": 1, "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4,
       "layers_per_block": 2, "mid_block_scale_factor": 1, "norm_eps": 1e-05,
       "norm_num_groups": 32, "out_channels": 4, "sample_size": 64,
       "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
                          "CrossAttnUpBlock2D"]}
      """;

  @Test
  void takesAStepInUnderTwelveGigabytes(@TempDir Path temp) throws IOException {
    Path config = Files.writeString(temp.resolve("config.json"), CONFIG);
    try (UNet2DConditionModel made =
        UNet2DConditionModel.random(UNetConfig.read(config), Seed.of(1))) {
      assertThat(made.parameters().count()).isEqualTo(859_520_964L); // Stable Diffusion 1.5's
      made.save(temp.resolve("unet"));
    }
    long start = System.nanoTime();
    try (UNet2DConditionModel model = UNet2DConditionModel.load(temp.resolve("unet"));
        INDArray sample = Nd4j.create(DataType.FLOAT, 1, 4, 64, 64);
        INDArray timestep = Nd4j.create(DataType.FLOAT, 1);
        INDArray text = Nd4j.create(DataType.FLOAT, 1, 77, 768)) {
      double loaded = (System.nanoTime() - start) / 1e9;
      fill(sample, 1);
      fill(text, 2);
      timestep.assign(500);
      long compiling = System.nanoTime();
      GraphFunction function =
          model.function(
              1, 64, 64, 77, FunctionOptions.inference().withEngine(Engines.named(ENGINE)));
      Map<String, INDArray> inputs =
          Map.of(
              UNet2DConditionModel.SAMPLE, sample,
              UNet2DConditionModel.TIMESTEP, timestep,
              UNet2DConditionModel.TEXT, text);
      function.forward(inputs);
      double first = (System.nanoTime() - compiling) / 1e9;
      long step = System.nanoTime();
      INDArray out = Objects.requireNonNull(function.forward(inputs).get(UNet2DConditionModel.OUT));
      double seconds = (System.nanoTime() - step) / 1e9;
      assertThat(out.shape()).containsExactly(1, 4, 64, 64);
      assertThat(out.stdNumber().doubleValue()).isFinite().isPositive();
      System.out.printf(
          "Stable Diffusion 1.5's size, %s: loaded in %.1f s, made and run once in %.1f s, one step"
              + " in %.1f s, %.2f GB resident at most%n",
          ENGINE, loaded, first, seconds, peakKilobytes() / 1e6);
    }
    assertThat(peakKilobytes()).isLessThan(12_000_000L);
  }

  private static void fill(INDArray array, int stream) {
    float[] values = new float[(int) array.length()];
    Seed.of(3).gaussian(stream, values);
    try (INDArray drawn = Nd4j.createFromArray(values).reshape(array.shape())) {
      array.assign(drawn);
    }
  }

  /** The high-water mark of the process, from Linux. */
  private static long peakKilobytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
