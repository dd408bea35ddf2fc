/**
 * Group-relative policy optimization: {@link org.tastemaker.optim.grpo.Grpo}, with the guards of
 * its successors, and rollouts that are stochastic in a window of their steps only.
 */
@NullMarked
package org.tastemaker.optim.grpo;

import org.jspecify.annotations.NullMarked;
