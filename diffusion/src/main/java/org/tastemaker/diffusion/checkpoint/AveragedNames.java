package org.tastemaker.diffusion.checkpoint;

import java.nio.file.Path;
import java.util.Set;

/**
 * The names of averaged weights in CompVis' programs: those of the U-Net without their dots, such
 * as {@code model_ema.diffusion_modelinput_blocks00weight}.
 */
final class AveragedNames {
  static final String PREFIX = "model_ema.";

  /** What a weight's name begins with where it is averaged, and is not part of its new name. */
  private static final String MODEL = "model.";

  private AveragedNames() {}

  static Place placeOf(Place place) {
    String name = place.name().substring(MODEL.length()).replace(".", "");
    return new Place(PREFIX + name, place.part(), place.parts(), place.transposed());
  }

  static void require(Path path, Set<String> names) {
    // The two numbers of the averaging itself may be there without weights.
    if (names.stream().noneMatch(name -> name.startsWith(PREFIX + "diffusion_model"))) {
      throw new IllegalArgumentException(
          path
              + " holds no averaged weights ("
              + PREFIX
              + "diffusion_model*): load it without CheckpointOptions.averaged; in a file called"
              + " emaonly its one set of weights is the averaged one");
    }
  }
}
