@NullMarked
package org.tastemaker.diffusion.checkpoint;

import org.jspecify.annotations.NullMarked;
