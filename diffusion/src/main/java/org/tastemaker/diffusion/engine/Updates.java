package org.tastemaker.diffusion.engine;

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
  DEVICE
}
