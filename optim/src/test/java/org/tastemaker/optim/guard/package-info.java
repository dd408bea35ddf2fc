/** Tests of the package. */
@org.jspecify.annotations.NullMarked
package org.tastemaker.optim.guard;
