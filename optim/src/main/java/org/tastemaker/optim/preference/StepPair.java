package org.tastemaker.optim.preference;

import org.tastemaker.optim.policy.Trajectory;

/**
 * One denoising step of two trajectories of a prompt, the better one first.
 *
 * @param image the winner's place in the rollout, for messages
 * @param winner its trajectory
 * @param loser the other's
 * @param step from 0, the noisiest
 * @param probability that the winner is the better one: 1, or 0.5 for a tie
 */
record StepPair(int image, Trajectory winner, Trajectory loser, int step, double probability) {}
