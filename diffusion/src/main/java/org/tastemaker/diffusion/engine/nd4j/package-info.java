/**
 * Graphs as ops of ND4J: the engines {@code replay}, the reference that faster ones are compared
 * with, and {@code session}, SameDiff's own, for comparison. This is the only package that calls
 * ND4J's graph operations.
 *
 * <p>SameDiff is a good differentiator with broken parts: a convolution whose backward pass ignores
 * the weights' layout, a variance with the wrong gradient, a "precise" GELU with the wrong value, a
 * layer norm without epsilon, gathers without a gradient, no group norm. {@code LayerBody} builds
 * each layer from the parts that work, and each has a numeric gradient test.
 *
 * <ul>
 *   <li><b>Ops know their layer.</b> {@link org.tastemaker.diffusion.engine.nd4j.Nd4jGraph} says
 *       which ops belong to which layer, so that another engine can take one layer's ops where it
 *       has no kernel. A layer takes each differentiable input through an identity of its own, so
 *       its share of the input's gradient has a name too.
 *   <li><b>Differentiation is ours.</b> {@link org.tastemaker.diffusion.engine.nd4j.Backward} walks
 *       the ops backwards and asks each for its gradient ops, in the same graph. Unlike {@code
 *       createGradFunction} it does not copy the graph and prints nothing, and it takes one
 *       cotangent for each output.
 * </ul>
 */
@NullMarked
package org.tastemaker.diffusion.engine.nd4j;

import org.jspecify.annotations.NullMarked;
