/**
 * A latent diffusion model: {@link org.tastemaker.diffusion.LatentDiffusion} loads a Stable
 * Diffusion 1.x or 2.x folder, samples, computes the likelihood of its samples, and writes a folder
 * that diffusers opens.
 *
 * <h2>Where a prompt goes</h2>
 *
 * <pre>
 *   prompt's text
 *     | Conditioner             from its cache, or by TextEncoder: tokenizer, text encoder
 *   Condition                   tokens [L, D], pooled vector, size ids
 *     | UNetInputs              beside the latents, at first the noise of the seed, and the timestep
 *   U-Net                       u and c, in batches of a DenoisingLoop
 *     | Scheduler, StepKernel   the next latents: back to UNetInputs until the last timestep
 *   latents [4, h, w]
 *     | LatentCodec             the autoencoder's decoder
 *   image [3, H, W]
 * </pre>
 *
 * <p>Sampling ({@code ImageSampling}), rollouts and their replay ({@code Rollouts}), {@link
 * org.tastemaker.diffusion.UNetActivations}, rewards and the training of policies all take this
 * path: one Conditioner for each model, and one UNetInputs class through which a condition enters
 * the U-Net. {@code View} holds what a view of the model is made of.
 *
 * <h2>The packages, from the ground up</h2>
 *
 * <table class="striped">
 * <caption>Each uses those above it only</caption>
 * <thead><tr><th>package</th><th>holds</th></tr></thead>
 * <tbody>
 * <tr><td>weights</td><td>safetensors files</td></tr>
 * <tr><td>tokenizer</td><td>CLIP's byte-pair tokenizer, and a trainer for such vocabularies</td></tr>
 * <tr><td>engine</td><td>what runs a graph: its description, and the engines</td></tr>
 * <tr><td>model</td><td>U-Net, autoencoder and text encoder</td></tr>
 * <tr><td>lora</td><td>low-rank adapters and their files</td></tr>
 * <tr><td>schedule</td><td>noise schedules, samplers and the denoising step</td></tr>
 * <tr><td>cuda</td><td>the denoising step on a GPU</td></tr>
 * <tr><td>checkpoint</td><td>models in a single file, under the names of the programs that wrote them</td></tr>
 * <tr><td>condition</td><td>from the text of a prompt to the U-Net's input</td></tr>
 * <tr><td>train</td><td>pre-training and fine-tuning by the denoising objective</td></tr>
 * </tbody>
 * </table>
 *
 * <h2>Where the next things go</h2>
 *
 * <ul>
 *   <li><b>An image tower</b> (CLIP's, for rewards): a network in {@code model}, of the same blocks
 *       as the text encoder ({@code ClipBlock}); its rewards in the reward module, as features.
 *   <li><b>A further engine</b>: see {@link org.tastemaker.diffusion.engine}.
 *   <li><b>A further sampler</b>: a scheduler in {@link org.tastemaker.diffusion.schedule}.
 * </ul>
 */
@NullMarked
package org.tastemaker.diffusion;

import org.jspecify.annotations.NullMarked;
