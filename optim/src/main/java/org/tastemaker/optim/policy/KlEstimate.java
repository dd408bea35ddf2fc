package org.tastemaker.optim.policy;

/**
 * An estimate of {@link DiffusionPolicy#klToReference} by some of a rollout's denoising steps.
 *
 * @param value in nats
 * @param error its standard error, in nats: how far from the value of all steps it is likely to be
 */
public record KlEstimate(double value, double error) {}
