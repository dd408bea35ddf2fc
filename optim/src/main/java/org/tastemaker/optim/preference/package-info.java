/**
 * Methods that learn from preferences, without a reward that is a number: pairs of a better and a
 * worse image, and images that were liked or not.
 *
 * <pre>
 *   on clean latents, which any sampler or a person's folder may have given
 *     {@link org.tastemaker.optim.preference.DiffusionDpo}   pairs, against the reference
 *     {@link org.tastemaker.optim.preference.DiffusionKto}   liked or not, against the reference
 *     {@link org.tastemaker.optim.preference.Mapo}           pairs, without a reference
 *   on the denoising steps of a rollout
 *     {@link org.tastemaker.optim.preference.D3po}           pairs of images, at every step
 *     {@link org.tastemaker.optim.preference.Spo}            pairs of steps from the same latent
 * </pre>
 *
 * <p>All of them take a rollout and its rewards, whose order within a prompt they learn from. Those
 * on clean latents also take {@link org.tastemaker.optim.preference.PreferenceData}: judged groups,
 * pairs and labels that were there before the training.
 *
 * <p>{@link org.tastemaker.optim.preference.SpikeGuard} leaves out an update whose loss is far from
 * those before it.
 */
@NullMarked
package org.tastemaker.optim.preference;

import org.jspecify.annotations.NullMarked;
