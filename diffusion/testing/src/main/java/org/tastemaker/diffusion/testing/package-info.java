/**
 * Whole models that are small enough for a test, for the tests of the modules above {@code
 * diffusion} and for those of the whole model, which are in this module.
 *
 * <p>{@code diffusion}'s own tests cannot use it, since it is built from {@code diffusion}.
 */
@NullMarked
package org.tastemaker.diffusion.testing;

import org.jspecify.annotations.NullMarked;
