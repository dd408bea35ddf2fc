/**
 * DPOK: policy gradients with a KL term to the pre-trained model, {@link
 * org.tastemaker.optim.dpok.Dpok}. The supervised variants that its paper compares it with train by
 * a weighted likelihood: {@link org.tastemaker.optim.likelihood.DpokSupervised}.
 */
@NullMarked
package org.tastemaker.optim.dpok;

import org.jspecify.annotations.NullMarked;
