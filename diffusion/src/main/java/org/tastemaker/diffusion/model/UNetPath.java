package org.tastemaker.diffusion.model;

import com.google.common.collect.ImmutableList;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;

/**
 * A U-Net's path: down, through the middle and up again, level by level.
 *
 * @param config of the network
 * @param net its layers
 * @param blocks receives the output of each block, by name
 */
record UNetPath(UNetConfig config, Layers net, Map<String, Tensor> blocks) {
  static final String MIDDLE = "mid_block";

  Tensor out(Tensor sample, Tensor timestep, Tensor text, @Nullable Tensor added) {
    UNetBlocks layers = new UNetBlocks(config, net);
    ImmutableList<Integer> channels = config.blockOutChannels();
    int levels = channels.size();

    // 1. The timestep, and what is told beside the text, as a vector. Every residual block takes
    // SiLU of it, computed once here.
    Tensor time =
        net.ops()
            .timestepEmbedding(
                "time_proj",
                timestep,
                channels.get(0),
                config.flipSinToCos(),
                config.freqShift()); // [B, C0]
    time = net.linear("time_embedding.linear_1", time, config.timeEmbeddingDim(), true);
    time = net.ops().silu("time_embedding.act", time);
    time = net.linear("time_embedding.linear_2", time, config.timeEmbeddingDim(), true);
    if (added != null) { // [B, A]
      Tensor more = net.linear("add_embedding.linear_1", added, config.timeEmbeddingDim(), true);
      more = net.ops().silu("add_embedding.act", more);
      more = net.linear("add_embedding.linear_2", more, config.timeEmbeddingDim(), true);
      time = net.ops().add("add_embedding.add", time, more);
    }
    time = net.ops().silu("time_embedding.out_act", time); // [B, T]

    // 2. Into the first level's channels.
    Tensor h = net.conv2d("conv_in", sample, channels.get(0), config.convInKernel());
    Deque<Tensor> skips = new ArrayDeque<>();
    skips.push(h); // [B, C0, H, W]

    // 3. Down: what each block and each downsampler makes is also put aside for the way up.
    for (int i = 0; i < levels; i++) {
      String level = "down_blocks." + i;
      boolean cross = config.downBlockTypes().get(i).equals(UNetConfig.CROSS_DOWN);
      for (int j = 0; j < config.layersPerBlock().get(i); j++) {
        h = layers.resnet(level + ".resnets." + j, h, time, channels.get(i)); // [B, Ci, Hi, Wi]
        if (cross) {
          h = layers.transformer(level + ".attentions." + j, h, text, i);
        }
        skips.push(h);
      }
      if (i < levels - 1) {
        Padding padding =
            config.downsamplePadding() == 1 ? Padding.all(1) : new Padding(0, 1, 0, 1);
        h =
            net.conv2d(
                level + ".downsamplers.0.conv",
                h,
                channels.get(i),
                3,
                2,
                padding); // [.., Hi / 2, ..]
        skips.push(h);
      }
      blocks.put(level, h);
    }

    // 4. The middle.
    int last = levels - 1;
    h = layers.resnet("mid_block.resnets.0", h, time, channels.get(last));
    h = layers.transformer("mid_block.attentions.0", h, text, last);
    h = layers.resnet("mid_block.resnets.1", h, time, channels.get(last));
    blocks.put(MIDDLE, h);

    // 5. Up: each block sees what was put aside, the latest first.
    for (int i = 0; i < levels; i++) {
      int mirrored = last - i;
      String level = "up_blocks." + i;
      boolean cross = config.upBlockTypes().get(i).equals(UNetConfig.CROSS_UP);
      for (int j = 0; j <= config.layersPerBlock().get(mirrored); j++) {
        String block = level + ".resnets." + j;
        h = net.ops().concat(block + ".skip", 1, h, skips.pop());
        h = layers.resnet(block, h, time, channels.get(mirrored));
        if (cross) {
          h = layers.transformer(level + ".attentions." + j, h, text, mirrored);
        }
      }
      if (i < last) {
        h = net.ops().upsampleNearest2x(level + ".upsamplers.0", h);
        h = net.conv2d(level + ".upsamplers.0.conv", h, channels.get(mirrored), 3);
      }
      blocks.put(level, h);
    }

    // 6. Out.
    h = net.groupNorm("conv_norm_out", h, config.normNumGroups(), config.normEps());
    h = net.ops().silu("conv_act", h);
    return net.conv2d("conv_out", h, config.outChannels(), config.convOutKernel());
  }
}
