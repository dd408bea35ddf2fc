package org.tastemaker.diffusion.checkpoint;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.model.ClipConfig;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.model.ClipTextConfig.Activation;
import org.tastemaker.diffusion.model.ClipVisionConfig;
import org.tastemaker.diffusion.weights.TensorFile;

/**
 * A CLIP model's configuration from the names and shapes of its tensors.
 *
 * <p>Shapes say neither how many heads there are nor which activation. Heads have 64 numbers, but
 * for three image towers of OpenCLIP, which are known by their width. The activation is known for
 * those three (GELU); the smaller towers exist with both, and a wrong one gives scores that look
 * right, so it must be said.
 */
final class ClipSizes {
  private static final Logger LOG = LoggerFactory.getLogger(ClipSizes.class);
  private static final int HEAD = 64;

  /** Heads of the widest image towers, ViT-H, ViT-g and ViT-bigG. */
  private static final Map<Integer, Integer> HEADS = Map.of(1280, 16, 1408, 16, 1664, 16);

  private final TensorFile file;
  private final ClipNames names;
  private final Shapes shapes;
  private final Optional<OpenClipConfig> beside;

  /**
   * A look at a file.
   *
   * @param beside what OpenCLIP's own configuration says, where there is one
   */
  ClipSizes(TensorFile file, ClipNames names, Optional<OpenClipConfig> beside) {
    this.file = file;
    this.names = names;
    this.shapes = new Shapes(file, "CLIP model");
    this.beside = beside;
  }

  ClipConfig config(Optional<Activation> given) {
    int width = size("vision_model.embeddings.patch_embedding.weight", 0);
    int patch = size("vision_model.embeddings.patch_embedding.weight", 2);
    int side = side(size("vision_model.embeddings.position_embedding.weight", 0) - 1);
    Activation activation =
        given.or(() -> beside.map(OpenClipConfig::activation)).orElseGet(() -> assumed(width));
    int vocabulary = size("text_model.embeddings.token_embedding.weight", 0);
    int textWidth = size("text_model.embeddings.token_embedding.weight", 1);
    int joint = projection();
    return ClipConfig.of(
        new ClipTextConfig(
            vocabulary,
            textWidth,
            size("text_model.encoder.layers.0.mlp.fc1.weight", 0),
            layers("text_model.encoder.layers."),
            beside
                .flatMap(OpenClipConfig::textHeads)
                .orElseGet(() -> heads("text", textWidth, Map.of())),
            size("text_model.embeddings.position_embedding.weight", 0),
            activation,
            1e-5,
            vocabulary - 2,
            vocabulary - 1,
            0, // OpenCLIP's tokenizer fills up with 0
            joint),
        new ClipVisionConfig(
            width,
            size("vision_model.encoder.layers.0.mlp.fc1.weight", 0),
            layers("vision_model.encoder.layers."),
            beside
                .flatMap(config -> config.imageHeads(width))
                .orElseGet(() -> heads("image", width, HEADS)),
            side * patch,
            patch,
            activation,
            1e-5,
            joint));
  }

  private Activation assumed(int width) {
    if (!HEADS.containsKey(width)) {
      throw new IllegalArgumentException(
          file.path()
              + " does not say which activation its towers have, and models of its size exist with"
              + " both: say it with ClipFileOptions.withActivation (QUICK_GELU for OpenAI's, GELU"
              + " for most of OpenCLIP's), or put config.json or open_clip_config.json beside it");
    }
    LOG.info(
        "{} does not say which activation it has: GELU is assumed, as in OpenCLIP's models of its"
            + " size",
        file.path());
    return Activation.GELU;
  }

  private int heads(String tower, int width, Map<Integer, Integer> known) {
    Integer heads = known.get(width);
    if (heads == null && width % HEAD != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: the %s tower's width of %d does not say how many heads it has; put config.json"
                  + " or open_clip_config.json beside it, or say it with ClipFileOptions.withConfig",
              file.path(),
              tower,
              width));
    }
    return heads == null ? width / HEAD : heads;
  }

  private int side(int patches) {
    int side = (int) Math.round(Math.sqrt(patches));
    if (patches < 1 || side * side != patches) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: an image tower with %d positions besides the class token is not square, and not"
                  + " supported",
              file.path(),
              patches));
    }
    return side;
  }

  /** The size of the vectors: a matrix's other side in OpenCLIP. */
  private int projection() {
    Place place = names.placeOf("visual_projection.weight");
    return (int) shapes.size(place.name(), place.transposed() ? 1 : 0);
  }

  private int size(String name, int dimension) {
    return (int) shapes.size(names.placeOf(name).name(), dimension);
  }

  private int layers(String start) {
    int count = 0;
    String end = ".layer_norm1.weight";
    while (file.names().contains(names.placeOf(start + count + end).name())) {
      count++;
    }
    shapes.require(count > 0, names.placeOf(start + 0 + end).name());
    return count;
  }
}
