/**
 * The whole design in one package: the vocabulary (values) and the ports (interfaces) of a system
 * that aligns a text-to-image model to feedback.
 *
 * <p>Everything serves one loop, and data flows through it one way, from left to right:
 *
 * <pre>{@code
 * Rollout rollout = sampler.rollout(prompts, seeds);                        // images and how they came about
 * List<Judgement> judgements = oracle.rank(rollout.groups(), rubric);       // per prompt: which image is better
 * Rewards rewards = rewardModel.score(rollout, judgements);                 // a number per image, or missing
 * StepReport report = optimizer.step(rollout, rewards);                     // moves the model toward what is preferred
 * }</pre>
 *
 * <table class="striped">
 * <caption>The ports, and what travels between them</caption>
 * <thead><tr><th>port</th><th>takes</th><th>gives</th><th>implementations</th></tr></thead>
 * <tbody>
 * <tr><td>{@link org.tastemaker.core.ImageGenerator}</td><td>prompts, seeds</td><td>{@link
 * org.tastemaker.core.Image}s</td><td>a local model, an image API, a folder</td></tr>
 * <tr><td>{@link org.tastemaker.core.DiffusionSampler}</td><td>prompts, seeds</td><td>{@link
 * org.tastemaker.core.Rollout}</td><td>a latent diffusion model</td></tr>
 * <tr><td>{@link org.tastemaker.core.FeedbackOracle}</td><td>{@link
 * org.tastemaker.core.ImageGroup}s, a {@link org.tastemaker.core.Rubric}</td><td>{@link
 * org.tastemaker.core.Judgement}s</td><td>ChatGPT, a person, a mock judge</td></tr>
 * <tr><td>{@link org.tastemaker.core.RewardModel}</td><td>a rollout, judgements</td><td>{@link
 * org.tastemaker.core.Rewards}</td><td>win rates, Bradley-Terry, a
 * learned network, HPSv2 and other scores of CLIP</td></tr>
 * <tr><td>{@link org.tastemaker.core.DifferentiableReward}</td><td>latents or images as
 * numbers</td><td>rewards, and their gradient</td><td>PickScore and other scores of CLIP, a learned
 * network on latents, a function of pixels</td></tr>
 * <tr><td>{@link org.tastemaker.core.PolicyOptimizer}</td><td>a rollout, rewards</td><td>{@link
 * org.tastemaker.core.StepReport}</td><td>DDPO, GRPO, DiffusionNFT, Diffusion-DPO, reward-weighted
 * regression</td></tr>
 * <tr><td>{@link org.tastemaker.core.RunListener}</td><td>{@link
 * org.tastemaker.core.RunEvent}s</td><td>nothing: it only observes</td><td>a progress bar, a run
 * folder</td></tr>
 * </tbody>
 * </table>
 *
 * <p><b>Where the next things go.</b> What only some users need is a module of its own, nested in
 * the folder of the module that it serves; the rest is a class behind a port that is there.
 *
 * <table class="striped">
 * <caption>What comes, and its place</caption>
 * <thead><tr><th>what</th><th>where</th><th>behind</th></tr></thead>
 * <tbody>
 * <tr><td>a further engine, such as LibTorch or CUDA</td><td>a module such as {@code
 * diffusion/torch}; a jar on the class path and a name in the options</td><td>{@code
 * diffusion.engine.Engine}, which reads a {@code diffusion.engine.graph.GraphDefinition}; {@code
 * engine.nd4j} and {@code engine.onednn} are two</td></tr>
 * <tr><td>a second text encoder, pooled vectors, size ids (SDXL)</td><td>{@code
 * diffusion.condition}</td><td>{@code TextEncoder}, {@code Condition} and {@code
 * UNetInputs}</td></tr>
 * <tr><td>a further way to carry rows to workers, such as Spark</td><td>a module {@code
 * optim/spark}</td><td>{@code optim.rows.RowCarrier}; its rows are behind {@link
 * org.tastemaker.core.DiffusionSampler}, {@link org.tastemaker.core.FeedbackOracle} and {@link
 * org.tastemaker.core.RewardModel}</td></tr>
 * <tr><td>a further page for people</td><td>a package in the module {@code
 * feedback/human}</td><td>{@code human.web.Page}, {@code human.desk.Desk}</td></tr>
 * <tr><td>a further optimizer</td><td>a package in {@code optim}</td><td>{@link
 * org.tastemaker.core.PolicyOptimizer}</td></tr>
 * <tr><td>plots</td><td>{@code core/plot}, which brings XChart</td><td>{@link
 * org.tastemaker.core.Image}</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Four rules hold everywhere.
 *
 * <ul>
 *   <li><b>Missing stays missing.</b> A judgement that could not be had is a {@link
 *       org.tastemaker.core.Judgement#missing missing judgement}, an image without one has a
 *       missing reward, and an optimizer leaves it out. A failure never becomes a number.
 *   <li><b>Randomness is a parameter.</b> {@link org.tastemaker.core.Seed} is a value; an image is
 *       a function of its prompt, its own seed and the model, not of the batch it was made in.
 *   <li><b>Whoever makes an array closes it.</b> A {@link org.tastemaker.core.Rollout} owns its
 *       native arrays and is closed by the caller who asked for it; an {@link
 *       org.tastemaker.core.Image} lives on the heap and needs no closing. The rollout is the only
 *       value here that holds arrays of ND4J, so a program without one needs no ND4J.
 *   <li><b>What is stored does not depend on the machine's language.</b> Numbers, settings ({@link
 *       org.tastemaker.core.run.Settings}) and JSON ({@link org.tastemaker.core.json.Json}) are
 *       written in the root locale.
 * </ul>
 *
 * <p>Values are immutable and check themselves when they are made; a message names what was
 * expected, what was found, where, and the way out.
 */
@NullMarked
package org.tastemaker.core;

import org.jspecify.annotations.NullMarked;
