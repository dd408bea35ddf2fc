/** The networks of a latent diffusion model. */
@NullMarked
package org.tastemaker.diffusion.model;

import org.jspecify.annotations.NullMarked;
