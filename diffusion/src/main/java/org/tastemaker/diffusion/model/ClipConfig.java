package org.tastemaker.diffusion.model;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a {@link ClipModel}: the settings of transformers' config.json, in which
 * those of the two towers are objects of their own.
 *
 * @param text of the text tower, with a projection
 * @param vision of the image tower
 * @param projectionDim the size of the vectors of both, as theirs are
 */
public record ClipConfig(ClipTextConfig text, ClipVisionConfig vision, int projectionDim) {
  /**
   * Checks that the towers meet.
   *
   * @param text as above
   * @param vision as above
   * @param projectionDim as above
   */
  public ClipConfig {
    Objects.requireNonNull(text, "text == null");
    Objects.requireNonNull(vision, "vision == null");
    if (!text.projected()
        || text.projectionDim() != projectionDim
        || vision.projectionDim() != projectionDim) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "both towers must have a projection to the same %d numbers, but the text tower has"
                  + " %s and the image tower one to %d; see ClipTextConfig.withProjection",
              projectionDim,
              text.projected() ? "one to " + text.projectionDim() : "none",
              vision.projectionDim()));
    }
  }

  /**
   * Two towers that meet where the image tower's vectors are.
   *
   * @param text of the text tower; it is given a projection of that size
   * @param vision of the image tower
   * @return the configuration
   */
  public static ClipConfig of(ClipTextConfig text, ClipVisionConfig vision) {
    return new ClipConfig(
        text.withProjection(vision.projectionDim()), vision, vision.projectionDim());
  }

  /**
   * Reads a configuration.
   *
   * @param path of a config.json in the transformers format, of a CLIPModel
   * @return the configuration
   * @throws IllegalArgumentException if a setting is unknown or not supported; the message names it
   */
  public static ClipConfig read(Path path) {
    return ConfigReader.read(path, ClipConfig::read);
  }

  private static ClipConfig read(ConfigReader json) {
    json.ignore(
            "architectures",
            "dtype",
            "initializer_factor",
            "logit_scale_init_value",
            "torch_dtype",
            "transformers_version")
        .only(Map.of("model_type", "clip"));
    int size = json.integer("projection_dim", 512);
    // Older files have the settings twice; transformers prefers those of the second object.
    ClipTextConfig text = ClipTextConfig.read(json.object("text_config", "text_config_dict"));
    ClipVisionConfig vision =
        ClipVisionConfig.read(json.object("vision_config", "vision_config_dict"));
    json.done();
    return new ClipConfig(text.withProjection(size), vision.withProjection(size), size);
  }

  /**
   * Writes the configuration so that transformers reads it.
   *
   * @param path of the config.json
   */
  public void write(Path path) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("architectures", List.of("CLIPModel"));
    json.put("model_type", "clip");
    json.put("projection_dim", projectionDim);
    json.put("text_config", text.settings());
    json.put("vision_config", vision.settings());
    json.put("torch_dtype", "float32");
    ConfigReader.write(path, json);
  }
}
