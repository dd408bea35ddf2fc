/**
 * Training: the trainers of the denoiser, of the autoencoder and of CLIP models, and the parts of a
 * training loop that need no graph.
 *
 * <pre>{@code
 * DenoisingTrainer trainer =
 *     new DenoisingTrainer(
 *         DenoisingModels.of(unet, textEncoder, scheduler, emptyPrompt),
 *         DenoisingTrainer.Options.defaults(10_000),
 *         Seed.of(1));
 * folder.resume().ifPresent(checkpoint -> trainer.restore(checkpoint.folder()));
 * trainer.run(batches, Checkpointing.in(folder, 500, 2), folder.listener(), cancellation);
 * trainer.withAverages(() -> unet.save(path));
 * }</pre>
 *
 * <p>A trainer computes its loss, and the loss's gradient with respect to what a network returned,
 * in Java on {@link java.nio.FloatBuffer}s; {@link
 * org.tastemaker.diffusion.engine.graph.GraphFunction} turns that into gradients of parameters. So
 * an objective is one small class with closed-form gradients, and no graph knows of it. {@link
 * org.tastemaker.diffusion.train.TrainedPart} says what of a network is trained: all of it, some of
 * it by name, or an adapter beside it.
 *
 * <p>One update, the same for every trainer:
 *
 * <pre>{@code
 * double norm = GradientClip.byGlobalNorm(1.0, gradients);   // of the mean over some batches
 * optimizer.update(rate, parameters, List.copyOf(gradients.values()));
 * average.update(parameters);
 * }</pre>
 *
 * <p>There is no hidden state. Batches ({@link org.tastemaker.diffusion.train.BatchSource}) and
 * everything drawn are functions of a batch's number and the seed; what is left, the weights, the
 * optimizer's moments, the average and the step, is in a {@link
 * org.tastemaker.diffusion.train.TrainingCheckpoint}, bit for bit. So a run that was killed can be
 * resumed as if it had not been, and ends bit-identical. That holds on one machine with one number
 * of native threads; another may sum in another order.
 *
 * <p>A loss or a gradient that is not finite stops the run, names the step, and leaves the weights
 * of the step before. State is allocated once; what a step allocates it frees.
 */
@NullMarked
package org.tastemaker.diffusion.train;

import org.jspecify.annotations.NullMarked;
