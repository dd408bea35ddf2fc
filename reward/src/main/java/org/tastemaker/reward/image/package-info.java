/**
 * Ready-made rewards that look at the images themselves and need no judge: file size, the share of
 * perceived attributes in a set of images, harm.
 *
 * <p>They take whatever list of judgements they are given and do not look at it, so that they go
 * into the training loop, and into {@link org.tastemaker.reward.combine.WeightedReward}, like any
 * other. What a classifier cannot tell stays missing.
 */
@NullMarked
package org.tastemaker.reward.image;

import org.jspecify.annotations.NullMarked;
