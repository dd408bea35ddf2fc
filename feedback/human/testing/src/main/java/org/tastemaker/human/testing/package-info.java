/** Browsers for the tests of pages, for those of more than one module. */
@NullMarked
package org.tastemaker.human.testing;

import org.jspecify.annotations.NullMarked;
