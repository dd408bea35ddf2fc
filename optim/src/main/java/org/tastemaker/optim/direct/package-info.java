/**
 * Methods that make images better by the gradient of a reward ({@link
 * org.tastemaker.core.DifferentiableReward}), through the decoder and the denoising steps: {@link
 * org.tastemaker.optim.direct.Refl}, {@link org.tastemaker.optim.direct.Draft} and {@link
 * org.tastemaker.optim.direct.AlignProp}. They share one round, and each shows its own update.
 *
 * <pre>
 *   x_t recorded --steps--&gt; x_0 --decoder--&gt; image --reward--&gt; r --loss--&gt; L
 *   forward        {@link org.tastemaker.optim.policy.DenoisingChain}   {@link
 *                  org.tastemaker.diffusion.DifferentiableDecoder}      the caller's reward
 *   backward       step by step, each run again first    D images at a time     d r / d image
 * </pre>
 *
 * <p><b>Why a rollout.</b> Such a method could sample by itself. It is a {@link
 * org.tastemaker.core.PolicyOptimizer} like the others instead, which takes a rollout and starts
 * from its recorded latents: that is the part of sampling through which no gradient goes, made
 * already. So an {@code AlignmentRun} runs it with evaluation, guards, checkpoints and resuming as
 * it is, and its images are seen. The steps through which the gradient goes are taken again with
 * the same noise, which is a function of an image's seed: on the policy that sampled, the image is
 * the recorded one and its gradient exact. Later updates of a round begin at latents that are a few
 * updates old, unless all steps are taken again, which begin at pure noise.
 *
 * <p><b>Which reward.</b> The gradient is that of the reward that the optimizer was made with. The
 * rewards of the round, which a run computes, are only looked at for which images have one: an
 * image without is left out. {@link org.tastemaker.core.GradientFreeReward} gives a run the same
 * reward, which costs a forward pass; another one is as good, such as a score that is watched.
 *
 * <p>Rollouts are DDIM's with an eta above 0, as for every method here. A step's noise is held
 * fixed, as a draw that the gradient does not change.
 */
@NullMarked
package org.tastemaker.optim.direct;

import org.jspecify.annotations.NullMarked;
