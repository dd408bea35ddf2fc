package org.tastemaker.feedback.study;

/**
 * A point of the reliability curve: how often people choose what the judge prefers with about this
 * probability. A pair is seen from the image that the judge prefers, so that the order of its
 * images does not matter; a probability of one half prefers neither, and counts as met by one half
 * of the votes.
 *
 * @param low the smallest probability of the bin
 * @param high the largest
 * @param pairs how many there are
 * @param probability their mean probability; NaN where there are none
 * @param people people's mean share of votes for the same image; NaN where there are none
 */
public record ReliabilityBin(
    double low, double high, long pairs, double probability, double people) {}
