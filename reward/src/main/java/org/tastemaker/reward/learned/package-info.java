/**
 * Rewards that are learned from judgements: a small Deeplearning4j network over features of an
 * image and its prompt. A judge's answers about some images become rewards for all images.
 *
 * <pre>{@code
 * PreferenceSet data = PreferenceSet.of(groups, oracle.rank(groups, rubric));
 * Features features = LatentFeatures.of(model, "stable-diffusion-v1-5", LatentFeatures.Options.defaults());
 * TrainedReward trained = new RewardTrainer(
 *         features, new BradleyTerryLoss(), RewardTrainer.Options.defaults(), Seed.of(1))
 *     .train(data);
 * trained.heldOut().accuracy();                      // on prompts that training did not see
 * trained.reward().save(Path.of("reward"));
 * Rewards rewards = trained.reward().score(rollout, List.of());
 * }</pre>
 *
 * <p>How the data flows:
 *
 * <ol>
 *   <li>{@link org.tastemaker.reward.learned.PreferenceSet}: judged groups of images, one for each
 *       prompt. All that is known about a prompt stays in one element of a batch. If the pairs of a
 *       prompt were spread over batches, the network would see each image many times in an epoch
 *       and overfit (Ouyang et al., "Training language models to follow instructions with human
 *       feedback", 2022, sec. 3.5).
 *   <li>a split by prompt into training, validation (which decides when to stop) and held-out.
 *   <li>{@link org.tastemaker.reward.learned.RewardLoss}: turns a group into the (prompt, image)
 *       pairs whose scores it needs, and their scores into a loss with its exact gradient.
 *   <li>{@link org.tastemaker.reward.learned.Features}: numbers for each pair. {@link
 *       org.tastemaker.reward.learned.LatentFeatures} and {@link
 *       org.tastemaker.reward.learned.UnetFeatures} take them from the diffusion model that is
 *       being aligned.
 *   <li>{@link org.tastemaker.reward.learned.RewardTrainer}: Deeplearning4j's layers, updaters,
 *       early stopping and file format; the gradient of the loss with respect to the scores enters
 *       at the output.
 *   <li>{@link org.tastemaker.reward.learned.RewardEvaluation}: accuracy with its tie policy and
 *       interval, and calibration.
 * </ol>
 */
@NullMarked
package org.tastemaker.reward.learned;

import org.jspecify.annotations.NullMarked;
