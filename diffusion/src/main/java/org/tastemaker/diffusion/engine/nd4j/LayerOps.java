package org.tastemaker.diffusion.engine.nd4j;

import com.google.common.collect.ImmutableList;

/**
 * The ops of one layer. They compute the layer's output from {@link #inputs} and from constants,
 * and nothing else reads what they make in between.
 *
 * @param inputs for each input of the layer, the variable that the ops read: for a differentiable
 *     one the output of an identity that only this layer reads (it is not among the ops), so that
 *     the gradient of that variable is this layer's contribution alone
 * @param forward the names of the ops, in order
 */
public record LayerOps(ImmutableList<String> inputs, ImmutableList<String> forward) {}
