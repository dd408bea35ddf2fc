package org.tastemaker.diffusion.checkpoint;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tastemaker.diffusion.model.AutoencoderKlConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.UNetConfig;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * What a checkpoint's networks are like, from the names and shapes of its tensors.
 *
 * <p>Shapes do not say how many heads an attention has. Stable Diffusion 1.x has 8 at every level;
 * 2.x and XL, which are known by their transformers' linear projections, have heads of 64 channels.
 * OpenCLIP's heads have 64 channels too. Norms have 32 groups, as those programs have written into
 * them.
 */
final class Architecture {
  private static final int HEAD = 64;
  private static final int GROUPS = 32;
  private static final int FACTOR = 8; // pixels of a latent's side
  private static final String IN = UNetNames.PREFIX + "input_blocks.";

  private static final int SIZE_CHANNELS = 256; // the sines and cosines of each size in XL

  private final TensorFile file;
  private final Family family;
  private final Shapes shapes;

  Architecture(TensorFile file, Family family) {
    this.file = file;
    this.shapes = new Shapes(file, "checkpoint");
    this.family = family;
  }

  /**
   * The U-Net.
   *
   * @param pixels of the images that it was made for
   */
  UNetConfig unet(int pixels) {
    // 1. Walk down the numbered blocks: each is a residual block, with or without a transformer, or
    // the downsampling that ends a level.
    List<Integer> channels = new ArrayList<>();
    List<Integer> layers = new ArrayList<>();
    List<Integer> depths = new ArrayList<>();
    List<String> down = new ArrayList<>();
    int inLevel = 0;
    boolean attends = false;
    int depth = 0;
    long width = 0;
    for (int block = 1; ; block++) {
      String residual = IN + block + ".0.in_layers.2.weight";
      boolean there = file.names().contains(residual);
      if (there) {
        width = shapes.size(residual, 0);
        inLevel++;
        String transformer = IN + block + ".1.transformer_blocks.";
        if (file.names().contains(transformer + "0.attn2.to_k.weight")) {
          attends = true;
          depth = shapes.count(transformer, ".attn2.to_k.weight");
        }
        continue;
      }
      if (inLevel == 0) {
        break;
      }
      channels.add((int) width);
      layers.add(inLevel);
      depths.add(Math.max(1, depth));
      down.add(attends ? "CrossAttnDownBlock2D" : "DownBlock2D");
      boolean goesOn = file.names().contains(IN + block + ".0.op.weight");
      inLevel = 0;
      attends = false;
      if (!goesOn) {
        break;
      }
    }
    shapes.require(!channels.isEmpty(), "the blocks of a U-Net");
    String middle = UNetNames.PREFIX + "middle_block.1.transformer_blocks.";
    depths.set(depths.size() - 1, Math.max(1, shapes.count(middle, ".attn2.to_k.weight")));
    // 2. What the levels have in common.
    String proj = firstWith(".1.proj_in.weight");
    boolean linear = file.shape(proj).length() == 2;
    int context = (int) shapes.size(firstWith(".1.transformer_blocks.0.attn2.to_k.weight"), 1);
    List<Integer> heads = channels.stream().map(c -> linear ? Math.max(1, c / HEAD) : 8).toList();
    ImmutableList<String> up =
        ImmutableList.copyOf(down).reverse().stream()
            .map(type -> type.replace("Down", "Up"))
            .collect(ImmutableList.toImmutableList());
    return new UNetConfig(
        pixels / FACTOR,
        (int) shapes.size(IN + "0.0.weight", 1),
        (int) shapes.size(UNetNames.PREFIX + "out.2.weight", 0),
        ImmutableList.copyOf(channels),
        ImmutableList.copyOf(down),
        up,
        ImmutableList.copyOf(layers),
        ImmutableList.copyOf(depths),
        ImmutableList.copyOf(heads),
        context,
        GROUPS,
        1e-5,
        3,
        3,
        1,
        true,
        0,
        (int) shapes.size(UNetNames.PREFIX + "time_embed.0.weight", 0),
        linear,
        added());
  }

  private Optional<UNetConfig.Added> added() {
    return family.isXl()
        ? Optional.of(
            new UNetConfig.Added(
                SIZE_CHANNELS, (int) shapes.size(UNetNames.PREFIX + "label_emb.0.0.weight", 1)))
        : Optional.empty();
  }

  AutoencoderKlConfig vae() {
    String encoder = VaeNames.PREFIX + "encoder.";
    List<Integer> channels = new ArrayList<>();
    int layers = 0;
    for (int level = 0; ; level++) {
      String first = encoder + "down." + level + ".block.0.conv1.weight";
      if (!file.names().contains(first)) {
        break;
      }
      channels.add((int) shapes.size(first, 0));
      layers = shapes.count(encoder + "down." + level + ".block.", ".conv1.weight");
    }
    shapes.require(!channels.isEmpty(), "an autoencoder");
    return new AutoencoderKlConfig(
        family.isXl() ? 1024 : 512,
        (int) shapes.size(encoder + "conv_in.weight", 1),
        (int) shapes.size(VaeNames.PREFIX + "decoder.conv_out.weight", 0),
        (int) shapes.size(VaeNames.PREFIX + "post_quant_conv.weight", 0),
        ImmutableList.copyOf(channels),
        layers,
        GROUPS,
        true,
        true,
        true,
        family.scalingFactor(),
        family.isXl());
  }

  /** A text encoder. */
  ClipTextConfig text(TextNames names) {
    boolean openClip = names.isOpenClip();
    boolean projected = family.isXl() && openClip;
    String start = openClip ? names.prefix() : names.prefix() + "text_model.";
    String tokens =
        start + (openClip ? "token_embedding.weight" : "embeddings.token_embedding.weight");
    String positions =
        start + (openClip ? "positional_embedding" : "embeddings.position_embedding.weight");
    shapes.require(file.names().contains(tokens), "a text encoder");
    int width = (int) shapes.size(tokens, 1);
    int vocabulary = (int) shapes.size(tokens, 0);
    int layers =
        openClip
            ? shapes.count(start + "transformer.resblocks.", ".ln_1.weight")
                - (family == Family.SECOND ? 1 : 0) // whose last is not used
            : shapes.count(start + "encoder.layers.", ".layer_norm1.weight");
    String fc1 =
        openClip
            ? start + "transformer.resblocks.0.mlp.c_fc.weight"
            : start + "encoder.layers.0.mlp.fc1.weight";
    return new ClipTextConfig(
        vocabulary,
        width,
        (int) shapes.size(fc1, 0),
        layers,
        Math.max(1, width / HEAD),
        (int) shapes.size(positions, 0),
        openClip ? ClipTextConfig.Activation.GELU : ClipTextConfig.Activation.QUICK_GELU,
        1e-5,
        vocabulary - 2,
        vocabulary - 1,
        1,
        projected ? (int) shapes.size(names.placeOf("text_projection.weight").name(), 1) : width,
        projected);
  }

  private String firstWith(String end) {
    return file.names().stream()
        .filter(name -> name.startsWith(IN) && name.endsWith(end))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    file.path() + ": its U-Net does not attend to a text (no " + end + ")"));
  }
}
