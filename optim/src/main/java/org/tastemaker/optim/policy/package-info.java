/**
 * What is trained, and what all gradient methods over it share: {@link
 * org.tastemaker.optim.policy.DiffusionPolicy} is a latent diffusion model seen as a policy, whose
 * actions are its denoising steps.
 *
 * <pre>
 *   rollout --transitions(rollout, B)--> micro-batches of (image n, step t), a different step in each row
 *                 forward:  o = U-Net with guidance,  log p(x_{t-1} | x_t, z),  KL to the reference
 *                 backward: sum_n a_n d log p_n + b_n d KL_n  --> the gradient, added up
 *   latents --examples(B)--------------> micro-batches of noisy latents
 *                 forward:  |target - o|^2,  |o - o_ref|^2
 *                 backward: sum_n a_n d error_n + b_n d difference_n  --> the gradient, added up
 *   update(): clip by norm, AdamW, average of the weights
 * </pre>
 *
 * <p>A method whose loss is a function of a few numbers of a row gives it as a {@link
 * org.tastemaker.optim.policy.TransitionLoss}, and its update is one call, {@code
 * transitions.update(rows, loss, ...)}. Then its micro-batches can go through the U-Net on other
 * machines too, by a {@link org.tastemaker.optim.policy.GradientSource}; their gradients are added
 * in the same order, so the weights are the same in every bit.
 *
 * <p>An optimizer computes its loss and the derivatives a_n and b_n in a few lines of Java over
 * numbers per row; no graph knows of it. Arrays are made once per shape. Everything drawn at random
 * comes from a seed of the caller.
 */
@NullMarked
package org.tastemaker.optim.policy;

import org.jspecify.annotations.NullMarked;
