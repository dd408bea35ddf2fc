/**
 * The op layer: the only place that calls ND4J's graph operations.
 *
 * <p>SameDiff is a good differentiator with broken parts: a convolution whose backward pass ignores
 * the weights' layout, a variance with the wrong gradient, a "precise" GELU with the wrong value, a
 * layer norm without epsilon, gathers without a gradient, no group norm. This package builds the
 * layers of a diffusion model from the parts that work; each has a numeric gradient test, and
 * everything else in the library is written in terms of {@link
 * org.tastemaker.diffusion.engine.graph.Ops}.
 *
 * <p>Three ideas:
 *
 * <ul>
 *   <li><b>Shapes are known.</b> A graph is built for one batch size, height, width and text
 *       length; {@link org.tastemaker.diffusion.engine.graph.Tensor} carries its shape, and a wrong
 *       one is an error at the line that made it.
 *   <li><b>Composites are recorded.</b> Each layer is several SameDiff ops; {@link
 *       org.tastemaker.diffusion.engine.graph.Composite} says which, what went in and what came
 *       out, so that a compiler can put one kernel in their place. A composite takes each
 *       differentiable input through an identity of its own, so its share of the input's gradient
 *       has a name too.
 *   <li><b>Differentiation is ours.</b> {@link org.tastemaker.diffusion.engine.graph.Backward}
 *       walks the ops backwards and asks each for its gradient ops, in the same graph. It is what
 *       {@code createGradFunction} does, less the copy of the graph and the printing; it takes one
 *       cotangent for each output, and knows which backward ops belong to which composite.
 * </ul>
 *
 * <p>Layouts: images [batch, channels, height, width], tokens [batch, length, channels], weights of
 * linear layers [out, in] (as in torch), weights of convolutions [height, width, in, out].
 */
@NullMarked
package org.tastemaker.diffusion.engine.graph;

import org.jspecify.annotations.NullMarked;
