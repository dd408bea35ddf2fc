/**
 * Low-rank adaptation: Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang and Chen, "LoRA: Low-Rank
 * Adaptation of Large Language Models" (ICLR 2022), for the networks of a latent diffusion model.
 *
 * <p>Beside a frozen layer {@code W} stands a branch of two thin layers, and only they are trained:
 * {@code h = W x + (alpha / r) B A x}, with {@code A} of r rows and {@code B} of r columns.
 *
 * <table class="striped">
 * <caption>From the paper to the code</caption>
 * <thead><tr><th>paper</th><th>here</th><th>linear layer</th><th>convolution</th></tr></thead>
 * <tbody>
 * <tr><td>W</td><td>a parameter of the network</td><td>[out, in]</td><td>[out, in, kH, kW]</td></tr>
 * <tr><td>A</td><td>down</td><td>[r, in]</td><td>[r, in, kH, kW], the layer's stride and
 * padding</td></tr>
 * <tr><td>B</td><td>up, first 0</td><td>[out, r]</td><td>[out, r, 1, 1]</td></tr>
 * <tr><td>alpha / r</td><td>{@link org.tastemaker.diffusion.lora.LoraModule#scale}</td><td></td>
 * <td></td></tr>
 * </tbody>
 * </table>
 *
 * <p>{@link org.tastemaker.diffusion.lora.Lora} is one adapter of one network. It is an {@link
 * org.tastemaker.diffusion.model.Adapter}, which joins in while a graph is built, and its
 * parameters are {@link org.tastemaker.diffusion.model.Parameters} like a network's own:
 *
 * <pre>{@code
 * Lora lora = Lora.create("style", LoraNetwork.UNET, unet.parameters(), Lora.Options.defaults(), seed);
 * FunctionOptions options =
 *     FunctionOptions.training().withTrainable(lora.trainable()).withAdapter(lora);
 * GraphFunction function = unet.function(1, 64, 64, 77, options); // gradients for lora only
 * LoraFile.write(path, List.of(lora), LoraFile.Options.kohya());
 * }</pre>
 *
 * <p>Around it:
 *
 * <ul>
 *   <li>{@link org.tastemaker.diffusion.lora.LoraStack}: several at once, each with a weight.
 *   <li>{@link org.tastemaker.diffusion.lora.LoraDropout}: the adapter for training with dropout.
 *   <li>{@link org.tastemaker.diffusion.lora.LoraFile}: the files that other programs write and
 *       read, in every dialect. What is no low-rank pair in them (LoHa, LoKr, DoRA, whole
 *       differences) acts merged only: {@link org.tastemaker.diffusion.lora.Lora#mergedOnly}.
 *   <li>{@link org.tastemaker.diffusion.lora.LoraGains}: a LoRA with one number for each layer, for
 *       a search without gradients.
 * </ul>
 *
 * <p>A LoRA acts in one of two ways, never in both: as a branch in a graph, or merged into the
 * network's own weights. Merging changes the frozen arrays in place; so a function that has copied
 * them (repacked for a faster kernel, say) has to be rebuilt.
 */
@NullMarked
package org.tastemaker.diffusion.lora;

import org.jspecify.annotations.NullMarked;
