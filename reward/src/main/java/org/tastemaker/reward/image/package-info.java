/**
 * Ready-made rewards that look at the images themselves and need no judge: file size, the share of
 * perceived attributes in a set of images, harm.
 *
 * <p>They accept any list of judgements and ignore it. So they fit into the training loop, and into
 * {@link org.tastemaker.reward.combine.WeightedReward}, like any other reward. Where a classifier
 * has no answer, the reward is missing.
 */
@NullMarked
package org.tastemaker.reward.image;

import org.jspecify.annotations.NullMarked;
