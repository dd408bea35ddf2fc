/**
 * The seam between the model and what runs it: {@link org.tastemaker.diffusion.engine.Engine} is
 * found by name, and {@link org.tastemaker.diffusion.engine.Engines} chooses.
 */
@NullMarked
package org.tastemaker.diffusion.engine;

import org.jspecify.annotations.NullMarked;
