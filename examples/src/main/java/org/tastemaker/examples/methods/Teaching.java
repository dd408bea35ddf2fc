package org.tastemaker.examples.methods;

import java.util.function.Supplier;
import org.tastemaker.core.DifferentiableReward;
import org.tastemaker.core.RewardModel;
import org.tastemaker.optim.likelihood.PretrainingData;

/**
 * What some methods are given besides rewards.
 *
 * @param pretraining for Lee et al.'s second term
 * @param scorer of the images that a step could lead to, for SPO
 * @param gradient made for those that go through the denoising steps backward
 */
record Teaching(
    PretrainingData pretraining, RewardModel scorer, Supplier<DifferentiableReward> gradient) {}
