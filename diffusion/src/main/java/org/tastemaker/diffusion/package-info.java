/**
 * A latent diffusion model, whole: {@link org.tastemaker.diffusion.LatentDiffusion} loads a Stable
 * Diffusion 1.x or 2.x folder, samples, tells the likelihood of its samples, and writes a folder
 * that diffusers opens.
 *
 * <pre>
 *   prompt --tokenizer--> ids --text encoder--> [L, D] ---.
 *                                                         v
 *   seed ---------------> noise [4, h, w] ---> U-Net ---> scheduler ---> latents [4, h, w] --decoder--> image
 *                                               ^______________|  each timestep
 * </pre>
 *
 * <table class="striped">
 * <caption>The packages below, from the ground up</caption>
 * <thead><tr><th>package</th><th>holds</th></tr></thead>
 * <tbody>
 * <tr><td>weights</td><td>safetensors files</td></tr>
 * <tr><td>tokenizer</td><td>CLIP's byte-pair tokenizer, and a trainer for vocabularies of its kind</td></tr>
 * <tr><td>engine</td><td>what runs a graph: how an engine is found, and the checks before it</td></tr>
 * <tr><td>engine.graph</td><td>the description of a graph: leaves, layers, outputs</td></tr>
 * <tr><td>engine.nd4j</td><td>ND4J's ops, the reference, and the gradients of each layer</td></tr>
 * <tr><td>engine.onednn</td><td>the same graphs at the speed of oneDNN's kernels: the default</td></tr>
 * <tr><td>model</td><td>U-Net, autoencoder and text encoder</td></tr>
 * <tr><td>lora</td><td>low-rank adapters and their files</td></tr>
 * <tr><td>schedule</td><td>noise schedules, samplers and the denoising step</td></tr>
 * <tr><td>cuda</td><td>the denoising step on a GPU</td></tr>
 * <tr><td>train</td><td>pre-training and fine-tuning by the denoising objective</td></tr>
 * </tbody>
 * </table>
 */
@NullMarked
package org.tastemaker.diffusion;

import org.jspecify.annotations.NullMarked;
