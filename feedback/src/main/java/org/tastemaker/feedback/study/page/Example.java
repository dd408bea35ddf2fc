package org.tastemaker.feedback.study.page;

import java.util.Optional;
import java.util.OptionalDouble;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.study.GroupVerdict;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/**
 * A pair that is shown.
 *
 * @param kind how verdict and votes stand to each other
 * @param group with its images
 * @param pair of which images, with the votes
 * @param people what people chose
 * @param verdict what the judge chose; empty where it has no verdict
 * @param probability the judge's, that the first image is better
 * @param said all that the judge said; empty where it was not asked
 * @param size how far both are from undecided, from 0 on
 * @param draw in [0, 1), by the seed
 */
record Example(
    Kind kind,
    VotedGroup group,
    VotedPair pair,
    Choice people,
    Optional<Choice> verdict,
    OptionalDouble probability,
    Optional<GroupVerdict> said,
    double size,
    double draw) {}
