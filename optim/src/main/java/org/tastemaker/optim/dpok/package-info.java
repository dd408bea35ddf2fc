/**
 * DPOK: policy gradients with a Kullback-Leibler term to the pre-trained model, {@link
 * org.tastemaker.optim.dpok.Dpok}, and the supervised variants that its paper compares it with,
 * {@link org.tastemaker.optim.dpok.DpokSupervised}.
 */
@NullMarked
package org.tastemaker.optim.dpok;

import org.jspecify.annotations.NullMarked;
