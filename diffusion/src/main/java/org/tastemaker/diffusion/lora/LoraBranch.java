package org.tastemaker.diffusion.lora;

import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Padding;
import org.tastemaker.diffusion.engine.graph.Tensor;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.BranchBuilder;
import org.tastemaker.diffusion.model.Parameters;

/**
 * A low-rank pair beside a layer of a graph.
 *
 * @param module the pair
 * @param parameters of the LoRA
 * @param prefix what the names of the pair's begin with
 * @param factor of the branch
 */
record LoraBranch(LoraModule module, Parameters parameters, String prefix, double factor) {
  /** {@code output + factor (B A input + b)}. */
  Tensor add(BranchBuilder layers, Adapter.Site site, Tensor input, Tensor output) {
    Ops ops = layers.ops();
    Tensor a = layers.parameter(parameters, prefix + LoraParameters.DOWN);
    Tensor b = layers.parameter(parameters, prefix + LoraParameters.UP);
    Tensor bias =
        module.bias() ? layers.parameter(parameters, prefix + LoraParameters.UP_BIAS) : null;

    Tensor h =
        module.isConvolution()
            ? ops.conv2d(prefix + ".down", input, a, null, site.stride(), site.padding())
            : ops.linear(prefix + ".down", input, a, null); // [B, r, H', W'] or [.., r]
    if (bias == null) {
      h = scaled(ops, h); // here, where the tensor is thin
    }
    h =
        module.isConvolution()
            ? ops.conv2d(prefix + ".up", h, b, bias, 1, Padding.NONE)
            : ops.linear(prefix + ".up", h, b, bias); // [B, out, H', W'] or [.., out]
    if (bias != null) {
      h = scaled(ops, h); // of the bias too
    }
    return ops.add(prefix + ".add", output, h);
  }

  private Tensor scaled(Ops ops, Tensor h) {
    return factor == 1 ? h : ops.scale(prefix + ".scale", h, factor);
  }
}
