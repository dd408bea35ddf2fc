/**
 * Test support that needs none of the modules' classes: programs in separate processes, the memory
 * that they use, and reference numbers from other implementations.
 *
 * <p>It depends on no module, so that the tests of all modules, core included, can use it.
 */
@NullMarked
package org.tastemaker.testing;

import org.jspecify.annotations.NullMarked;
