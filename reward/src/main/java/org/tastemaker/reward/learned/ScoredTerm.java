package org.tastemaker.reward.learned;

/** A prompt's scaled rows, [N][F], and the loss as a function of their N scores. */
record ScoredTerm(double[][] rows, RewardLoss.Value value) {}
