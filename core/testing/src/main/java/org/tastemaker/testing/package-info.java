/**
 * What the tests of every module share and no module's own classes are needed for: programs in
 * processes of their own, the memory that they take, and reference numbers of other
 * implementations.
 *
 * <p>It depends on none of the modules, so that all of them, core too, can use it in their tests.
 */
@NullMarked
package org.tastemaker.testing;

import org.jspecify.annotations.NullMarked;
