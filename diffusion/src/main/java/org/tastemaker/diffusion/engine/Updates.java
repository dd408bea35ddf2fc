package org.tastemaker.diffusion.engine;

import java.util.Locale;

/** Where trained weights, the optimizer's moments and the average are while they are updated. */
public enum Updates {
  /** On the device if it is a GPU, otherwise on the host. */
  AUTO,

  /** In the host's memory: gradients are fetched for each update, and new weights sent. */
  HOST,

  /**
   * In the device's memory, which holds four numbers of float32 for each trained weight, five with
   * an average: nothing travels for an update.
   */
  DEVICE;

  /**
   * A place of a name, as in a configuration.
   *
   * @param name {@code auto}, {@code host} or {@code device}
   * @return the place
   * @throws IllegalArgumentException if the name is none of these
   */
  public static Updates of(String name) {
    for (Updates updates : values()) {
      if (updates.toString().equals(name.toLowerCase(Locale.ROOT))) {
        return updates;
      }
    }
    throw new IllegalArgumentException(
        "updates must be made on auto, host or device, but the place was \"" + name + "\"");
  }

  /** The name that {@link #of} reads. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
