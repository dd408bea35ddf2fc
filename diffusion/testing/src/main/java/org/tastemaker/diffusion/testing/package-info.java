/**
 * Complete models that are small enough for tests: for the tests of the modules above {@code
 * diffusion}, and for those of a complete model, which are in this module.
 *
 * <p>The tests in {@code diffusion} itself cannot use it, since it is built from {@code diffusion}.
 */
@NullMarked
package org.tastemaker.diffusion.testing;

import org.jspecify.annotations.NullMarked;
