package org.tastemaker.diffusion.engine.onednn;

/** How one layer is computed: writes its steps into the program, through its {@link LayerScope}. */
interface Kernel {
  /** Emits the steps that compute the layer's output. */
  void forward();

  /**
   * Emits the steps that turn the gradient of the output into those of the inputs that want one.
   *
   * @param gradient of the output, in its layout; not to be written to
   */
  void backward(Buffer gradient);
}
