/**
 * The bundled model: text to emoji, a real latent diffusion model that a laptop trains in an hour
 * or two.
 *
 * <pre>
 *   npm packages --EmojiSource--> GlyphSheet (one PNG, one table) --CaptionMix--> captions and images
 *     --EmojiTraining--> model folder in the diffusers layout --BundledModel--> LatentDiffusion
 *   generated image --GlyphJudge (nearest glyph of the sheet)--> label --measurements--> tables
 * </pre>
 *
 * <p>The glyphs are Google's Noto emoji, 32 x 32 pixels on white. What a caption stands for is
 * decided in {@link org.tastemaker.examples.emoji.CaptionMix}: most captions name one glyph, some
 * are a mixture, and a few mixtures are skewed <b>on purpose</b>, so that there is a bias, a harm
 * and a diversity to measure and to change.
 */
@NullMarked
package org.tastemaker.examples.emoji;

import org.jspecify.annotations.NullMarked;
