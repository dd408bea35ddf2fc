/**
 * Methods that train on images by their denoising error, weighted by the rewards: {@link
 * org.tastemaker.optim.likelihood.Rwr}, {@link
 * org.tastemaker.optim.likelihood.RewardWeightedLikelihood} and {@link
 * org.tastemaker.optim.likelihood.DpokSupervised}. They share one round, and each shows its own
 * update. {@link org.tastemaker.optim.likelihood.BestOfN} picks among images without training.
 */
@NullMarked
package org.tastemaker.optim.likelihood;

import org.jspecify.annotations.NullMarked;
