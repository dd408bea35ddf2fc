/**
 * Methods that raise the likelihood of good images, by denoising them: {@link
 * org.tastemaker.optim.likelihood.RewardWeightedLikelihood} (Lee et al., 2023) and {@link
 * org.tastemaker.optim.likelihood.Rwr} (reward-weighted regression, and fine-tuning on the best of
 * n); and {@link org.tastemaker.optim.likelihood.BestOfN}, which trains nothing.
 */
@NullMarked
package org.tastemaker.optim.likelihood;

import org.jspecify.annotations.NullMarked;
