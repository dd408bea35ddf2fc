/** Several rewards as one: a weighted sum of standardised parts. */
@NullMarked
package org.tastemaker.reward.combine;

import org.jspecify.annotations.NullMarked;
