package org.tastemaker.diffusion.lora;

import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.model.ParameterSpec;

/**
 * A layer of a network that a file changes.
 *
 * @param network that has it
 * @param path of the layer
 * @param weight the layer's own; of a norm, its scale
 * @param bias the layer's own; of a norm, its shift
 */
record LoraPlace(
    LoraNetwork network, String path, ParameterSpec weight, @Nullable ParameterSpec bias) {}
