/**
 * Several rewards as one: a weighted sum of standardised parts, the mixture of GDPO, and win rates
 * within each prompt in place of scores.
 */
@NullMarked
package org.tastemaker.reward.combine;

import org.jspecify.annotations.NullMarked;
