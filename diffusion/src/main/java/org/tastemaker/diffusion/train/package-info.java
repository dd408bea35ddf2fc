/**
 * The parts of a training loop that need no graph: learning rates, gradient clipping, the AdamW
 * update, the moving average of the weights, and the weighting of the denoising loss.
 *
 * <p>One update reads, in this order:
 *
 * <pre>{@code
 * double norm = GradientClip.byGlobalNorm(1.0, gradients);
 * optimizer.update(rate.at(step), parameters, gradients);
 * average.update(parameters);
 * }</pre>
 *
 * <p>Parameters and gradients are {@link java.nio.FloatBuffer} views of whatever memory they live
 * in ({@link org.tastemaker.diffusion.schedule.FloatBuffers} makes one of an ND4J array), updated
 * in place. State is allocated once, when an object is made. A gradient that is not finite stops
 * the update before anything has changed.
 */
@NullMarked
package org.tastemaker.diffusion.train;

import org.jspecify.annotations.NullMarked;
