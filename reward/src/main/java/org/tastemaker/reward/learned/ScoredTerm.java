package org.tastemaker.reward.learned;

/** A prompt's rows, scaled, [N][F], and the loss of their N scores. */
record ScoredTerm(double[][] rows, RewardLoss.Value value) {}
