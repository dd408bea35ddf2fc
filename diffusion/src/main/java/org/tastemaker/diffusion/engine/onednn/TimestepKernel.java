package org.tastemaker.diffusion.engine.onednn;

import java.util.List;

/**
 * The sinusoidal embedding of a time step. It has no gradient here: where the time step is
 * differentiable, ND4J's ops run.
 */
final class TimestepKernel implements Kernel {
  private final LayerScope layer;
  private final int batch;
  private final boolean flip;
  private final float[] frequencies;

  TimestepKernel(LayerScope layer) {
    this.layer = layer;
    if (layer.wants(0)) {
      throw new OneDnn.Unsupported("gradient of a time step's embedding");
    }
    batch = (int) layer.shape(0)[0];
    flip = layer.whole("flip") == 1;
    int half = layer.whole("size") / 2;
    double shift = layer.layer().attribute("shift");
    frequencies = new float[half];
    for (int i = 0; i < half; i++) {
      frequencies[i] = (float) Math.exp(-Math.log(10000) * i / (half - shift));
    }
  }

  @Override
  public void forward() {
    int half = frequencies.length;
    layer
        .program()
        .loop(
            List.of(layer.input(0), layer.output()),
            buffers -> {
              for (int b = 0; b < batch; b++) {
                float t = buffers[0].get(b);
                long sine = 2L * half * b + (flip ? half : 0);
                long cosine = 2L * half * b + (flip ? 0 : half);
                for (int i = 0; i < half; i++) {
                  // The angle is rounded to a float, as in every other implementation.
                  float angle = t * frequencies[i];
                  buffers[1].put(sine + i, (float) Math.sin(angle));
                  buffers[1].put(cosine + i, (float) Math.cos(angle));
                }
              }
            });
  }

  @Override
  public void backward(Buffer gradient) {
    throw new IllegalStateException("the time step is not differentiable");
  }
}
