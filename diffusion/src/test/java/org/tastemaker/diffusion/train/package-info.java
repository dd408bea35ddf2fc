/** Tests of the parts of a training loop. */
@NullMarked
package org.tastemaker.diffusion.train;

import org.jspecify.annotations.NullMarked;
