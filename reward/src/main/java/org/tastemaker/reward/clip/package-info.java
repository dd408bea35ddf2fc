/**
 * Scores of CLIP's vectors as rewards: CLIP score, HPSv2, PickScore, the LAION aesthetic score and
 * CLIP-IQA. Each is a number of an image, or of an image and its prompt, with its gradient by the
 * image.
 *
 * <pre>
 *   image --{@link org.tastemaker.reward.clip.ImagePreprocessor}--&gt; pixels --tower--&gt; I --{@link
 *                                      org.tastemaker.reward.clip.ClipScore}--&gt; score
 *   prompt --tokenizer--&gt; ids --tower, cached by text--&gt; T --^
 * </pre>
 *
 * <p>{@link org.tastemaker.reward.clip.ClipReward} joins the four, and {@link
 * org.tastemaker.reward.clip.ClipFeatures} gives I to a {@link
 * org.tastemaker.reward.learned.LearnedReward}. The files are the user's; {@link
 * org.tastemaker.diffusion.model.ClipModel} reads them.
 *
 * <p>{@link org.tastemaker.reward.clip.HpsTrainer} makes a human preference score of one's own from
 * judged images.
 *
 * <p>A score is only comparable to others of the same model, the same formula and the same {@link
 * org.tastemaker.reward.clip.Preprocessing}, so a reward's name says all three.
 */
@NullMarked
package org.tastemaker.reward.clip;

import org.jspecify.annotations.NullMarked;
