/** Tests of the package. */
@NullMarked
package org.tastemaker.optim.spark;

import org.jspecify.annotations.NullMarked;
