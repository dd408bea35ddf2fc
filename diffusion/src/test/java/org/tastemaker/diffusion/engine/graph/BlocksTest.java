package org.tastemaker.diffusion.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tastemaker.diffusion.engine.graph.Blocks.Stretch;

class BlocksTest {
  @Test
  void aBlockGoesAsFarAsTheSecondNumberOfItsLayersNames() {
    assertThat(
            Blocks.of(
                List.of(
                    "conv_in",
                    "down_blocks.0.resnets.0.conv1",
                    "down_blocks.0.resnets.0.act/2",
                    "down_blocks.0.resnets.1.conv1",
                    "mid_block.attentions.0.transformer_blocks.0.attn1",
                    "mid_block.attentions.0.transformer_blocks.0.attn2",
                    "conv_out")))
        .containsExactly(
            new Stretch(0, 1),
            new Stretch(1, 3),
            new Stretch(3, 4),
            new Stretch(4, 6),
            new Stretch(6, 7));
  }

  @Test
  void layersOutsideBlocksAreOneStretch() {
    assertThat(Blocks.of(List.of("a", "b"))).containsExactly(new Stretch(0, 2));
  }
}
