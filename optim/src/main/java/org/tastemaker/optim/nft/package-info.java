/**
 * DiffusionNFT: {@link org.tastemaker.optim.nft.DiffusionNft} learns from finished images, good and
 * bad ones, without a trajectory and without a likelihood.
 *
 * <pre>
 *   sampler() --any sampler--> images, clean latents x_0      the old policy
 *   rewards  --> rho in [0, 1]                                {@link org.tastemaker.optim.nft.Optimality}
 *   x_0 --noise--> x_t --> new, old and reference output --> contrast of two implicit policies
 *   old policy follows the new one                            {@link org.tastemaker.optim.nft.OldPolicy}
 * </pre>
 */
@NullMarked
package org.tastemaker.optim.nft;

import org.jspecify.annotations.NullMarked;
