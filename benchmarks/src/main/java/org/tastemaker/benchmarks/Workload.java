package org.tastemaker.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.Placement;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/** What the benchmarks run: a U-Net and random inputs. */
final class Workload {
  /** Widths 64 and 128, one layer per block, cross-attention 96, 4 heads: 4.2 million weights. */
  private static final String SMALL =
      """
      {"_class_name": "UNet2DConditionModel", "act_fn": "silu", "attention_head_dim": 4,
       "block_out_channels": [64, 128], "cross_attention_dim": 96,
       "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
       "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
       "in_channels": 4, "out_channels": 4, "layers_per_block": 1, "norm_num_groups": 8,
       "sample_size": 8}
      """;

  private Workload() {}

  /**
   * The U-Net of a model folder; for {@code small}, {@code sd15} and {@code sdxl} one with random
   * weights, of Stable Diffusion's sizes 1.5 and XL.
   */
  static UNet2DConditionModel unet(String model) throws IOException {
    return switch (model) {
      case "small" -> small();
      case "sd15" -> UNet2DConditionModel.random(UNetConfigs.stableDiffusion15(), Seed.of(1));
      case "sdxl" -> UNet2DConditionModel.random(UNetConfigs.stableDiffusionXl(), Seed.of(1));
      default -> UNet2DConditionModel.load(Path.of(model, "unet"));
    };
  }

  private static UNet2DConditionModel small() throws IOException {
    Path config = Files.createTempFile("unet", ".json");
    try {
      Files.writeString(config, SMALL);
      return UNet2DConditionModel.random(UNetConfig.read(config), Seed.of(1));
    } finally {
      Files.delete(config);
    }
  }

  /** The side of the latents: 0 is what the model was made for. */
  static int side(UNet2DConditionModel unet, int latent) {
    return latent == 0 ? unet.config().sampleSize() : latent;
  }

  /** An engine by its name, where and in which numbers it is to compute. */
  static Engine engine(String name, String device, String precision, boolean checkpointing) {
    return Engines.named(name).on(Placement.of(device, precision).withCheckpointing(checkpointing));
  }

  static INDArray normal(Seed seed, long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    float[] values = new float[(int) array.length()];
    seed.gaussian(0, values);
    FloatBuffers.of(array).put(0, values);
    return array;
  }
}
