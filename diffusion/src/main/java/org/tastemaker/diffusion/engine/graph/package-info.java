/**
 * The description of a graph, which every engine reads: {@link
 * org.tastemaker.diffusion.engine.graph.Ops} builds it, layer by layer, and {@link
 * org.tastemaker.diffusion.engine.graph.GraphDefinition} is the result.
 *
 * <ul>
 *   <li><b>Shapes are known.</b> A graph is built for one batch size, height, width and text
 *       length; {@link org.tastemaker.diffusion.engine.graph.Tensor} carries its shape, and a wrong
 *       one is an error at the line that made it.
 *   <li><b>Layers, not ops.</b> A graph holds layers such as a group norm or an attention. How one
 *       is computed is the engine's business. Nothing here depends on SameDiff; of ND4J there are
 *       the arrays of the leaves.
 *   <li><b>Differentiation is the engine's too.</b> A tensor says whether a gradient flows through
 *       it; {@link org.tastemaker.diffusion.engine.graph.GraphFunction} says what is asked for.
 * </ul>
 *
 * <p>Layouts: images [batch, channels, height, width], tokens [batch, length, channels], weights of
 * linear layers [out, in] (as in torch), weights of convolutions [height, width, in, out].
 */
@NullMarked
package org.tastemaker.diffusion.engine.graph;

import org.jspecify.annotations.NullMarked;
