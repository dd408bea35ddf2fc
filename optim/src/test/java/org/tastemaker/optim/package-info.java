/** What the tests of the optimizers share. */
@org.jspecify.annotations.NullMarked
package org.tastemaker.optim;
