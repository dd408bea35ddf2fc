/**
 * The policy optimizers side by side on the bundled model: {@link
 * org.tastemaker.examples.methods.MethodTable} trains with each of them on the same number of
 * images and measures on seeds that none of them trains on.
 *
 * <pre>
 *   Method       what is compared, with its tuned Setting
 *   Protocol     what is the same for all: prompts, images, sampling, measurement
 *   Trial        one method on one seed: a LoRA, a training, measurements during it
 *   TrialResult  the result of a trial, a JSON file in the run's folder
 *   MethodReport the results as Markdown and a plot
 * </pre>
 *
 * <p>{@link org.tastemaker.examples.methods.JpegExperiment} reproduces another figure of DDPO's
 * paper: how well images compress. {@link org.tastemaker.examples.methods.LatentSearch} is
 * ZO-RankSGD on single images, beside picking among fresh ones.
 */
@NullMarked
package org.tastemaker.examples.methods;

import org.jspecify.annotations.NullMarked;
