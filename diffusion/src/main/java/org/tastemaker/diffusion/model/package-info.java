/**
 * The networks of a latent diffusion model in the architecture of Stable Diffusion 1 and 2: the
 * U-Net, the autoencoder and CLIP's text encoder, read from and written to folders in the diffusers
 * layout.
 *
 * <p>A model is a configuration and its {@link org.tastemaker.diffusion.model.Parameters}, which
 * exist once. {@code function(...)} builds the graph for one set of shapes over those same arrays,
 * and keeps the latest few; so an optimizer that changes the parameters in place changes every
 * function of the model. {@link org.tastemaker.diffusion.model.FunctionOptions} say which
 * parameters are trained, which inputs get a gradient, and which adapter joins in.
 *
 * <p>A network's code is written once, over {@code Layers}, and run in two ways: declaring (which
 * parameters are there, of which shape?) and building (a graph over arrays). So what is loaded,
 * drawn at random and saved is by construction what is used.
 *
 * <pre>
 *   UNet2DConditionModel   UNetPath: down, middle, up; UNetBlocks: residual blocks, transformers
 *   AutoencoderKl          encoder and decoder
 *   ClipTextModel          ClipBlock: a layer of CLIP, for a text or an image
 * </pre>
 *
 * <p>An image tower is one more model here, of patches and ClipBlocks without a mask.
 *
 * <p>Parameters have diffusers' names. In memory a convolution's weight is [height, width, in, out]
 * and everything else as in torch; files have torch's layout.
 */
@NullMarked
package org.tastemaker.diffusion.model;

import org.jspecify.annotations.NullMarked;
