/**
 * What every engine must do, as abstract test classes: a subclass gives the engine and the bounds.
 *
 * <pre>{@code
 * class YoursLayersTest extends LayerContract {
 *   @Override
 *   protected Engine engine() {
 *     return Engines.named("yours");
 *   }
 * }
 * }</pre>
 *
 * <p>{@link org.tastemaker.diffusion.testing.engine.LayerContract} holds each kind of layer at
 * random shapes, {@link org.tastemaker.diffusion.testing.engine.GraphContract} graphs of several
 * layers, {@link org.tastemaker.diffusion.testing.engine.FunctionContract} what a function owes its
 * caller, {@link org.tastemaker.diffusion.testing.engine.ModelContract} whole networks, all against
 * {@code replay}; {@link org.tastemaker.diffusion.testing.engine.GoldenContract} holds the networks
 * against diffusers and transformers.
 */
@NullMarked
package org.tastemaker.diffusion.testing.engine;

import org.jspecify.annotations.NullMarked;
