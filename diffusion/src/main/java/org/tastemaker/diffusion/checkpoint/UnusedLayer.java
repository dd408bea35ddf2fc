package org.tastemaker.diffusion.checkpoint;

import java.util.Arrays;
import org.tastemaker.diffusion.model.ClipTextConfig;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/**
 * What programs expect of OpenCLIP's text encoder in a Stable Diffusion 2.x though they do not use
 * it, so that a model in the diffusers layout does not have it: a last layer, the projection and
 * the scale of CLIP's loss. The layer written here changes nothing, and the projection is the
 * identity.
 */
final class UnusedLayer {
  private static final float SCALE = 4.6052f; // ln 100

  private UnusedLayer() {}

  static void add(SafetensorsWriter writer, String prefix, ClipTextConfig config, DType dtype) {
    int width = config.hiddenSize();
    int inner = config.intermediateSize();
    String layer = prefix + "transformer.resblocks." + config.numHiddenLayers() + ".";
    for (String norm : new String[] {"ln_1", "ln_2"}) {
      float[] ones = new float[width];
      Arrays.fill(ones, 1);
      writer.add(layer + norm + ".weight", ones, dtype, width);
      writer.add(layer + norm + ".bias", new float[width], dtype, width);
    }
    zeros(writer, layer + "attn.in_proj_weight", dtype, 3 * width, width);
    zeros(writer, layer + "attn.in_proj_bias", dtype, 3 * width);
    zeros(writer, layer + "attn.out_proj.weight", dtype, width, width);
    zeros(writer, layer + "attn.out_proj.bias", dtype, width);
    zeros(writer, layer + "mlp.c_fc.weight", dtype, inner, width);
    zeros(writer, layer + "mlp.c_fc.bias", dtype, inner);
    zeros(writer, layer + "mlp.c_proj.weight", dtype, width, inner);
    zeros(writer, layer + "mlp.c_proj.bias", dtype, width);
    float[] identity = new float[width * width];
    for (int i = 0; i < width; i++) {
      identity[i * width + i] = 1;
    }
    writer.add(prefix + "text_projection", identity, dtype, width, width);
    writer.add(prefix + "logit_scale", new float[] {SCALE}, dtype);
  }

  private static void zeros(SafetensorsWriter writer, String name, DType dtype, int... shape) {
    writer.add(
        name,
        new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)],
        dtype,
        Arrays.stream(shape).asLongStream().toArray());
  }
}
