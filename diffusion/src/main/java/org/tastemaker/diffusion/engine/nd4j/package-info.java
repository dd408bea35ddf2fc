/**
 * The seam of execution: a graph with fixed shapes as a function that can be called and whose
 * vector-Jacobian product can be taken.
 *
 * <p>A model is defined once, in SameDiff. {@link
 * org.tastemaker.diffusion.engine.graph.GraphDefinition} is that definition; {@link
 * org.tastemaker.diffusion.engine.graph.GraphFunction} is something that runs it. {@link
 * org.tastemaker.diffusion.engine.nd4j.ReplayFunction} runs libnd4j's ops one after the other and
 * is the reference that faster ways are compared with; {@link
 * org.tastemaker.diffusion.engine.nd4j.SessionFunction} is SameDiff's own session, for comparison.
 *
 * <p>There are no losses here. A loss is computed outside, on the outputs; its derivative with
 * respect to them is the cotangent that {@code backward} takes. So one backward graph serves
 * pre-training, policy gradients and preference losses alike.
 */
@NullMarked
package org.tastemaker.diffusion.engine.nd4j;

import org.jspecify.annotations.NullMarked;
