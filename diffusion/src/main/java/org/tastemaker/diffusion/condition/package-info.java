/**
 * From the text of a prompt to the U-Net's input: the one path of sampling, rollouts, activations,
 * rewards and the training of policies.
 *
 * <pre>
 *   text --Conditioner--> cached? --yes-----------------------> Condition --UNetInputs--> U-Net
 *                            |                                  ^  tokens [L, D]
 *                            '--no--TextEncoder: ids, encoder --'  pooled [P], size ids
 * </pre>
 *
 * <p>Stable Diffusion XL has two text encoders, whose tokens stand side by side: {@link
 * org.tastemaker.diffusion.condition.ClipTextEncoderPair}. Its pooled vector and size ids are one
 * more array in {@link org.tastemaker.diffusion.condition.UNetInputs}.
 *
 * <p>Pre-training ({@code org.tastemaker.diffusion.train}) does not use this package: it encodes
 * token ids in batches, and needs the text encoder's graph for its gradient. A checksum of the
 * weights tells the cache when the text encoder was trained.
 */
@NullMarked
package org.tastemaker.diffusion.condition;

import org.jspecify.annotations.NullMarked;
