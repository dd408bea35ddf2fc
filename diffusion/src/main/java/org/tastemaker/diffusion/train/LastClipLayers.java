package org.tastemaker.diffusion.train;

import com.google.common.base.Preconditions;
import java.util.function.Predicate;
import org.tastemaker.diffusion.model.ClipConfig;

/**
 * The last layers of both towers of a CLIP model, by the names of their parameters: what a
 * fine-tuning on a small data set trains. With them go what follows them, a tower's last norm and
 * its projection, and the logit scale.
 *
 * <table class="striped">
 * <caption>What others train</caption>
 * <thead><tr><th>model</th><th>image layers</th><th>text layers</th></tr></thead>
 * <tbody>
 * <tr><td>HPS, on ViT-L/14 (Wu et al., ICCV 2023, sec. 4)</td><td>10 of 24</td><td>6 of 12</td></tr>
 * <tr><td>HPSv2, on ViT-H/14 (its training script)</td><td>20 groups of OpenCLIP, of which the
 *     projection is one</td><td>11 of 24</td></tr>
 * </tbody>
 * </table>
 *
 * @param images how many of the image tower's, at least 0: then nothing of that tower
 * @param texts how many of the text tower's, at least 0
 * @param allImages how many the image tower has
 * @param allTexts how many the text tower has
 */
public record LastClipLayers(int images, int texts, int allImages, int allTexts)
    implements Predicate<String> {
  /** Checks every field. */
  public LastClipLayers {
    Preconditions.checkArgument(
        images >= 0 && images <= allImages,
        "the image tower has %s layers, of which the last %s cannot be trained",
        allImages,
        images);
    Preconditions.checkArgument(
        texts >= 0 && texts <= allTexts,
        "the text tower has %s layers, of which the last %s cannot be trained",
        allTexts,
        texts);
  }

  /**
   * Some layers of a model.
   *
   * @param config of the model
   * @param images how many of the image tower's
   * @param texts how many of the text tower's
   * @return says whether a parameter of a name is among them
   */
  public static LastClipLayers of(ClipConfig config, int images, int texts) {
    return new LastClipLayers(
        images, texts, config.vision().numHiddenLayers(), config.text().numHiddenLayers());
  }

  /**
   * What HPS trains: the last 10 layers of the image tower and the last 6 of the text tower.
   *
   * @param config of a model with at least as many
   * @return says whether a parameter of a name is among them
   */
  public static LastClipLayers hps(ClipConfig config) {
    return of(config, 10, 6);
  }

  @Override
  public boolean test(String name) {
    if (name.equals("logit_scale")) {
      return true;
    }
    if (name.startsWith("vision_model.") || name.startsWith("visual_projection.")) {
      return isLast(name, "vision_model.", "post_layernorm.", images, allImages);
    }
    return isLast(name, "text_model.", "final_layer_norm.", texts, allTexts);
  }

  private static boolean isLast(String name, String tower, String norm, int last, int all) {
    String layers = tower + "encoder.layers.";
    if (!name.startsWith(layers)) {
      return last > 0 && (name.startsWith(tower + norm) || !name.startsWith(tower)); // a projection
    }
    int end = name.indexOf('.', layers.length());
    return Integer.parseInt(name.substring(layers.length(), end)) >= all - last;
  }
}
