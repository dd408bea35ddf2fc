package org.tastemaker.diffusion.lora;

import com.google.common.primitives.ImmutableLongArray;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.tastemaker.diffusion.model.ParameterSpec;
import org.tastemaker.diffusion.model.ParameterSpec.Kind;
import org.tastemaker.diffusion.model.Parameters;

/**
 * The parameters of networks that have the names of Stable Diffusion XL's, and hardly any numbers:
 * each layer has few channels, and its number of inputs differs from that of its outputs.
 */
final class NamedNetworks {
  private static final int OUT = 6;
  private static final int IN = 4;

  private final List<ParameterSpec> specs = new ArrayList<>();

  private NamedNetworks() {}

  /** Two residual blocks a level; transformers of depth 2 and 10 on the two inner levels. */
  static Parameters unetOfXl() {
    return unet(2, 0, 2, 10);
  }

  /**
   * A U-Net.
   *
   * @param layers a level
   * @param depths the depth of the transformers of each level; 0 for none
   */
  static Parameters unet(int layers, int... depths) {
    NamedNetworks net = new NamedNetworks();
    int last = depths.length - 1;
    net.conv("conv_in", 3);
    net.linear("time_embedding.linear_1", true);
    net.linear("time_embedding.linear_2", true);
    net.linear("add_embedding.linear_1", true);
    net.linear("add_embedding.linear_2", true);
    for (int i = 0; i <= last; i++) {
      for (int j = 0; j < layers; j++) {
        net.resnet("down_blocks." + i + ".resnets." + j, j == 0);
        net.transformer("down_blocks." + i + ".attentions." + j, depths[i]);
      }
      if (i < last) {
        net.conv("down_blocks." + i + ".downsamplers.0.conv", 3);
      }
    }
    net.resnet("mid_block.resnets.0", false);
    net.transformer("mid_block.attentions.0", depths[last]);
    net.resnet("mid_block.resnets.1", false);
    for (int i = 0; i <= last; i++) {
      for (int j = 0; j <= layers; j++) {
        net.resnet("up_blocks." + i + ".resnets." + j, true);
        net.transformer("up_blocks." + i + ".attentions." + j, depths[last - i]);
      }
      if (i < last) {
        net.conv("up_blocks." + i + ".upsamplers.0.conv", 3);
      }
    }
    net.norm("conv_norm_out");
    net.conv("conv_out", 3);
    return net.parameters("unet");
  }

  /** The first text encoder: CLIP. */
  static Parameters textEncoder(int layers) {
    return textEncoder("text_encoder", layers, false);
  }

  /** The second text encoder: CLIP with a projection. */
  static Parameters secondTextEncoder(int layers) {
    return textEncoder("text_encoder_2", layers, true);
  }

  private static Parameters textEncoder(String seed, int layers, boolean projection) {
    NamedNetworks net = new NamedNetworks();
    for (int i = 0; i < layers; i++) {
      String layer = "text_model.encoder.layers." + i;
      net.norm(layer + ".layer_norm1");
      for (String attention : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
        net.linear(layer + ".self_attn." + attention, true);
      }
      net.norm(layer + ".layer_norm2");
      net.linear(layer + ".mlp.fc1", true);
      net.linear(layer + ".mlp.fc2", true);
    }
    net.norm("text_model.final_layer_norm");
    if (projection) {
      net.linear("text_projection", false);
    }
    return net.parameters(seed);
  }

  private Parameters parameters(String seed) {
    return Parameters.random(specs, LoraFixtures.SEED.split(seed), DataType.FLOAT);
  }

  private void add(String name, Kind kind, long fanIn, long... shape) {
    specs.add(new ParameterSpec(name, ImmutableLongArray.copyOf(shape), kind, fanIn));
  }

  private void conv(String path, int kernel) {
    add(path + ".weight", Kind.CONV, (long) IN * kernel * kernel, OUT, IN, kernel, kernel);
    add(path + ".bias", Kind.BIAS, IN, OUT);
  }

  private void linear(String path, boolean bias) {
    add(path + ".weight", Kind.LINEAR, IN, OUT, IN);
    if (bias) {
      add(path + ".bias", Kind.BIAS, IN, OUT);
    }
  }

  private void norm(String path) {
    add(path + ".weight", Kind.SCALE, 1, OUT);
    add(path + ".bias", Kind.SHIFT, 1, OUT);
  }

  private void resnet(String path, boolean shortcut) {
    norm(path + ".norm1");
    conv(path + ".conv1", 3);
    linear(path + ".time_emb_proj", true);
    norm(path + ".norm2");
    conv(path + ".conv2", 3);
    if (shortcut) {
      conv(path + ".conv_shortcut", 1);
    }
  }

  private void transformer(String path, int depth) {
    if (depth == 0) {
      return;
    }
    norm(path + ".norm");
    linear(path + ".proj_in", true);
    for (int i = 0; i < depth; i++) {
      String block = path + ".transformer_blocks." + i;
      for (String attention : List.of("attn1", "attn2")) {
        linear(block + "." + attention + ".to_q", false);
        linear(block + "." + attention + ".to_k", false);
        linear(block + "." + attention + ".to_v", false);
        linear(block + "." + attention + ".to_out.0", true);
      }
      norm(block + ".norm1");
      norm(block + ".norm2");
      norm(block + ".norm3");
      linear(block + ".ff.net.0.proj", true);
      linear(block + ".ff.net.2", true);
    }
    linear(path + ".proj_out", true);
  }
}
