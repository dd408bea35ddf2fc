package org.tastemaker.diffusion.checkpoint;

import java.util.List;
import org.tastemaker.diffusion.model.UNet2DConditionModel;
import org.tastemaker.diffusion.model.UNetConfig;

/** Where a U-Net's parameters stand in a checkpoint, under the names of {@link LdmNames}. */
final class UNetNames {
  static final String PREFIX = "model.diffusion_model.";

  private final LdmNames layers;

  UNetNames(UNetConfig config) {
    List<String> paths =
        UNet2DConditionModel.names(config).stream().map(UNetNames::layerOf).distinct().toList();
    this.layers = new LdmNames(paths);
  }

  Place placeOf(String name) {
    String layer = layerOf(name);
    return Place.of(PREFIX + layers.of(layer) + name.substring(layer.length()));
  }

  /** The name without {@code .weight} or {@code .bias}. */
  private static String layerOf(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }
}
