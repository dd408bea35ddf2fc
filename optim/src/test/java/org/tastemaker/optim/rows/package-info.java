/** Tests of the package. */
@NullMarked
package org.tastemaker.optim.rows;

import org.jspecify.annotations.NullMarked;
