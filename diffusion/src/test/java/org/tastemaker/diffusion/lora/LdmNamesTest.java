package org.tastemaker.diffusion.lora;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.diffusion.checkpoint.LdmNames;
import org.tastemaker.diffusion.model.Parameters;

/** Names as they stand in published files of Stable Diffusion 1.5 and XL. */
class LdmNamesTest {
  private static final Map<String, String> RESNET =
      Map.of(
          "in_layers.2", "conv1",
          "emb_layers.1", "time_emb_proj",
          "out_layers.3", "conv2",
          "skip_connection", "conv_shortcut");

  private static List<String> paths(Parameters parameters) {
    return parameters.specs().keySet().stream()
        .filter(name -> name.endsWith(".weight"))
        .map(name -> name.substring(0, name.length() - ".weight".length()))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "conv_in, input_blocks.0.0",
    "time_embedding.linear_1, time_embed.0",
    "add_embedding.linear_1, label_emb.0.0",
    "add_embedding.linear_2, label_emb.0.2",
    "down_blocks.0.resnets.1.conv1, input_blocks.2.0.in_layers.2",
    "down_blocks.0.downsamplers.0.conv, input_blocks.3.0.op",
    "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q,"
        + " input_blocks.4.1.transformer_blocks.1.attn1.to_q",
    "down_blocks.1.resnets.0.conv_shortcut, input_blocks.4.0.skip_connection",
    "down_blocks.2.attentions.1.proj_in, input_blocks.8.1.proj_in",
    "mid_block.attentions.0.transformer_blocks.9.ff.net.0.proj,"
        + " middle_block.1.transformer_blocks.9.ff.net.0.proj",
    "mid_block.resnets.1.time_emb_proj, middle_block.2.emb_layers.1",
    "up_blocks.0.attentions.2.transformer_blocks.9.attn2.to_out.0,"
        + " output_blocks.2.1.transformer_blocks.9.attn2.to_out.0",
    "up_blocks.0.upsamplers.0.conv, output_blocks.2.2.conv",
    "up_blocks.1.upsamplers.0.conv, output_blocks.5.2.conv",
    "up_blocks.2.resnets.2.norm2, output_blocks.8.0.out_layers.0",
    "conv_norm_out, out.0",
    "conv_out, out.2"
  })
  void layersOfXlHaveTheNamesOfItsPublishedFiles(String ours, String theirs) {
    try (Parameters unet = NamedNetworks.unetOfXl()) {
      assertThat(paths(unet)).contains(ours);
      assertThat(new LdmNames(paths(unet)).of(ours)).isEqualTo(theirs);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "down_blocks.2.downsamplers.0.conv, input_blocks.9.0.op",
    "down_blocks.3.resnets.1.norm2, input_blocks.11.0.out_layers.0",
    "up_blocks.0.upsamplers.0.conv, output_blocks.2.1.conv", // no transformer there
    "up_blocks.1.upsamplers.0.conv, output_blocks.5.2.conv",
    "up_blocks.3.attentions.2.proj_out, output_blocks.11.1.proj_out"
  })
  void layersOfVersion1HaveTheNamesOfItsPublishedFiles(String ours, String theirs) {
    try (Parameters unet = NamedNetworks.unet(2, 1, 1, 1, 0)) {
      assertThat(paths(unet)).contains(ours);
      assertThat(new LdmNames(paths(unet)).of(ours)).isEqualTo(theirs);
    }
  }

  @Test
  void diffusersTurnsEveryNameBackWhateverTheLayersOfALevel() {
    for (int layers = 1; layers <= 3; layers++) {
      try (Parameters unet = NamedNetworks.unet(layers, 0, 2, 3)) {
        LdmNames names = new LdmNames(paths(unet));
        List<String> blocks =
            paths(unet).stream().filter(path -> path.contains("block") && !isNorm(path)).toList();
        assertThat(blocks).isNotEmpty();
        for (String path : blocks) {
          assertThat(inDiffusers(names.of(path), layers)).isEqualTo(path);
        }
      }
    }
  }

  private static boolean isNorm(String path) {
    return path.matches(".*\\.norm\\d?"); // not in files of LoRA
  }

  /**
   * What {@code _maybe_map_sgm_blocks_to_diffusers} makes of a name, and {@code
   * _convert_unet_lora_key} of the layers of a residual block: blocks are counted by
   * layers_per_block + 1, alone from the number.
   */
  private static String inDiffusers(String name, int layers) {
    List<String> parts = new ArrayList<>(List.of(name.split("\\.")));
    List<String> inner = List.of("resnets", "attentions", "upsamplers");
    String kind = parts.remove(0);
    int number = Integer.parseInt(parts.remove(0));
    String start;
    if (kind.equals("middle_block")) {
      start =
          Map.of(0, "mid_block.resnets.0", 1, "mid_block.attentions.0", 2, "mid_block.resnets.1")
              .getOrDefault(number, "");
    } else {
      int place = Integer.parseInt(parts.remove(0));
      boolean down = kind.equals("input_blocks");
      int counted = down ? number - 1 : number;
      boolean op = parts.contains("op");
      boolean up = !down && place == 2;
      start =
          (down ? "down_blocks." : "up_blocks.")
              + counted / (layers + 1)
              + "."
              + (op ? "downsamplers" : inner.get(place))
              + "."
              + (op || up ? 0 : counted % (layers + 1));
    }
    String rest = String.join(".", parts);
    if (start.contains("resnets")) {
      for (Map.Entry<String, String> word : RESNET.entrySet()) {
        rest = rest.replace(word.getKey(), word.getValue());
      }
    }
    return start + "." + (start.contains("downsamplers") ? rest.replace("op", "conv") : rest);
  }
}
