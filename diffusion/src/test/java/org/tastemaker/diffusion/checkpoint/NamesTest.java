package org.tastemaker.diffusion.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;

/**
 * Names as they stand in v1-5-pruned-emaonly.safetensors and in v2-1_768-ema-pruned.safetensors.
 */
class NamesTest {
  static final UNetConfig STABLE_DIFFUSION_1 =
      new UNetConfig(
          64,
          4,
          4,
          ImmutableList.of(320, 640, 1280, 1280),
          ImmutableList.of(
              "CrossAttnDownBlock2D",
              "CrossAttnDownBlock2D",
              "CrossAttnDownBlock2D",
              "DownBlock2D"),
          ImmutableList.of(
              "UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
          ImmutableList.of(2, 2, 2, 2),
          ImmutableList.of(1, 1, 1, 1),
          ImmutableList.of(8, 8, 8, 8),
          768,
          32,
          1e-5,
          3,
          3,
          1,
          true,
          0,
          1280,
          false);

  @ParameterizedTest
  @CsvSource({
    "time_embedding.linear_1.weight, time_embed.0.weight",
    "time_embedding.linear_2.bias, time_embed.2.bias",
    "conv_in.weight, input_blocks.0.0.weight",
    "down_blocks.0.resnets.0.conv1.weight, input_blocks.1.0.in_layers.2.weight",
    "down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_k.weight,"
        + " input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight",
    "down_blocks.0.downsamplers.0.conv.weight, input_blocks.3.0.op.weight",
    "down_blocks.1.resnets.0.conv_shortcut.weight, input_blocks.4.0.skip_connection.weight",
    "down_blocks.2.downsamplers.0.conv.bias, input_blocks.9.0.op.bias",
    "down_blocks.3.resnets.1.norm2.bias, input_blocks.11.0.out_layers.0.bias",
    "mid_block.resnets.0.norm1.weight, middle_block.0.in_layers.0.weight",
    "mid_block.attentions.0.proj_in.weight, middle_block.1.proj_in.weight",
    "mid_block.resnets.1.time_emb_proj.weight, middle_block.2.emb_layers.1.weight",
    "up_blocks.0.resnets.2.conv2.weight, output_blocks.2.0.out_layers.3.weight",
    "up_blocks.0.upsamplers.0.conv.weight, output_blocks.2.1.conv.weight",
    "up_blocks.1.attentions.0.transformer_blocks.0.ff.net.0.proj.weight,"
        + " output_blocks.3.1.transformer_blocks.0.ff.net.0.proj.weight",
    "up_blocks.1.upsamplers.0.conv.bias, output_blocks.5.2.conv.bias",
    "up_blocks.3.attentions.2.norm.weight, output_blocks.11.1.norm.weight",
    "conv_norm_out.bias, out.0.bias",
    "conv_out.weight, out.2.weight"
  })
  void theUNetsNames(String ours, String original) {
    assertThat(new UNetNames(STABLE_DIFFUSION_1).placeOf(ours))
        .isEqualTo(Place.of("model.diffusion_model." + original));
  }

  @Test
  void noTwoParametersOfAUNetHaveOnePlace() {
    UNetNames names = new UNetNames(STABLE_DIFFUSION_1);
    // The U-Net of Stable Diffusion 1.5 has 686 tensors.
    assertThat(UNet2DConditionModel.names(STABLE_DIFFUSION_1)).hasSize(686);
    assertThat(UNet2DConditionModel.names(STABLE_DIFFUSION_1).stream().map(names::placeOf))
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({
    "encoder.conv_in.weight, encoder.conv_in.weight",
    "encoder.down_blocks.2.resnets.0.conv_shortcut.weight, encoder.down.2.block.0.nin_shortcut.weight",
    "encoder.down_blocks.0.downsamplers.0.conv.bias, encoder.down.0.downsample.conv.bias",
    "encoder.mid_block.resnets.1.norm1.weight, encoder.mid.block_2.norm1.weight",
    "encoder.mid_block.attentions.0.group_norm.weight, encoder.mid.attn_1.norm.weight",
    "decoder.mid_block.attentions.0.to_q.weight, decoder.mid.attn_1.q.weight",
    "decoder.mid_block.attentions.0.to_out.0.bias, decoder.mid.attn_1.proj_out.bias",
    "decoder.up_blocks.0.resnets.2.conv2.weight, decoder.up.3.block.2.conv2.weight",
    "decoder.up_blocks.2.upsamplers.0.conv.weight, decoder.up.1.upsample.conv.weight",
    "decoder.conv_norm_out.weight, decoder.norm_out.weight",
    "post_quant_conv.bias, post_quant_conv.bias"
  })
  void theAutoencodersNames(String ours, String original) {
    assertThat(new VaeNames(4).placeOf(ours)).isEqualTo(Place.of("first_stage_model." + original));
  }

  @ParameterizedTest
  @CsvSource({
    "text_model.embeddings.token_embedding.weight, token_embedding.weight, 0, 1",
    "text_model.embeddings.position_embedding.weight, positional_embedding, 0, 1",
    "text_model.encoder.layers.22.layer_norm1.bias, transformer.resblocks.22.ln_1.bias, 0, 1",
    "text_model.encoder.layers.0.self_attn.q_proj.weight, transformer.resblocks.0.attn.in_proj_weight, 0, 3",
    "text_model.encoder.layers.0.self_attn.k_proj.bias, transformer.resblocks.0.attn.in_proj_bias, 1, 3",
    "text_model.encoder.layers.0.self_attn.v_proj.weight, transformer.resblocks.0.attn.in_proj_weight, 2, 3",
    "text_model.encoder.layers.0.self_attn.out_proj.weight, transformer.resblocks.0.attn.out_proj.weight, 0, 1",
    "text_model.encoder.layers.7.mlp.fc1.weight, transformer.resblocks.7.mlp.c_fc.weight, 0, 1",
    "text_model.encoder.layers.7.mlp.fc2.bias, transformer.resblocks.7.mlp.c_proj.bias, 0, 1",
    "text_model.final_layer_norm.weight, ln_final.weight, 0, 1"
  })
  void openClipsNames(String ours, String original, int part, int parts) {
    assertThat(TextNames.openClip("cond_stage_model.model.").placeOf(ours))
        .isEqualTo(Place.partOf("cond_stage_model.model." + original, part, parts));
  }
}
