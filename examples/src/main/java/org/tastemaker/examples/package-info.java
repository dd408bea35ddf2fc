/** Runnable programs, one idea each. */
@NullMarked
package org.tastemaker.examples;

import org.jspecify.annotations.NullMarked;
