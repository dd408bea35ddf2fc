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
 * <p>{@link org.tastemaker.examples.methods.MethodCurves} trains for as long as the papers do, and
 * over several days: a {@code LongRun} goes on from its checkpoints, leaves a {@code LongCurve},
 * and {@code LongCurvePage} draws them all.
 *
 * <p>{@link org.tastemaker.examples.methods.JpegExperiment} reproduces another figure of DDPO's
 * paper: how well images compress. {@link org.tastemaker.examples.methods.LatentSearch} is
 * ZO-RankSGD on single images, beside picking among fresh ones.
 *
 * <p>{@link org.tastemaker.examples.methods.DdpoCurves} puts DDPO's learning curve beside that of
 * another program, {@code scripts/ddpo_curve.py}:
 *
 * <pre>
 *   PeerAgreement  a rollout and two updates that the other program must repeat
 *   PeerTask       what it is told: settings, the first adapter, the held-out noise
 *   PeerProgram    its process
 *   PeerExchange   its turns, and the scores of its images, by files
 *   OwnCurve       our training, a round at a time
 *   CurveReport    both Curves as Markdown and a plot
 * </pre>
 */
@NullMarked
package org.tastemaker.examples.methods;

import org.jspecify.annotations.NullMarked;
