/**
 * Denoising diffusion policy optimization: {@link org.tastemaker.optim.ddpo.Ddpo}, by the score
 * function or by importance sampling, with advantages from per-prompt statistics.
 */
@NullMarked
package org.tastemaker.optim.ddpo;

import org.jspecify.annotations.NullMarked;
